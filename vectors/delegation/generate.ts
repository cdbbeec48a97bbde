/**
 * Makes the vectors of spec/delegation.md: `node vectors/delegation/generate.ts` writes them, bit for bit as they are.
 * Every key is Ed25519 (deterministic signatures), every random byte comes from a seed.
 * @module
 */
/* oxlint-disable typescript/no-non-null-assertion, max-lines -- a list of cases built from test fixtures, as tests are */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  AUD,
  digestOf,
  disclosureOf,
  editSegment,
  FILES,
  grantsOf,
  ISS,
  MAIL,
  NOW_MS,
  NOW_S,
  REV,
  RP,
  segmentsIn,
  World,
} from '../../test/fixtures/tokens.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { parseJws } from '../../src/core/sign.ts'
import { disclosureDigest } from '../../src/token/disclosure.ts'
import type { TokenErrorCode } from '../../src/token/errors.ts'
import { chainText } from '../../src/token/presentation.ts'

export interface DelegationVector {
  readonly name: string
  readonly description: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly audience: string
  /** Issuers that the verifier trusts. */
  readonly trust: readonly {
    readonly iss: string
    readonly keys: readonly { readonly jwk: PublicJwk; readonly retired_at?: number }[]
    readonly rp_id: string
    readonly origins: readonly string[]
  }[]
  readonly presentation: string
  readonly expect:
    | {
        readonly ok: true
        readonly grants_per_delegation: readonly number[]
        readonly agents: readonly string[]
      }
    | { readonly ok: false; readonly code: TokenErrorCode }
}

type Edit = { now?: number; audience?: string }
const SALT = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Every vector, in order. Each is made in a world of its own, so that adding one changes no other. */
export function delegationVectors(): DelegationVector[] {
  const out: DelegationVector[] = []
  const add = (
    name: string,
    description: string,
    make: (w: World) => string,
    expect: (w: World) => DelegationVector['expect'],
    edit: Edit = {},
  ): void => {
    const w = new World(name)
    const trust = [{ iss: ISS, keys: [{ jwk: w.issuer.publicJwk }], ...RP }]
    out.push({
      name,
      description,
      now: NOW_MS,
      audience: AUD,
      trust,
      ...edit,
      presentation: make(w),
      expect: expect(w),
    })
  }
  const good = (
    grants_per_delegation: number[],
    name: string,
    description: string,
    make: (w: World) => string,
    edit?: Edit,
  ): void => {
    const agents = [
      'agt_00000000000000000000000001',
      ...grants_per_delegation.slice(1).map((_, i) => `agt_of_agent-${i + 2}`),
    ]
    add(name, description, make, () => ({ ok: true, grants_per_delegation, agents }), edit)
  }
  const bad = (
    code: TokenErrorCode,
    name: string,
    description: string,
    make: (w: World) => string,
    edit?: Edit,
  ): void => add(name, description, make, () => ({ ok: false, code }), edit)

  addValid(good)
  addBrokenText(bad)
  addBrokenChains(bad)
  addWidened(bad)
  return out
}

type Good = (
  grants: number[],
  name: string,
  description: string,
  make: (w: World) => string,
  edit?: Edit,
) => void
type Bad = (
  code: TokenErrorCode,
  name: string,
  description: string,
  make: (w: World) => string,
  edit?: Edit,
) => void

const hiding = (chain: string, at: number, keep: (index: number) => boolean): string =>
  editSegment(chain, at, (s) => ({ ...s, disclosures: s.disclosures.filter((_, i) => keep(i)) }))
const one = (w: World): string => w.hop(w.root(), 'agent-1', 'agent-2')

