/** spec/delegation.md, Hop: what binds one delegation to the one before it; statements (DLG-7). @module */
import {
  digestOf,
  FILES,
  grantsOf,
  MAIL,
  NOW_MS,
  NOW_S,
  segmentsIn,
  type World,
} from '../../../test/fixtures/tokens.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { parseJws, signJws } from '../../../src/core/sign.ts'
import { rawToDer } from '../../../src/core/der.ts'
import { base64url } from '../../../src/core/encoding.ts'
import { STATEMENT_TYP } from '../../../src/token/constants.ts'
import { chainText } from '../../../src/token/presentation.ts'
import { withOtherS } from '../../../test/fixtures/es256.ts'
import {
  bad,
  disclosing,
  good,
  hiding,
  hop,
  hopStating,
  hopWith,
  one,
  respelledEnd,
  tampered,
  without,
  type Case,
} from './case.ts'

const two = (w: World): string => w.chain(2)
const hopUnder = (w: World, edit: Parameters<World['hop']>[3]): string =>
  w.hop(w.root(), 'agent-1', 'agent-2', edit)
const kid = (w: World): string => thumbprint(w.crypto, w.issuer.publicJwk)
/** The last hop with another `issuer_jwt_hash`, signed by its rightful signer. */
const following = (w: World, chain: string, by: string, hash: unknown): string =>
  w.forgeHop(chain, w.signer(by), (outer) => ({ ...outer, issuer_jwt_hash: hash }) as JsonObject)
const hashOf = (chain: string, at: number): string => digestOf(segmentsIn(chain)[at]!.jwt)
/** A chain whose segments one key holds, so that signatures do not tell their order. */
function ownHops(w: World): string {
  const first = w.hop(w.root(), 'agent-1', 'agent-1', { jti: 'dlg_a' })
  return w.hop(first, 'agent-1', 'agent-1', { jti: 'dlg_b' })
}
/** A hop of a P-256 holder, with its signature edited. */
const es256Hop = (w: World, edit: (raw: Uint8Array) => Uint8Array): string =>
  tampered(w.hop(w.root({ holder: w.signer('es256-agent').publicJwk }), 'es256-agent', 'agent-2'), 1, 2, edit)
/** A hop bound to a key of small order, with a statement about that very key. */
function toSmallOrder(w: World): string {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(new Uint8Array(32)) } as const
  const jkt = thumbprint(w.crypto, jwk)
  const statement = w.statement('agent-2', { jkt })
  return hop(w, (outer, delegated) => ({
    ...outer,
    aud: jkt,
    delegate_payload: [{ ...delegated, cnf: { jwk }, statement }],
  }))
}
/** A statement of the right claims under another header. */
const stated = (w: World, header: JsonObject): string =>
  hopStating(
    w,
    signJws(
      w.issuer,
      { typ: STATEMENT_TYP, kid: kid(w), ...header },
      parseJws(w.statement('agent-2')).payload,
    ),
  )

