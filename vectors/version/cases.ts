/** What a holder reports that it runs, and what the issuer said of it. @module */
import { digestOf, ISS, NOW_S, rawJws, type World } from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { signJws } from '../../src/core/sign.ts'
import { STATEMENT_LIFE_MAX_S, VERSION_TYP } from '../../src/token/constants.ts'
import type { RunChain, VersionReport } from '../../src/token/version.ts'
import type { VectorIssuer } from '../delegation/cases/case.ts'

export const ROOT_MANIFEST = digestOf('manifest')
export const NEXT = digestOf('the next manifest')
export const AGENT = 'agt_00000000000000000000000001'
const HELPER = 'agt_of_agent-2'
const DAY_S = STATEMENT_LIFE_MAX_S

/** The chain as a verifier has it: who acts under it, how many hops it has, what its root names. */
export interface VectorChain {
  readonly iss: string
  readonly agent: string
  readonly hops: number
  readonly manifest: string
}

export interface VersionCase {
  readonly name: string
  readonly description: string
  readonly make: (w: World) => VersionReport
  /** Until when it counts as approved, in seconds, null being for ever; or that it does not. */
  readonly until: number | null | 'not approved'
  readonly chain?: Partial<VectorChain>
  readonly now?: number
  readonly trust?: (w: World) => readonly VectorIssuer[]
}

export const runChainOf = ({ iss, agent, hops, manifest }: VectorChain): RunChain => ({
  iss,
  agent,
  delegations: { length: hops + 1 },
  root: { agent: { manifest } },
})

interface How {
  readonly claims?: JsonObject
  readonly header?: JsonObject
  readonly by?: string
  /** Whose thumbprint the header names. */
  readonly kid?: string
}

/** A statement of an hour about {@link NEXT}, as `how` differs from it. */
function statement(w: World, { claims = {}, header = {}, by = 'issuer', kid = by }: How = {}): string {
  const said = { iss: ISS, agent: AGENT, manifest: NEXT, iat: NOW_S, exp: NOW_S + 3600, ...claims }
  const head = { typ: VERSION_TYP, kid: thumbprint(w.crypto, w.signer(kid).publicJwk), ...header }
  return signJws(w.signer(by), head, said)
}

type More = Pick<VersionCase, 'chain' | 'now' | 'trust'>
const reporting =
  (how: How = {}, manifest = NEXT) =>
  (w: World): VersionReport => ({ manifest, version: statement(w, how) })
const good = (
  until: number | null,
  name: string,
  description: string,
  make: VersionCase['make'],
  more: More = {},
): VersionCase => ({ name, description, make, until, ...more })
const bad = (name: string, description: string, make: VersionCase['make'], more: More = {}): VersionCase => ({
  name,
  description,
  make,
  until: 'not approved',
  ...more,
})

const retired = (retired_at: number) => (w: World) => [
  {
    iss: ISS,
    keys: [{ jwk: w.issuer.publicJwk, retired_at }, { jwk: w.signer('issuer-new').publicJwk }],
    rp_id: 'issuer.example',
    origins: ['https://issuer.example'],
  },
]
const ONE_HOP = { hops: 1, agent: HELPER }
const HOUR = NOW_S + 3600

const approved: readonly VersionCase[] = [
  good(null, 'root', 'The root names what is reported', () => ({ manifest: ROOT_MANIFEST })),
  good(null, 'root-and-statement', 'The root names it; a statement of another version adds nothing', (w) => ({
    manifest: ROOT_MANIFEST,
    version: statement(w),
  })),
  good(null, 'root-and-nonsense', 'The root names it; what else is sent is not read', () => ({
    manifest: ROOT_MANIFEST,
    version: 'x',
  })),
  good(HOUR, 'statement', 'The issuer says that it is approved', reporting()),
  good(HOUR, 'statement-hop', 'The agent of a hop', reporting({ claims: { agent: HELPER } }), {
    chain: ONE_HOP,
  }),
  good(
    HOUR,
    'statement-hop-root-manifest',
    'The agent of a hop runs what the root names of another: it needs a statement of its own',
    reporting({ claims: { agent: HELPER, manifest: ROOT_MANIFEST } }, ROOT_MANIFEST),
    { chain: ONE_HOP },
  ),
  good(NOW_S + DAY_S, 'day', 'A statement of 24 hours', reporting({ claims: { exp: NOW_S + DAY_S } })),
  good(HOUR, 'ahead', 'Signed 60 s ahead', reporting({ claims: { iat: NOW_S + 60 } })),
  good(NOW_S + 1, 'last-second', 'A second before its end', reporting({ claims: { exp: NOW_S + 1 } })),
  good(HOUR, 'new-key', "By the issuer's second key", reporting({ by: 'issuer-new' }), {
    trust: retired(NOW_S),
  }),
  good(
    HOUR,
    'before-retirement',
    'Signed a second before its key was retired',
    reporting({ claims: { iat: NOW_S - 1 } }),
    { trust: retired(NOW_S) },
  ),
]