function addValid(good: Good): void {
  good([2], 'root', 'A root with two grants', (w) => w.root())
  good([2], 'root-with-claims', 'instruction and sub disclosed', (w) =>
    w.root({ instruction: 'tidy up', sub: 'per_1' }),
  )
  good([2], 'root-claims-hidden', 'instruction and sub hidden', (w) =>
    hiding(w.root({ instruction: 'tidy up', sub: 'per_1' }), 0, (i) => i < 2),
  )
  good([1], 'root-one-grant-hidden', 'Hiding a grant removes it (DLG-3)', (w) =>
    hiding(w.root(), 0, (i) => i === 1),
  )
  good([0], 'root-all-hidden', 'A chain that discloses nothing is valid and allows nothing', (w) =>
    hiding(w.root(), 0, () => false),
  )
  good([2, 2], 'one-hop', 'A hop that hands everything on', one)
  good([2, 1], 'one-hop-narrowed', 'A hop with fewer actions, a tighter glob and a lower limit', (w) => {
    const root = w.root()
    const [files] = grantsOf(w.crypto, root)
    const limits = [{ ...FILES.limits![0]!, max: 5 }]
    const grant = {
      ...FILES,
      from: files!.digest,
      actions: ['read'],
      constraints: { path: { glob: '/data/a/*' } },
      limits,
    }
    return w.hop(root, 'agent-1', 'agent-2', { grants: [grant], exp: NOW_S + 60, depth_max: 1 })
  })
  good([2, 2, 2], 'two-hops', 'Root and two hops', (w) => w.chain(2))
  good([2, 2, 2, 2, 2, 2, 2, 2, 2], 'eight-hops', 'As many hops as there may be (DLG-1)', (w) => w.chain(8))
  good([2], 'last-millisecond', 'exp is exact: one millisecond before it', (w) => w.root(), {
    now: NOW_MS + 3_599_999,
  })
  good([2], 'nbf-60-s-ahead', 'nbf may lie 60 s ahead (PRF-4)', (w) => w.root({ nbf: NOW_S + 60 }))
  good([2], 'iat-60-s-ahead', 'iat may lie 60 s ahead (PRF-4)', (w) => w.root({ iat: NOW_S + 60 }))
  good(
    [2],
    'proof-ignored',
    'Verifying the chain does not verify the proof behind it',
    (w) => `${w.root()}eyJ.e30.AA`,
  )
  good([2], 'two-people', 'Two people behind one root (DLG-6)', (w) =>
    w.forgeRoot(w.root(), (p) => ({ ...p, rev: [REV, 'rev_2'] }), {
      gestures: (challenge) => [
        { ...w.gesture(challenge) },
        { ...w.gesture(challenge, { rev: 'rev_2', role: 'approver' }, w.authenticator('approver')) },
      ],
    }),
  )
}