export const hops: readonly Case[] = [
  good([2, 2], 'one-hop', 'A hop that hands everything on', one),
  good([2, 2, 2], 'two-hops', 'Root and two hops', two),
  good([2, 2, 2, 2, 2, 2, 2, 2, 2], 'eight-hops', 'As many hops as there may be (DLG-1)', (w) => w.chain(8)),
  good([2, 0], 'hop-without-grants', 'A hop of no grants', (w) => hopUnder(w, { grants: [] })),
  good([2, 2], 'hop-iat-60-s-ahead', 'A hop made 60 s ahead', (w) => hopUnder(w, { iat: NOW_S + 60 })),
  good([2, 2], 'hop-iat-before-root', 'A hop says that it is older than its root', (w) =>
    hopUnder(w, { iat: NOW_S - 86_400 }),
  ),
  good([2, 2], 'hop-es256-high-s', 'ES256 with the other s that verifies', (w) => es256Hop(w, withOtherS)),
  bad('SIGNATURE_INVALID', 'hop-es256-der', 'ES256 in DER', (w) => es256Hop(w, rawToDer)),
  bad('SIGNATURE_INVALID', 'trap-hop-by-issuer-agent', 'A second hop that the issuer signed', (w) =>
    w.hop(one(w), 'issuer', 'agent-3'),
  ),
  bad('SIGNATURE_INVALID', 'hop-by-issuer', 'A hop that the issuer signed', (w) =>
    w.hop(w.root(), 'issuer', 'agent-2'),
  ),
  bad('SIGNATURE_INVALID', 'hop-by-holder-before', 'A second hop that the holder of the root signed', (w) =>
    w.hop(one(w), 'agent-1', 'agent-3'),
  ),
  bad('SIGNATURE_INVALID', 'hop-by-itself', 'A hop that its own holder signed', (w) =>
    w.hop(w.root(), 'agent-2', 'agent-2'),
  ),
  bad('SIGNATURE_INVALID', 'hop-tampered', 'A hop whose payload was changed after signing', (w) =>
    tampered(one(w), 1, 1, (bytes) =>
      Buffer.from(Buffer.from(bytes).toString('latin1').replace('"depth_max":3', '"depth_max":2'), 'latin1'),
    ),
  ),
  bad('SIGNATURE_INVALID', 'root-tampered', 'A root whose payload was changed after signing', (w) =>
    tampered(one(w), 0, 1, (bytes) =>
      Buffer.from(Buffer.from(bytes).toString('latin1').replace('"depth_max":3', '"depth_max":8'), 'latin1'),
    ),
  ),
  bad('SIGNATURE_INVALID', 'hop-dropped', 'The hop in the middle is missing', (w) =>
    chainText(segmentsIn(two(w)).toSpliced(1, 1)),
  ),
  bad('SIGNATURE_INVALID', 'hops-reordered', 'Two hops in the other order', (w) => {
    const [root, first, second] = segmentsIn(two(w))
    return chainText([root!, second!, first!])
  }),
  bad('SIGNATURE_INVALID', 'hop-repeated', 'One hop twice', (w) => {
    const [root, first] = segmentsIn(one(w))
    return chainText([root!, first!, first!])
  }),
  bad('TOKEN_MALFORMED', 'hop-first', 'A hop in the place of the root', (w) =>
    chainText(segmentsIn(one(w)).slice(1)),
  ),
  bad('TOKEN_MALFORMED', 'root-twice', 'A root in the place of a hop', (w) => {
    const [root] = segmentsIn(w.root())
    return chainText([root!, root!])
  }),
  {
    ...good([2, 2, 2], 'own-hops', 'Three delegations that one key holds', ownHops),
    agents: ['agt_of_agent-1', 'agt_of_agent-1'],
  },
  bad('CHAIN_BROKEN', 'own-hops-reordered', 'Hops of one key in the other order', (w) => {
    const [root, first, second] = segmentsIn(ownHops(w))
    return chainText([root!, second!, first!])
  }),
  bad('CHAIN_BROKEN', 'own-hops-dropped', 'Of two hops of one key the first is missing', (w) =>
    chainText(segmentsIn(ownHops(w)).toSpliced(1, 1)),
  ),
  bad('CHAIN_BROKEN', 'hop-of-another-root', 'A hop that follows another root of the same agent', (w) => {
    const other = segmentsIn(w.root({ jti: 'dlg_other' }))[0]!
    return chainText([other, segmentsIn(one(w))[1]!])
  }),
  bad(
    'CHAIN_BROKEN',
    'hop-of-another-hop',
    'A second hop that follows another first hop of the same agents',
    (w) => {
      const other = w.hop(w.hop(w.root(), 'agent-1', 'agent-2', { jti: 'dlg_other' }), 'agent-2', 'agent-3')
      return chainText([...segmentsIn(one(w)), segmentsIn(other)[2]!])
    },
  ),
  bad('CHAIN_BROKEN', 'hop-hash-of-root', 'A second hop with the hash of the root', (w) => {
    const chain = two(w)
    return following(w, chain, 'agent-2', hashOf(chain, 0))
  }),
  bad('CHAIN_BROKEN', 'hop-hash-of-itself', 'A hop with the hash of another hop in its place', (w) => {
    const chain = one(w)
    return following(w, chain, 'agent-1', hashOf(chain, 1))
  }),
  bad('CHAIN_BROKEN', 'hop-hash-with-disclosures', 'A hash over the root with its disclosures', (w) => {
    const chain = one(w)
    return following(w, chain, 'agent-1', digestOf(chain.split('~~')[0] + '~'))
  }),
  bad('TOKEN_MALFORMED', 'trap-hop-without-hash', 'A hop without the hash of its parent', (w) =>
    hop(w, (outer) => without(outer, 'issuer_jwt_hash')),
  ),
  bad('TOKEN_MALFORMED', 'hop-hash-null', 'A hash that is null', (w) =>
    following(w, one(w), 'agent-1', null),
  ),
  bad('CHAIN_BROKEN', 'hop-to-another', 'A hop that is addressed to another key than it is bound to', (w) =>
    w.forgeHop(one(w), w.signer('agent-1'), (outer) => ({ ...outer, aud: digestOf('another') })),
  ),
  bad('DEPTH_EXCEEDED', 'nine-hops', 'More hops than eight', (w) => {
    const segments = segmentsIn(w.chain(8))
    return chainText([...segments, segments[8]!])
  }),
  bad('TOKEN_MALFORMED', 'hop-two-delegates', 'Two delegated payloads', (w) =>
    hop(w, (outer, delegated) => ({ ...outer, delegate_payload: [delegated, delegated] })),
  ),
  bad('TOKEN_MALFORMED', 'hop-no-delegate', 'No delegated payload', (w) =>
    hop(w, (outer) => ({ ...outer, delegate_payload: [] })),
  ),
  bad(
    'TOKEN_MALFORMED',
    'hop-delegate-disclosed',
    'A delegated payload that is the digest of a disclosure',
    (w) => hop(w, (outer) => ({ ...outer, delegate_payload: [{ '...': digestOf('x') }] })),
  ),
  bad('TOKEN_MALFORMED', 'hop-unknown-claim', 'A claim of a hop that is not in the specification', (w) =>
    hop(w, (outer) => ({ ...outer, exp: NOW_S + 9999 })),
  ),
  bad('TOKEN_MALFORMED', 'hop-unknown-member', 'A delegated payload with a member that is not known', (w) =>
    hopWith(w, { agent: { id: 'agt_x', class: 'root' } }),
  ),
  bad('TOKEN_MALFORMED', 'hop-sd-alg', 'A hop without the hash of its disclosures', (w) =>
    hop(w, (outer) => without(outer, '_sd_alg')),
  ),
  bad('TOKEN_MALFORMED', 'hop-nonce-short', 'A nonce of 21 characters', (w) =>
    hop(w, (outer) => ({ ...outer, nonce: 'n'.repeat(21) })),
  ),
  bad('TOKEN_MALFORMED', 'hop-grants-n-lie', 'A hop that lists more grants than it counts', (w) =>
    hopWith(w, { grants_n: 1 }),
  ),
  bad('TOKEN_MALFORMED', 'trap-small-order-hop', 'A hop to a key of small order', toSmallOrder),

  good(
    [2, 2],
    'hop-last-second',
    'A hop that ends before its root: its last millisecond',
    (w) => hopUnder(w, { exp: NOW_S + 60 }),
    { now: NOW_MS + 59_999 },
  ),
  bad(
    'EXPIRED',
    'hop-expired',
    'A hop that has ended, though its root has not',
    (w) => hopUnder(w, { exp: NOW_S + 60 }),
    { now: NOW_MS + 60_000 },
  ),
  bad(
    'EXPIRED',
    'hop-expired-first',
    'The first of two hops has ended',
    (w) => {
      const first = hopUnder(w, { exp: NOW_S + 60 })
      return w.hop(first, 'agent-2', 'agent-3', { exp: NOW_S + 60 })
    },
    { now: NOW_MS + 60_000 },
  ),
  bad('NOT_YET_VALID', 'hop-not-yet-valid', 'A hop that starts 61 s ahead', (w) =>
    hopUnder(w, { nbf: NOW_S + 61 }),
  ),
  bad('CLOCK_SKEW', 'hop-clock-skew', 'A hop made 61 s ahead', (w) => hopUnder(w, { iat: NOW_S + 61 })),
  bad('TOKEN_MALFORMED', 'hop-exp-is-nbf', 'A hop that lives no second', (w) =>
    hopUnder(w, { nbf: NOW_S + 30, exp: NOW_S + 30 }),
  ),

  good([2, 2], 'statement-24-hours', 'An agent statement of 24 hours', (w) =>
    hopStating(w, w.statement('agent-2', { exp: NOW_S + 86_400 })),
  ),
  bad('STATEMENT_INVALID', 'statement-24-hours-1-s', 'An agent statement of 24 hours and a second', (w) =>
    hopStating(w, w.statement('agent-2', { exp: NOW_S + 86_401 })),
  ),
  good([2, 2], 'statement-iat-60-s-ahead', 'An agent statement made 60 s ahead', (w) =>
    hopStating(w, w.statement('agent-2', { iat: NOW_S + 60 })),
  ),
  bad('STATEMENT_INVALID', 'statement-iat-61-s-ahead', 'An agent statement made 61 s ahead', (w) =>
    hopStating(w, w.statement('agent-2', { iat: NOW_S + 61 })),
  ),
  good(
    [2, 2],
    'statement-last-second',
    'An agent statement that ends before its delegation: its last millisecond',
    (w) => hopStating(w, w.statement('agent-2', { exp: NOW_S + 60 })),
    { now: NOW_MS + 59_999 },
  ),
  bad('STATEMENT_INVALID', 'statement-expired', 'The agent statement has expired', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { statement: w.statement('agent-2', { exp: NOW_S }) }),
  ),
  bad('STATEMENT_INVALID', 'statement-of-another', 'The agent statement is about another key', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { statement: w.statement('agent-3') }),
  ),
  bad(
    'STATEMENT_INVALID',
    'trap-hop-retargeted',
    'A hop that its signer bound to another key afterwards',
    (w) => {
      const thief = w.signer('thief').publicJwk
      return hop(w, (outer, delegated) => ({
        ...outer,
        aud: thumbprint(w.crypto, thief),
        delegate_payload: [{ ...delegated, cnf: { jwk: { ...thief } } }],
      }))
    },
  ),
  bad('SIGNATURE_INVALID', 'trap-hop-retargeted-unsigned', 'A hop that another bound to its own key', (w) => {
    const thief = w.signer('thief')
    return w.forgeHop(one(w), thief, (outer, delegated) => ({
      ...outer,
      aud: thumbprint(w.crypto, thief.publicJwk),
      delegate_payload: [
        { ...delegated, cnf: { jwk: { ...thief.publicJwk } }, statement: w.statement('thief') },
      ],
    }))
  }),
  bad(
    'STATEMENT_INVALID',
    'statement-by-parent',
    "A statement signed by the parent agent under the issuer's kid",
    (w) => hopStating(w, w.statement('agent-2', { class: 'admin' }, w.signer('agent-1'))),
  ),
  bad(
    'ISSUER_UNKNOWN',
    'statement-by-parent-named',
    'A statement signed and named by the parent agent',
    (w) => hopStating(w, w.statement('agent-2', {}, w.signer('agent-1'))),
  ),
  bad(
    'STATEMENT_INVALID',
    'statement-other-issuer',
    'A statement in the name of an issuer that nobody knows',
    (w) => hopStating(w, w.statement('agent-2', { iss: 'https://other.example' })),
  ),
  bad('STATEMENT_INVALID', 'statement-unknown-claim', 'A statement with a claim that is not known', (w) =>
    hopStating(w, w.statement('agent-2', { admin: true })),
  ),
  bad('STATEMENT_INVALID', 'statement-no-agent', 'A statement about nobody', (w) =>
    hopStating(w, w.statement('agent-2', { agent: '' })),
  ),
  bad('STATEMENT_INVALID', 'statement-typ', 'A statement of another type', (w) =>
    stated(w, { typ: 'kb+jwt' }),
  ),
  bad('STATEMENT_INVALID', 'statement-alg-none', 'A statement with alg none', (w) =>
    stated(w, { alg: 'none' }),
  ),
  bad('TOKEN_MALFORMED', 'statement-crit', 'A statement with a critical header', (w) =>
    stated(w, { crit: ['x'] }),
  ),
  bad('TOKEN_MALFORMED', 'statement-jwk', 'A statement that brings its key along', (w) =>
    stated(w, { jwk: { ...w.issuer.publicJwk } }),
  ),
  bad(
    'TOKEN_MALFORMED',
    'statement-respelled',
    'A statement with unused bits set in its last character',
    (w) => hopStating(w, respelledEnd(w.statement('agent-2'))),
  ),
  bad('TOKEN_MALFORMED', 'statement-empty', 'No statement', (w) => hopStating(w, '')),

  bad('PARENT_GRANT_HIDDEN', 'parent-hidden', 'The parent grant is not disclosed', (w) =>
    hiding(one(w), 0, () => false),
  ),
  bad('PARENT_GRANT_HIDDEN', 'parent-of-one-hidden', 'Of two parent grants one is not disclosed', (w) =>
    hiding(one(w), 0, (i) => i === 0),
  ),
  bad(
    'PARENT_GRANT_HIDDEN',
    'parent-hidden-in-the-middle',
    'The parent grant in the middle is not disclosed',
    (w) => hiding(two(w), 1, () => false),
  ),
  bad('PARENT_GRANT_HIDDEN', 'parent-unknown', 'A parent grant that there is not', (w) =>
    hopUnder(w, { grants: [{ ...FILES, from: digestOf('x') }] }),
  ),
  bad('PARENT_GRANT_HIDDEN', 'parent-not-named', 'A grant of a hop that names no parent', (w) =>
    hopUnder(w, { grants: [FILES] }),
  ),
  bad('PARENT_GRANT_HIDDEN', 'parent-skipped', 'A grant whose parent is not of the previous segment', (w) => {
    const first = one(w)
    const [files] = grantsOf(w.crypto, w.root())
    return w.hop(first, 'agent-2', 'agent-3', { grants: [{ ...FILES, from: files!.digest }] })
  }),
  bad('WIDENED', 'parent-of-the-other', 'A grant that names the other grant as its parent', (w) => {
    const chain = w.root()
    const [files] = grantsOf(w.crypto, chain)
    return w.hop(chain, 'agent-1', 'agent-2', { grants: [{ ...MAIL, from: files!.digest }] })
  }),
  bad(
    'DISCLOSURE_INVALID',
    'hop-disclosure-dropped-and-added',
    'A grant of the hop in the place of its parent',
    (w) => {
      const chain = one(w)
      return disclosing(chain, 0, () => segmentsIn(chain)[1]!.disclosures)
    },
  ),
]
