/** The claims of a root: spec/delegation.md, Root; times (PRF-4); the holder key (C-3). @module */
import {
  AUD,
  digestOf,
  FILES,
  keyOf,
  NOW_MS,
  NOW_S,
  segmentsIn,
  type World,
} from '../../../test/fixtures/tokens.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { parseJws } from '../../../src/core/sign.ts'
import { LIFE_MAX_S, ROOT_TAG } from '../../../src/token/constants.ts'
import { challengeOf } from '../../../src/token/gesture.ts'
import { bad, gestured, good, hiding, IN_AN_HOUR, root, rootWith, without, type Case } from './case.ts'

const P = 2n ** 255n - 19n
/** A coordinate of a point of order 8, as the other has its negative. */
const ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n
const SIGN = 1n << 255n

/** 32 bytes, little-endian, as Ed25519 encodes a point: y, and the sign of x in the highest bit. */
function encoded(value: bigint): string {
  const hex = value.toString(16).padStart(64, '0')
  return Buffer.from(hex, 'hex').reverse().toString('base64url')
}
const heldBy = (w: World, jwk: JsonObject): string => rootWith(w, { cnf: { jwk } })
const ed25519 = (w: World, value: bigint): string =>
  heldBy(w, { kty: 'OKP', crv: 'Ed25519', x: encoded(value) })

const SMALL: readonly (readonly [name: string, value: bigint])[] = [
  ['0-negative', SIGN],
  ['1', 1n],
  ['minus-1', P - 1n],
  ['order-8', ORDER_8],
  ['order-8-negative', ORDER_8 | SIGN],
  ['order-8-other', P - ORDER_8],
  ['order-8-other-negative', (P - ORDER_8) | SIGN],
]
const NOT_CANONICAL: readonly (readonly [name: string, value: bigint])[] = [
  ['0-as-p', P],
  ['1-as-p', P + 1n],
  ['1-negative', 1n | SIGN],
  ['minus-1-negative', (P - 1n) | SIGN],
  ['3-as-p', P + 3n],
  ['all-ones', 2n ** 256n - 1n],
]

/** What a person was shown who was told nothing of that claim. */
function challengeWithout(w: World, name: string): string {
  const { header, payload } = parseJws(segmentsIn(w.root())[0]?.jwt ?? '')
  const { gestures: _, [name]: __, ...shown } = payload
  return challengeOf(w.crypto, ROOT_TAG, { header, payload: shown })
}