function addBrokenText(bad: Bad): void {
  bad(
    'TOKEN_TOO_LARGE',
    'too-large',
    '64 KiB and one byte',
    (w) => w.root() + 'A'.repeat(64 * 1024 + 1 - w.root().length),
  )
  bad('TOKEN_MALFORMED', 'padded', 'base64url with padding', (w) => w.root().replace('~', '=~'))
  bad('TOKEN_MALFORMED', 'alg-crit', 'A critical header that nobody knows', (w) =>
    w.forgeRoot(w.root(), (p) => p, { header: { crit: ['x'] } }),
  )
  bad('SIGNATURE_INVALID', 'alg-none', 'alg none, however signed', (w) =>
    w.forgeRoot(w.root(), (p) => p, { header: { alg: 'none' } }),
  )
  bad('SIGNATURE_INVALID', 'alg-mismatch', 'alg of another key type', (w) =>
    w.forgeRoot(w.root(), (p) => p, { header: { alg: 'ES256' } }),
  )
  bad('TOKEN_MALFORMED', 'jwk-in-header', 'A key brought along in the header', (w) =>
    w.forgeRoot(w.root(), (p) => p, { header: { jwk: { ...w.issuer.publicJwk } } }),
  )
  bad('TOKEN_MALFORMED', 'unknown-claim', 'A claim that is not in the specification', (w) =>
    w.forgeRoot(w.root(), (p) => ({ ...p, scope: 'all' })),
  )
  bad('TOKEN_MALFORMED', 'grants-n-lie', 'More grants listed than the human was told', (w) =>
    w.forgeRoot(w.root(), (p) => ({ ...p, grants_n: 1 })),
  )
  bad('TOKEN_MALFORMED', 'small-order-cnf', 'A holder key of small order signs everything', (w) =>
    w.forgeRoot(w.root(), (p) => ({ ...p, cnf: { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } } })),
  )
  bad('DISCLOSURE_INVALID', 'disclosure-twice', 'One disclosure presented twice', (w) =>
    editSegment(w.root(), 0, (s) => ({ ...s, disclosures: [...s.disclosures, s.disclosures[0]!] })),
  )
  bad('DISCLOSURE_INVALID', 'disclosure-foreign', 'A disclosure whose digest is not in the token', (w) =>
    editSegment(w.root(), 0, (s) => ({ ...s, disclosures: [...s.disclosures, disclosureOf([SALT, MAIL])] })),
  )
  bad('DISCLOSURE_INVALID', 'disclosed-exp', 'An exp inside a disclosure', (w) =>
    withClaim(w, 'exp', NOW_S + 9999),
  )
  bad('DISCLOSURE_INVALID', 'disclosed-sd', 'An _sd inside a disclosure', (w) =>
    withClaim(w, '_sd', [digestOf('x')]),
  )
  bad(
    'GRANT_INVALID',
    'grant-unknown-member',
    'A grant with a member that is not in the specification',
    (w) => withGrant(w, { ...FILES, until: 'x' }),
  )
  bad('GRANT_INVALID', 'grant-proto', 'A constraint on __proto__, which a parser may lose', (w) =>
    withGrant(
      w,
      JSON.parse(
        '{"type":"tool","server":"s","actions":["a"],"constraints":{"__proto__":{"in":["x"]}}}',
      ) as JsonObject,
    ),
  )
}

function withClaim(w: World, name: string, value: unknown): string {
  const claim = disclosureOf([SALT, name, value])
  const root = w.forgeRoot(w.root(), (p) => ({ ...p, _sd: [disclosureDigest(w.crypto, claim)] }))
  return editSegment(root, 0, (s) => ({ ...s, disclosures: [claim] }))
}

function withGrant(w: World, grant: JsonObject): string {
  const disclosure = disclosureOf([SALT, grant])
  const digest = disclosureDigest(w.crypto, disclosure)
  const root = w.forgeRoot(w.root(), (p) => ({
    ...p,
    authorization_details: [{ '...': digest }],
    grants_n: 1,
  }))
  return editSegment(root, 0, (s) => ({ ...s, disclosures: [disclosure] }))
}