const refused: readonly VersionCase[] = [
  bad('nothing', 'Another version than the root names, and no statement', () => ({ manifest: NEXT })),
  bad(
    'trap-hop-root-manifest',
    'The agent of a hop reports the version of the agent that the root names',
    () => ({ manifest: ROOT_MANIFEST }),
    { chain: ONE_HOP },
  ),
  bad('manifest', 'A statement of another version', reporting({ claims: { manifest: digestOf('old') } })),
  bad('agent', 'A statement of another agent', reporting({ claims: { agent: HELPER } })),
  bad('trap-hop-agent', 'A statement of the agent of the root, where that of a hop acts', reporting(), {
    chain: ONE_HOP,
  }),
  bad(
    'iss',
    'A statement that names another issuer',
    reporting({ claims: { iss: 'https://other.example' } }),
  ),
  bad('issuer-unknown', 'A chain of an issuer that nobody trusts', reporting(), {
    chain: { iss: 'https://other.example' },
  }),
  bad('expired', 'At its end', reporting({ claims: { exp: NOW_S } })),
  bad('expired-ms', 'A millisecond past its end', reporting(), {
    now: HOUR * 1000 + 1,
  }),
  bad('too-far-ahead', 'Signed 61 s ahead', reporting({ claims: { iat: NOW_S + 61 } })),
  bad('too-long', 'A second more than 24 hours', reporting({ claims: { exp: NOW_S + DAY_S + 1 } })),
  bad('fraction', 'A time that is no integer', reporting({ claims: { exp: HOUR + 0.5 } })),
  bad('key', "By a key that is not the issuer's", reporting({ by: 'thief' })),
  bad('key-named', 'By another key than it names', reporting({ by: 'thief', kid: 'issuer' })),
  bad('retired', 'Signed when its key was retired', reporting(), { trust: retired(NOW_S) }),
  bad('typ', 'A statement of another type', reporting({ header: { typ: 'agent-statement+jwt' } })),
  bad('kid-missing', 'A header without a key', (w) => ({
    manifest: NEXT,
    version: signJws(w.issuer, { typ: VERSION_TYP }, { ...claimsOf() }),
  })),
  bad('alg', 'A header that names another algorithm', (w) => ({
    manifest: NEXT,
    version: rawJws(w.issuer, JSON.stringify({ ...headerOf(w), alg: 'EdDSA' }), JSON.stringify(claimsOf())),
  })),
  bad('alg-none', 'No signature', (w) => {
    const signed = rawJws(
      w.issuer,
      JSON.stringify({ ...headerOf(w), alg: 'none' }),
      JSON.stringify(claimsOf()),
    )
    return { manifest: NEXT, version: signed.replace(/[^.]*$/, '') }
  }),
  bad('jwk', 'A header that brings its key', (w) => ({
    manifest: NEXT,
    version: statement(w, {
      by: 'thief',
      kid: 'issuer',
      header: { jwk: { ...w.signer('thief').publicJwk } },
    }),
  })),
  bad('crit', 'A header with a member that nobody knows', reporting({ header: { crit: ['exp'] } })),
  bad('member', 'A claim that it has not', reporting({ claims: { note: 'x' } })),
  bad('trap-manifest-list', 'A version that is a list', reporting({ claims: { manifest: [NEXT] } })),
  bad('padded', 'Its signature with padding', (w) => ({ manifest: NEXT, version: `${statement(w)}==` })),
  bad('two-parts', 'A JWS of two parts', (w) => ({
    manifest: NEXT,
    version: statement(w).split('.').slice(0, 2).join('.'),
  })),
  bad('trap-name-twice', 'A claim that stands there twice', (w) => ({
    manifest: NEXT,
    version: rawJws(
      w.issuer,
      JSON.stringify(headerOf(w)),
      JSON.stringify(claimsOf()).replace('{', `{"agent":"${HELPER}",`),
    ),
  })),
  bad('trap-agent-statement', 'The statement about its key instead', (w) => ({
    manifest: NEXT,
    version: w.statement('agent-2'),
  })),
]

const claimsOf = (): JsonObject => ({ iss: ISS, agent: AGENT, manifest: NEXT, iat: NOW_S, exp: HOUR })
const headerOf = (w: World): JsonObject => ({
  alg: 'Ed25519',
  typ: VERSION_TYP,
  kid: thumbprint(w.crypto, w.issuer.publicJwk),
})

export const cases: readonly VersionCase[] = [...approved, ...refused]