export const roots: readonly Case[] = [
  good([2], 'root', 'A root with two grants', (w) => w.root()),
  good([2], 'root-on-a-consent', 'For one data subject alone, by the handle of a consent (CNS-40)', (w) =>
    w.root({ consent: 'rev_of_a_consent' }),
  ),
  bad('TOKEN_MALFORMED', 'root-on-no-consent', 'A consent of no name', (w) => rootWith(w, { consent: '' })),
  bad('TOKEN_MALFORMED', 'root-on-two-consents', 'A root is for one data subject', (w) =>
    rootWith(w, { consent: ['rev_one', 'rev_two'] }),
  ),
  bad('GESTURE_INVALID', 'root-consent-added', 'The gesture is over the consent, too', (w) =>
    gestured(w, { consent: 'rev_of_a_consent' }, () => [w.gesture(challengeWithout(w, 'consent'))]),
  ),
  good([2], 'root-with-claims', 'instruction and sub disclosed', (w) =>
    w.root({ instruction: 'tidy up', sub: 'per_1' }),
  ),
  good([2], 'root-claims-hidden', 'instruction and sub hidden', (w) =>
    hiding(w.root({ instruction: 'tidy up', sub: 'per_1' }), 0, (i) => i < 2),
  ),
  good([1], 'root-one-grant-hidden', 'Hiding a grant removes it (DLG-3)', (w) =>
    hiding(w.root(), 0, (i) => i === 1),
  ),
  good([0], 'root-all-hidden', 'A chain that discloses nothing is valid and allows nothing', (w) =>
    hiding(w.root(), 0, () => false),
  ),
  good([0], 'root-without-grants', 'A root of no grants', (w) => w.root({ grants: [] })),
  good([64], 'root-64-grants', 'As many grants as there may be (DLG-1)', (w) =>
    w.root({ grants: Array.from({ length: 64 }, (_, i) => ({ ...FILES, actions: [`tool-${i}`] })) }),
  ),
  bad('TOKEN_MALFORMED', 'root-65-grants', 'One grant too many, hidden', (w) =>
    rootWith(w, {
      authorization_details: Array.from({ length: 65 }, (_, i) => ({ '...': digestOf(`${i}`) })),
      grants_n: 65,
    }),
  ),
  good([2], 'root-acr', 'A member acr', (w) => w.root({ acr: 'phr', amr: ['pop', 'user'] })),
  bad('TOKEN_MALFORMED', 'root-acr-empty', 'An empty acr', (w) => rootWith(w, { acr: '' })),
  good([2], 'root-status', 'A place in a status list', (w) =>
    w.root({ status: { idx: 0, uri: 'https://issuer.example/status/1' } }),
  ),
  bad('TOKEN_MALFORMED', 'root-status-negative', 'A place before the first of a status list', (w) =>
    rootWith(w, { status: { status_list: { idx: -1, uri: 'https://issuer.example/status/1' } } }),
  ),
  bad('TOKEN_MALFORMED', 'root-status-unknown', 'A status of another kind', (w) =>
    rootWith(w, { status: { identifier_list: { id: '1', uri: 'https://issuer.example/list' } } }),
  ),
  good([2], 'root-16-audiences', 'As many audiences as there may be', (w) =>
    w.root({ aud: [AUD, ...Array.from({ length: 15 }, (_, i) => `pnt_${i}`)] }),
  ),
  bad('TOKEN_MALFORMED', 'root-17-audiences', 'One audience too many', (w) =>
    rootWith(w, { aud: [AUD, ...Array.from({ length: 16 }, (_, i) => `pnt_${i}`)] }),
  ),
  bad('TOKEN_MALFORMED', 'root-aud-string', 'An audience that is not a list', (w) =>
    rootWith(w, { aud: AUD }),
  ),
  bad('TOKEN_MALFORMED', 'root-aud-empty', 'No audience', (w) => rootWith(w, { aud: [] })),
  bad('TOKEN_MALFORMED', 'root-sd-alg', 'Another hash of disclosures', (w) =>
    rootWith(w, { _sd_alg: 'sha-512' }),
  ),
  bad('TOKEN_MALFORMED', 'root-claim-missing', 'No auth_time', (w) =>
    root(w, (p) => without(p, 'auth_time')),
  ),
  bad('TOKEN_MALFORMED', 'root-iat-text', 'An iat that is text', (w) => rootWith(w, { iat: `${NOW_S}` })),
  bad('TOKEN_MALFORMED', 'root-iat-fraction', 'An iat between two seconds', (w) =>
    rootWith(w, { iat: NOW_S - 0.5 }),
  ),
  bad('TOKEN_MALFORMED', 'root-jti-null', 'A jti that is null', (w) => rootWith(w, { jti: null })),
  bad('TOKEN_MALFORMED', 'unknown-claim', 'A claim that is not in the specification', (w) =>
    rootWith(w, { scope: 'all' }),
  ),
  bad('TOKEN_MALFORMED', 'root-agent-unknown', 'A member of agent that is not in the specification', (w) =>
    root(w, (p) => ({ ...p, agent: { ...(p.agent as JsonObject), admin: true } })),
  ),
  bad('TOKEN_MALFORMED', 'grants-n-lie', 'More grants listed than the human was told', (w) =>
    rootWith(w, { grants_n: 1 }),
  ),
  bad('TOKEN_MALFORMED', 'grants-n-more', 'Fewer grants listed than the human was told', (w) =>
    rootWith(w, { grants_n: 3 }),
  ),
  bad('CHAIN_BROKEN', 'root-depth', 'A root that is not the first', (w) => rootWith(w, { depth: 1 })),
  bad('TOKEN_MALFORMED', 'root-depth-max', 'A depth_max of nine', (w) => rootWith(w, { depth_max: 9 })),

  good([2], 'last-millisecond', 'exp is exact: one millisecond before it', (w) => w.root(), {
    now: NOW_MS + 3_599_999,
  }),
  bad('EXPIRED', 'expired', 'exp is exact', (w) => w.root(), { now: NOW_MS + 3_600_000 }),
  good([2], 'nbf-60-s-ahead', 'nbf may lie 60 s ahead (PRF-4)', (w) => w.root({ nbf: NOW_S + 60 })),
  bad('NOT_YET_VALID', 'not-yet-valid', 'nbf 61 s ahead', (w) => w.root({ nbf: NOW_S + 61 })),
  good([2], 'iat-60-s-ahead', 'iat may lie 60 s ahead (PRF-4)', (w) => w.root({ iat: NOW_S + 60 })),
  bad('CLOCK_SKEW', 'clock-skew', 'iat 61 s ahead', (w) => w.root({ iat: NOW_S + 61 })),
  good([2], 'one-second', 'A life of one second', (w) => w.root({ nbf: NOW_S, exp: NOW_S + 1 })),
  bad('TOKEN_MALFORMED', 'exp-is-nbf', 'A life of no second', (w) =>
    rootWith(w, { nbf: NOW_S + 30, exp: NOW_S + 30 }),
  ),
  bad('TOKEN_MALFORMED', 'exp-before-nbf', 'An end before the start', (w) =>
    rootWith(w, { nbf: NOW_S + 31, exp: NOW_S + 30 }),
  ),
  good([2], 'life-90-days', 'A life of 90 days', (w) => w.root({ exp: NOW_S + LIFE_MAX_S })),
  bad('TOKEN_MALFORMED', 'life-90-days-1-s', 'A life of 90 days and a second', (w) =>
    rootWith(w, { exp: NOW_S + LIFE_MAX_S + 1 }),
  ),
  good([2], 'iat-long-ago', 'Issued 80 days ago, valid for a second more', (w) =>
    w.root({ iat: NOW_S - 80 * 86_400, nbf: NOW_S - 80 * 86_400, exp: NOW_S + 1 }),
  ),
  bad('AUDIENCE_MISMATCH', 'audience', 'For another enforcement point', (w) => w.root(), {
    audience: 'pnt_other',
  }),

  good([2], 'holder-es256', 'A holder key of P-256', (w) =>
    w.root({ holder: w.signer('es256-agent').publicJwk }),
  ),
  bad('TOKEN_MALFORMED', 'holder-with-kid', 'A holder key with a member that is not of the key', (w) =>
    heldBy(w, { ...w.signer('agent-1').publicJwk, kid: '1' }),
  ),
  bad('TOKEN_MALFORMED', 'holder-private', 'A holder key with its private half', (w) =>
    heldBy(w, { ...keyOf('agent-1') }),
  ),
  bad('TOKEN_MALFORMED', 'holder-short', 'A holder key of 31 bytes', (w) =>
    heldBy(w, { kty: 'OKP', crv: 'Ed25519', x: digestOf('x').slice(0, 42) }),
  ),
  bad('TOKEN_MALFORMED', 'holder-x25519', 'A holder key that cannot sign', (w) =>
    heldBy(w, { kty: 'OKP', crv: 'X25519', x: digestOf('x') }),
  ),
  bad('TOKEN_MALFORMED', 'holder-p384', 'A holder key of another curve', (w) =>
    heldBy(w, { ...w.signer('es256-agent').publicJwk, crv: 'P-384' }),
  ),
  bad('TOKEN_MALFORMED', 'holder-respelled', 'A holder key with unused bits set in its last character', (w) =>
    heldBy(w, { kty: 'OKP', crv: 'Ed25519', x: `${encoded(3n).slice(0, -1)}B` }),
  ),
  bad('TOKEN_MALFORMED', 'small-order-cnf', 'A holder key of small order signs everything', (w) =>
    rootWith(w, { cnf: { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } } }),
  ),
  ...SMALL.map(([name, value]) =>
    bad('TOKEN_MALFORMED', `trap-small-order-${name}`, 'A holder key of small order (y, sign of x)', (w) =>
      ed25519(w, value),
    ),
  ),
  ...NOT_CANONICAL.map(([name, value]) =>
    bad(
      'TOKEN_MALFORMED',
      `trap-not-canonical-${name}`,
      'A holder key that is not canonically encoded (y, sign of x)',
      (w) => ed25519(w, value),
    ),
  ),
  good([2], 'holder-exp-later', 'Claims at their most: depth_max 8', (w) =>
    w.root({ depth_max: 8, exp: IN_AN_HOUR }),
  ),
]