function addBrokenChains(bad: Bad): void {
  bad('ISSUER_UNKNOWN', 'issuer-unknown', 'Another issuer', (w) => w.root({ iss: 'https://other.example' }))
  bad('SIGNATURE_INVALID', 'root-by-thief', 'A root that another key signed', (w) =>
    w.forgeRoot(w.root(), (p) => p, { signer: w.signer('thief') }),
  )
  bad('SIGNATURE_INVALID', 'hop-by-issuer', 'A hop that the issuer signed', (w) =>
    w.hop(w.root(), 'issuer', 'agent-2'),
  )
  bad('SIGNATURE_INVALID', 'hop-dropped', 'The hop in the middle is missing', (w) =>
    chainText(segmentsIn(w.chain(2)).toSpliced(1, 1)),
  )
  bad('CHAIN_BROKEN', 'hop-of-another-root', 'A hop that follows another root of the same agent', (w) => {
    const other = segmentsIn(w.root({ jti: 'dlg_other' }))[0]!
    return chainText([other, segmentsIn(one(w))[1]!])
  })
  bad('CHAIN_BROKEN', 'hop-to-another', 'A hop that is addressed to another key than it is bound to', (w) =>
    w.forgeHop(one(w), w.signer('agent-1'), (outer) => ({ ...outer, aud: digestOf('another') })),
  )
  bad('DEPTH_EXCEEDED', 'nine-hops', 'More hops than eight', (w) => {
    const segments = segmentsIn(w.chain(8))
    return chainText([...segments, segments[8]!])
  })
  bad('STATEMENT_INVALID', 'statement-of-another', 'The agent statement is about another key', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { statement: w.statement('agent-3') }),
  )
  bad('STATEMENT_INVALID', 'statement-expired', 'The agent statement has expired', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { statement: w.statement('agent-2', { exp: NOW_S }) }),
  )
  bad('EXPIRED', 'expired', 'exp is exact', (w) => w.root(), { now: NOW_MS + 3_600_000 })
  bad('NOT_YET_VALID', 'not-yet-valid', 'nbf 61 s ahead', (w) => w.root({ nbf: NOW_S + 61 }))
  bad('CLOCK_SKEW', 'clock-skew', 'iat 61 s ahead', (w) => w.root({ iat: NOW_S + 61 }))
  bad('AUDIENCE_MISMATCH', 'audience', 'For another enforcement point', (w) => w.root(), {
    audience: 'pnt_other',
  })
  bad(
    'GESTURE_INVALID',
    'gesture-of-before',
    'A claim changed after the gesture, and signed by the issuer',
    (w) => {
      const { gestures } = parseJws(segmentsIn(w.root())[0]!.jwt).payload
      return w.forgeRoot(w.root(), (p) => ({ ...p, depth_max: 8 }), {
        gestures: () => gestures as JsonObject[],
      })
    },
  )
  bad('GESTURE_INVALID', 'gesture-other-origin', 'A gesture at another origin', (w) =>
    w.forgeRoot(w.root(), (p) => p, {
      gestures: (challenge) => [
        {
          ...w.gesture(
            challenge,
            {},
            w.authenticator('principal', { rp_id: RP.rp_id, origin: 'https://evil.example' }),
          ),
        },
      ],
    }),
  )
  bad('GESTURE_INVALID', 'gesture-extra-rev', 'A person in rev who made no gesture', (w) =>
    w.forgeRoot(w.root(), (p) => ({ ...p, rev: [REV, 'rev_2'] })),
  )
}

function addWidened(bad: Bad): void {
  const widened = (name: string, description: string, edit: object): void =>
    bad('WIDENED', `widened-${name}`, description, (w) => {
      const root = w.root()
      const [files] = grantsOf(w.crypto, root)
      return w.hop(root, 'agent-1', 'agent-2', { grants: [{ ...FILES, from: files!.digest, ...edit }] })
    })
  widened('server', 'Another server', { server: 'mail' })
  widened('action', 'One more action', { actions: ['read', 'delete'] })
  widened('constraint', 'A wider glob', { constraints: { path: { glob: '/**' } } })
  widened('limit', 'A higher limit', { limits: [{ ...FILES.limits![0]!, max: 101 }] })
  widened('limit-missing', 'A limit left out', { limits: [] })
  bad('WIDENED', 'widened-exp', 'A hop that outlives its root', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { exp: NOW_S + 3601 }),
  )
  bad('WIDENED', 'widened-audience', 'One more audience', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { aud: [AUD, 'pnt_other'] }),
  )
  bad('WIDENED', 'widened-depth', 'A hop where none was allowed', (w) =>
    w.hop(w.root({ depth_max: 0 }), 'agent-1', 'agent-2', { depth_max: 0 }),
  )
  bad('PARENT_GRANT_HIDDEN', 'parent-hidden', 'The parent grant is not disclosed', (w) =>
    hiding(one(w), 0, () => false),
  )
}

/** The text of a vector's file. */
export function vectorText(vector: DelegationVector): string {
  return `${JSON.stringify(vector, null, 2)}\n`
}

if (import.meta.main) {
  for (const vector of delegationVectors())
    writeFileSync(join(import.meta.dirname, `${vector.name}.json`), vectorText(vector))
}
