/** DLG-2 and DLG-3: what may be disclosed, and how. @module */
import {
  digestOf,
  disclosureOf,
  FILES,
  MAIL,
  NOW_S,
  segmentsIn,
  type World,
} from '../../../test/fixtures/tokens.ts'
import { disclosureDigest } from '../../../src/token/disclosure.ts'
import {
  bad,
  disclosing,
  good,
  hiding,
  one,
  respelledEnd,
  rootOf,
  rootWith,
  SALT,
  withClaim,
  type Case,
} from './case.ts'

const FILES_DISCLOSED = disclosureOf([SALT, FILES])
const claimed = (w: World): string => w.root({ instruction: 'tidy up', sub: 'per_1' })
/** A disclosure of a length that leaves unused bits. */
const uneven = ['a', 'ab', 'abc']
  .map((name) => disclosureOf([SALT, { ...MAIL, server: name }]))
  .find((text) => text.length % 4 !== 0)!

/** Members of a root, or of SD-JWT itself, that a disclosure never gives. */
const SMUGGLED: readonly (readonly [name: string, value: unknown, trap?: true])[] = [
  ['...', digestOf('x'), true],
  ['nbf', NOW_S],
  ['aud', ['pnt_other']],
  ['iss', 'https://other.example'],
  ['cnf', {}],
  ['rev', ['rev_2']],
  ['quorum', { m: 1, of: ['a', 'b'] }],
  ['gestures', []],
  ['status', {}],
  ['depth_max', 8],
  ['grants_n', 3],
  ['authorization_details', [FILES]],
  ['__proto__', 'x'],
]

