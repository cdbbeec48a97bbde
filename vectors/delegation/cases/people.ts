/** DLG-6: who stands behind a root. @module */
import { keyOf, REV, RP, type World } from '../../../test/fixtures/tokens.ts'
import { N, p256Key } from '../../../test/fixtures/es256.ts'
import { mirroredSigner } from '../../../test/fixtures/mirror.ts'
import {
  softwareAuthenticator,
  type SoftwareAuthenticator,
} from '../../../src/adapters/software-authenticator/software-authenticator.ts'
import type { Gesture } from '../../../src/core/gesture.ts'
import { approval, bad, gestured, good, type Case } from './case.ts'

const OF = ['rev_a', 'rev_b', 'rev_c']

type Gestures = (w: World, challenge: string) => readonly Gesture[]

/** A root with a quorum, the principal's gesture and these. */
function quorum(w: World, m: number, of: readonly string[], more: Gestures): string {
  return gestured(w, { quorum: { m, of } }, (challenge) => [w.gesture(challenge), ...more(w, challenge)])
}
const by =
  (...handles: readonly string[]): Gestures =>
  (w, challenge) =>
    handles.map((rev) => approval(w, challenge, rev))

/** A root with these handles in `rev`, and gestures as they are. */
const behind = (w: World, rev: readonly string[], gestures: Gestures): string =>
  gestured(w, { rev }, (challenge) => gestures(w, challenge))

/** Gestures by a P-256 key and by its mirror image, which whoever has the one has too. */
const mirrored: Gestures = (w, challenge) =>
  [41n, N - 41n].map((scalar, i) => {
    const authenticator = softwareAuthenticator(w.crypto, p256Key(scalar), {
      rp_id: RP.rp_id,
      origin: RP.origins[0] ?? '',
    })
    return approval(w, challenge, OF[i] ?? '', {}, authenticator)
  })

/** The Ed25519 key whose secret is the negative of a name's. */
const mirroredAuthenticator = (w: World, name: string): SoftwareAuthenticator =>
  softwareAuthenticator({ ...w.crypto, signer: () => mirroredSigner(name, keyOf) }, keyOf(name), {
    rp_id: RP.rp_id,
    origin: RP.origins[0]!,
  })

