/**
 * The issuer's word that a version of an agent is approved, and whether what a holder reports is covered by it.
 * spec/inventory.md (VER-4, VER-5). Not checked here: that the holder runs what it says. Nobody but it can tell.
 * @module
 */
import type { Crypto, Signer } from '../core/crypto.ts'
import { CountersignError } from '../core/errors.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseJws, signJws, verifyJws } from '../core/sign.ts'
import { CLOCK_SKEW_MAX_S } from '../core/time.ts'
import { STATEMENT_LIFE_MAX_S, VERSION_TYP } from './constants.ts'
import { TokenError } from './errors.ts'
import { hasOnly } from './header.ts'
import { isVersion, versionSchema, type VersionStatement } from './payload.ts'
import { issuerKeyOf, type ChainTrust } from './trust.ts'
import type { VerifiedChain } from './verify.ts'

/** What a holder says it runs: the digest of a manifest, and the issuer's word for one that the root does not name. */
export interface VersionReport {
  readonly manifest: string
  readonly version?: string
}

/** What of a verified chain says whose version it is. */
export type RunChain = Pick<VerifiedChain, 'iss' | 'agent'> & {
  readonly delegations: { readonly length: number }
  readonly root: { readonly agent: { readonly manifest: string } }
}

/** @throws {TokenError} `STATEMENT_INVALID`: it does not fit, or lives longer than an agent statement may */
export function signVersion(crypto: Crypto, issuer: Signer, statement: VersionStatement): string {
  const life = statement.exp - statement.iat
  if (!versionSchema.safeParse(statement).success || life <= 0 || life > STATEMENT_LIFE_MAX_S)
    throw new TokenError('STATEMENT_INVALID', 'a version statement lives at most 24 hours')
  const header = { typ: VERSION_TYP, kid: thumbprint(crypto, issuer.publicJwk) }
  return signJws(issuer, header, { ...statement })
}

/**
 * Until when what is reported counts as approved, in seconds: for ever when the root names it and is held by its own
 * agent, else until the issuer's statement ends.
 * @param now seconds
 * @returns null when it is not approved
 */
export function approvedUntil(
  crypto: Crypto,
  trust: ChainTrust,
  chain: RunChain,
  { manifest, version }: VersionReport,
  now: number,
): number | null {
  if (chain.delegations.length === 1 && manifest === chain.root.agent.manifest) return Infinity
  const issuer = trust.get(chain.iss)
  if (version === undefined || issuer === undefined) return null
  try {
    const jws = parseJws(version)
    const said: unknown = jws.payload
    if (!hasOnly(jws, ['kid']) || jws.header.typ !== VERSION_TYP || !isVersion(said)) return null
    const { jwk } = issuerKeyOf(issuer, jws, said.iat)
    const good =
      said.iss === chain.iss &&
      said.agent === chain.agent &&
      said.manifest === manifest &&
      said.exp > now &&
      said.iat <= now + CLOCK_SKEW_MAX_S &&
      said.exp - said.iat <= STATEMENT_LIFE_MAX_S &&
      verifyJws(crypto, jws, jwk)
    return good ? said.exp : null
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