export const disclosures: readonly Case[] = [
  good([2], 'disclosures-in-any-order', 'Disclosures in another order', (w) =>
    disclosing(claimed(w), 0, (all) => all.toReversed()),
  ),
  good([2], 'disclosure-instruction-only', 'Of two claims one is shown', (w) =>
    hiding(claimed(w), 0, (i) => i < 3),
  ),
  good([0], 'disclosure-claims-only', 'Claims are shown, grants are not', (w) =>
    hiding(claimed(w), 0, (i) => i >= 2),
  ),
  good([2, 1], 'disclosure-hidden-in-hop', 'A grant of a hop is hidden', (w) =>
    hiding(one(w), 1, (i) => i === 0),
  ),
  good([1, 1], 'disclosure-hidden-in-both', 'A grant is hidden in both delegations', (w) =>
    hiding(
      hiding(one(w), 0, (i) => i === 1),
      1,
      (i) => i === 1,
    ),
  ),
  good([0, 0], 'disclosure-hidden-everything', 'Nothing is shown of two delegations', (w) =>
    hiding(
      hiding(one(w), 0, () => false),
      1,
      () => false,
    ),
  ),
  good([1], 'salt-22', 'A salt of 22 characters, which need not be base64url', (w) =>
    rootOf(w, [disclosureOf(['?'.repeat(22), FILES])]),
  ),
  good([1], 'salt-long', 'A longer salt', (w) => rootOf(w, [disclosureOf(['s'.repeat(64), FILES])])),
  bad('DISCLOSURE_INVALID', 'salt-21', 'A salt of 21 characters', (w) =>
    rootOf(w, [disclosureOf(['s'.repeat(21), FILES])]),
  ),
  bad('DISCLOSURE_INVALID', 'trap-salt-number', 'A salt that is a number', (w) =>
    rootOf(w, [disclosureOf([1234567890123456, FILES])]),
  ),
  bad('DISCLOSURE_INVALID', 'trap-salt-list', 'A salt that is a list', (w) =>
    rootOf(w, [disclosureOf([[SALT], FILES])]),
  ),
  bad('DISCLOSURE_INVALID', 'trap-salt-null', 'A salt that is null', (w) =>
    rootOf(w, [disclosureOf([null, FILES])]),
  ),
  bad('DISCLOSURE_INVALID', 'salt-missing', 'A disclosure of one element', (w) =>
    rootOf(w, [disclosureOf([FILES])]),
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-four-elements', 'A disclosure of four elements', (w) =>
    rootOf(w, [disclosureOf([SALT, 'sub', 'x', 'y'])]),
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-object', 'A disclosure that is an object', (w) =>
    rootOf(w, [disclosureOf({ 0: SALT, 1: FILES, length: 2 })]),
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-not-json', 'A disclosure that is not JSON', (w) =>
    rootOf(w, [disclosureOf(`["${SALT}",`)]),
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-not-utf8', 'A disclosure that is not UTF-8', (w) =>
    rootOf(w, [Buffer.from(`["${SALT}",{"\u00ff":1}]`, 'latin1').toString('base64url')]),
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-lone-surrogate', 'A claim with a lone surrogate', (w) =>
    rootOf(w, [], [disclosureOf(String.raw`["${SALT}","sub","\ud800"]`)]),
  ),
  bad('DISCLOSURE_INVALID', 'trap-disclosure-respelled', 'Unused bits set, and the digest is of that', (w) =>
    rootOf(w, [respelledEnd(uneven)]),
  ),
  bad(
    'DISCLOSURE_INVALID',
    'disclosure-with-dot',
    'A disclosure with a dot, and the digest is of that',
    (w) => rootOf(w, [`${FILES_DISCLOSED.slice(0, -2)}.A`]),
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-twice', 'One disclosure presented twice', (w) =>
    disclosing(w.root(), 0, (all) => [...all, all[0]!]),
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-foreign', 'A disclosure whose digest is not in the token', (w) =>
    disclosing(w.root(), 0, (all) => [...all, disclosureOf([SALT, MAIL])]),
  ),
  bad(
    'DISCLOSURE_INVALID',
    'disclosure-moved',
    'A disclosure of the root that is shown with the hop',
    (w) => {
      const chain = one(w)
      const moved = segmentsIn(chain)[0]!.disclosures[1]!
      return disclosing(chain, 1, (all) => [...all, moved])
    },
  ),
  bad('DISCLOSURE_INVALID', 'disclosure-swapped', 'The disclosures of root and hop, swapped', (w) => {
    const chain = one(w)
    const [first, second] = segmentsIn(chain)
    return disclosing(
      disclosing(chain, 0, () => second!.disclosures),
      1,
      () => first!.disclosures,
    )
  }),
  bad('DISCLOSURE_INVALID', 'disclosure-of-another-root', 'A disclosure of another root', (w) => {
    const other = segmentsIn(w.root({ jti: 'dlg_other' }))[0]!.disclosures[0]!
    return disclosing(w.root(), 0, (all) => [...all, other])
  }),
  bad('DISCLOSURE_INVALID', 'trap-digest-twice', 'A digest twice in the token, and its disclosure', (w) =>
    disclosing(rootOf(w, [FILES_DISCLOSED, FILES_DISCLOSED]), 0, (all) => all.slice(1)),
  ),
  bad('DISCLOSURE_INVALID', 'trap-digest-twice-hidden', 'A digest twice in the token, not disclosed', (w) =>
    disclosing(rootOf(w, [FILES_DISCLOSED, FILES_DISCLOSED]), 0, () => []),
  ),
  bad('DISCLOSURE_INVALID', 'trap-digest-in-both', 'A digest among the grants and among the claims', (w) =>
    disclosing(rootOf(w, [FILES_DISCLOSED], [FILES_DISCLOSED]), 0, () => []),
  ),
  bad('DISCLOSURE_INVALID', 'claim-twice', 'One claim in two disclosures', (w) =>
    rootOf(w, [], [disclosureOf([SALT, 'sub', 'a']), disclosureOf([`${SALT}B`, 'sub', 'b'])]),
  ),
  bad('DISCLOSURE_INVALID', 'claim-not-text', 'A claim that is not text', (w) =>
    withClaim(w, 'sub', { id: 1 }),
  ),
  bad('DISCLOSURE_INVALID', 'claim-as-grant', 'A claim in the place of a grant', (w) =>
    rootOf(w, [disclosureOf([SALT, 'sub', 'x'])]),
  ),
  bad('DISCLOSURE_INVALID', 'grant-as-claim', 'A grant in the place of a claim', (w) =>
    rootOf(w, [], [FILES_DISCLOSED]),
  ),
  bad('DISCLOSURE_INVALID', 'claim-in-hop', 'A claim in the place of a grant of a hop', (w) => {
    const claim = disclosureOf([SALT, 'sub', 'x'])
    const chain = w.forgeHop(one(w), w.signer('agent-1'), (outer, delegated) => ({
      ...outer,
      delegate_payload: [
        { ...delegated, authorization_details: [{ '...': disclosureDigest(w.crypto, claim) }], grants_n: 1 },
      ],
    }))
    return disclosing(chain, 1, () => [claim])
  }),
  bad('DISCLOSURE_INVALID', 'disclosed-exp', 'An exp inside a disclosure', (w) =>
    withClaim(w, 'exp', NOW_S + 9999),
  ),
  bad('DISCLOSURE_INVALID', 'disclosed-sd', 'An _sd inside a disclosure', (w) =>
    withClaim(w, '_sd', [digestOf('x')]),
  ),
  ...SMUGGLED.map(([name, value, trap]) =>
    bad(
      'DISCLOSURE_INVALID',
      `${trap === true ? 'trap-' : ''}disclosed-${name === '...' ? 'ellipsis' : name.replaceAll('_', '-').replace(/^-+|-+$/g, '')}`,
      `A member ${name} inside a disclosure`,
      (w) => withClaim(w, name, value),
    ),
  ),
  bad('TOKEN_MALFORMED', 'decoy-claim', 'Three digests of claims, where there are two claims', (w) =>
    rootWith(w, { _sd: ['a', 'b', 'c'].map(digestOf) }),
  ),
  bad('TOKEN_MALFORMED', 'decoy-grant', 'A digest of a grant that the count leaves out', (w) => {
    const shown = segmentsIn(w.root())[0]!.disclosures.map((each) => disclosureDigest(w.crypto, each))
    return rootWith(w, {
      authorization_details: [...shown, digestOf('decoy')].map((each) => ({ '...': each })),
    })
  }),
  bad('TOKEN_MALFORMED', 'sd-empty', 'An empty _sd', (w) => rootWith(w, { _sd: [] })),
  bad('TOKEN_MALFORMED', 'sd-short', 'A digest that is not one of SHA-256', (w) =>
    rootWith(w, { _sd: [digestOf('x').slice(1)] }),
  ),
  bad('TOKEN_MALFORMED', 'grant-in-the-clear', 'A grant that is not a digest', (w) =>
    rootWith(w, { authorization_details: [{ ...FILES }], grants_n: 1 }),
  ),
  bad('TOKEN_MALFORMED', 'grant-digest-with-more', 'A digest with a member beside it', (w) =>
    rootWith(w, { authorization_details: [{ '...': digestOf('x'), type: 'tool' }], grants_n: 1 }),
  ),
  bad('TOKEN_MALFORMED', 'sd-in-hop', 'An _sd in the delegated payload of a hop', (w) =>
    w.forgeHop(one(w), w.signer('agent-1'), (outer, delegated) => ({
      ...outer,
      delegate_payload: [{ ...delegated, _sd: [digestOf('x')] }],
    })),
  ),
]