export const people: readonly Case[] = [
  good([2], 'two-people', 'Two people behind one root (DLG-6)', (w) =>
    w.forgeRoot(w.root(), (p) => ({ ...p, rev: [REV, 'rev_2'] }), {
      gestures: (challenge) => [
        { ...w.gesture(challenge) },
        { ...w.gesture(challenge, { rev: 'rev_2', role: 'approver' }, w.authenticator('approver')) },
      ],
    }),
  ),
  good([2], 'two-principals', 'Two principals', (w) =>
    behind(w, [REV, 'rev_a'], (_, challenge) => [
      w.gesture(challenge),
      approval(w, challenge, 'rev_a', { role: 'principal' }),
    ]),
  ),
  good([2], 'people-in-any-order', 'Gestures in another order than the handles', (w) =>
    behind(w, [REV, 'rev_a'], (_, challenge) => [approval(w, challenge, 'rev_a'), w.gesture(challenge)]),
  ),
  good([2], 'sixteen-people', 'As many people as there may be', (w) => {
    const others = Array.from({ length: 15 }, (_, i) => `rev_${i}`)
    return behind(w, [REV, ...others], (_, challenge) => [
      w.gesture(challenge),
      ...by(...others)(w, challenge),
    ])
  }),
  bad('TOKEN_MALFORMED', 'seventeen-people', 'One person too many', (w) => {
    const others = Array.from({ length: 16 }, (_, i) => `rev_${i}`)
    return behind(w, [REV, ...others], (_, challenge) => [
      w.gesture(challenge),
      ...by(...others)(w, challenge),
    ])
  }),
  good([2], 'quorum-met', 'Two of three approve, as two must', (w) => quorum(w, 2, OF, by('rev_a', 'rev_c'))),
  good([2], 'quorum-more', 'More approve than must', (w) => quorum(w, 1, OF, by('rev_c', 'rev_b', 'rev_a'))),
  good([2], 'quorum-all', 'Two of two approve', (w) => quorum(w, 2, OF.slice(0, 2), by('rev_a', 'rev_b'))),
  good([2], 'quorum-of-one', 'The one of one who is asked approves', (w) =>
    quorum(w, 1, ['rev_a'], by('rev_a')),
  ),
  good([2], 'quorum-es256', 'An approver with a passkey of P-256', (w) =>
    quorum(w, 1, OF, (_, challenge) => [
      approval(w, challenge, 'rev_a', {}, w.authenticator('es256-approver')),
    ]),
  ),
  good([2], 'quorum-and-two-in-rev', 'A quorum besides two people who must', (w) =>
    gestured(w, { rev: [REV, 'rev_2'], quorum: { m: 1, of: OF } }, (challenge) => [
      w.gesture(challenge),
      approval(w, challenge, 'rev_2'),
      approval(w, challenge, 'rev_b'),
    ]),
  ),
  bad('GESTURE_INVALID', 'quorum-one-short', 'One approval of the two that must be', (w) =>
    quorum(w, 2, OF, by('rev_a')),
  ),
  bad('GESTURE_INVALID', 'quorum-nobody', 'No approval', (w) => quorum(w, 1, OF, by())),
  bad('GESTURE_INVALID', 'quorum-more-than-people', 'More approvals wanted than there are people', (w) =>
    quorum(w, 3, OF.slice(0, 2), by('rev_a', 'rev_b')),
  ),
  bad('GESTURE_INVALID', 'quorum-stranger', 'An approval by somebody who is not in the quorum', (w) =>
    quorum(w, 1, OF, by('rev_a', 'rev_stranger')),
  ),
  bad('GESTURE_INVALID', 'quorum-as-principal', 'An approver who signs as a principal', (w) =>
    quorum(w, 1, OF, (_, challenge) => [approval(w, challenge, 'rev_a', { role: 'principal' })]),
  ),
  bad('GESTURE_INVALID', 'quorum-same-key', 'Two approvals with one key', (w) =>
    quorum(w, 2, OF, (_, challenge) =>
      ['rev_a', 'rev_b'].map((rev) => approval(w, challenge, rev, {}, w.authenticator('approver'))),
    ),
  ),
  bad('GESTURE_INVALID', 'quorum-mirrored-key', 'Two approvals with P-256 keys of one x', (w) =>
    quorum(w, 2, OF, mirrored),
  ),
  bad('GESTURE_INVALID', 'quorum-mirrored-ed25519', 'Two approvals with Ed25519 keys of one y', (w) =>
    quorum(w, 2, OF, (_, challenge) => [
      approval(w, challenge, 'rev_a', {}, w.authenticator('approver')),
      approval(w, challenge, 'rev_b', {}, mirroredAuthenticator(w, 'approver')),
    ]),
  ),
  good([2], 'quorum-mirror-alone', 'The mirror image of an Ed25519 key is a key like any other', (w) =>
    quorum(w, 1, OF, (_, challenge) => [
      approval(w, challenge, 'rev_b', {}, mirroredAuthenticator(w, 'approver')),
    ]),
  ),
  bad('GESTURE_INVALID', 'quorum-key-of-principal', "An approval with the principal's key", (w) =>
    quorum(w, 1, OF, (_, challenge) => [approval(w, challenge, 'rev_a', {}, w.principal)]),
  ),
  bad('GESTURE_INVALID', 'quorum-twice-the-same', 'One person approves twice, with two keys', (w) =>
    quorum(w, 2, OF, (_, challenge) =>
      ['one', 'two'].map((key) => approval(w, challenge, 'rev_a', {}, w.authenticator(key))),
    ),
  ),
  bad('GESTURE_INVALID', 'quorum-of-principal', 'The principal is of the quorum too', (w) =>
    quorum(w, 1, [REV, 'rev_a'], by('rev_a')),
  ),
  bad('GESTURE_INVALID', 'quorum-of-twice', 'One person twice in the quorum', (w) =>
    quorum(w, 1, ['rev_a', 'rev_a'], by('rev_a')),
  ),
  bad('TOKEN_MALFORMED', 'quorum-of-none', 'A quorum that names no person', (w) => quorum(w, 1, [], by())),
  bad('TOKEN_MALFORMED', 'quorum-m-0', 'A quorum of nobody', (w) => quorum(w, 0, OF, by('rev_a'))),
  bad('TOKEN_MALFORMED', 'quorum-unknown', 'A quorum with a member that is not known', (w) =>
    gestured(w, { quorum: { m: 1, of: OF, unless: 'weekend' } }, (challenge) => [
      w.gesture(challenge),
      approval(w, challenge, 'rev_a'),
    ]),
  ),
  bad('GESTURE_INVALID', 'approver-without-quorum', 'An approval where no quorum is', (w) =>
    behind(w, [REV], (_, challenge) => [w.gesture(challenge), approval(w, challenge, 'rev_a')]),
  ),
  bad('GESTURE_INVALID', 'approver-alone', 'Nobody is the principal', (w) =>
    behind(w, [REV], (_, challenge) => [w.gesture(challenge, { role: 'approver' })]),
  ),
  bad('GESTURE_INVALID', 'gesture-extra-rev', 'A person in rev who made no gesture', (w) =>
    w.forgeRoot(w.root(), (p) => ({ ...p, rev: [REV, 'rev_2'] })),
  ),
  bad('GESTURE_INVALID', 'rev-twice', 'One handle twice in rev', (w) =>
    behind(w, [REV, REV], (_, challenge) => [w.gesture(challenge)]),
  ),
  bad('GESTURE_INVALID', 'rev-of-another', 'A gesture under a handle that is not in rev', (w) =>
    behind(w, [REV], (_, challenge) => [w.gesture(challenge, { rev: 'rev_2' })]),
  ),
  bad('GESTURE_INVALID', 'gesture-twice', 'One gesture twice', (w) =>
    behind(w, [REV], (_, challenge) => [w.gesture(challenge), w.gesture(challenge)]),
  ),
  bad('TOKEN_MALFORMED', 'rev-empty', 'Nobody in rev', (w) =>
    behind(w, [], (_, challenge) => [w.gesture(challenge)]),
  ),
]
