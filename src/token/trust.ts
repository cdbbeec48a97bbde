/**
 * Whom a verifier trusts, and the issuer's statements about agents' keys. spec/delegation.md (DLG-7, DLG-8).
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import type { IssuerRecord } from '../core/issuer.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { parseJws, verifyJws, type ParsedJws } from '../core/sign.ts'
import { CLOCK_SKEW_MAX_S } from '../core/time.ts'
import { STATEMENT_LIFE_MAX_S, STATEMENT_TYP } from './constants.ts'
import { TokenError } from './errors.ts'
import type { RelyingParty } from './gesture.ts'
import { hasOnly } from './header.ts'
import { isStatement } from './payload.ts'

export interface IssuerKey {
  readonly jwk: PublicJwk
  /** Seconds: what says that it was signed then or later is refused. Null while the key is in use. */
  readonly retired_at: number | null
}

/** An issuer as a verifier pins it: a namespace with keys and people of its own (DLG-8). */
export interface TrustedIssuer {
  /** By thumbprint. */
  readonly keys: ReadonlyMap<string, IssuerKey>
  readonly rp: RelyingParty
}

/** Whom a verifier trusts: issuers by name. A compromised key is not in here. */
export type ChainTrust = ReadonlyMap<string, TrustedIssuer>

/** An issuer as a trust list has it (KEY-6). @throws {CoreError} `KEY_INVALID` */
export function issuerOfRecord(crypto: Crypto, { rp_id, origins, keys }: IssuerRecord): TrustedIssuer {
  const byKid = new Map<string, IssuerKey>()
  for (const key of keys) {
    const jwk = publicJwk(key.jwk)
    byKid.set(thumbprint(crypto, jwk), { jwk, retired_at: key.retired_at ?? null })
  }
  return { keys: byKid, rp: { rp_id, origins } }
}

/** @throws {TokenError} `ISSUER_UNKNOWN` */
export function trustedIssuer(trust: ChainTrust, iss: string): TrustedIssuer {
  const issuer = trust.get(iss)
  if (issuer === undefined) throw new TokenError('ISSUER_UNKNOWN', 'the issuer is not trusted')
  return issuer
}

/**
 * The key that a token names, if it may have signed it.
 * @param iat seconds: when the token says that it was signed
 * @throws {TokenError} `ISSUER_UNKNOWN`, `KEY_RETIRED`
 */
export function issuerKeyOf(
  issuer: Pick<TrustedIssuer, 'keys'>,
  jws: ParsedJws,
  iat: number,
): { readonly kid: string; readonly jwk: PublicJwk } {
  const { kid } = jws.header
  const key = typeof kid === 'string' ? issuer.keys.get(kid) : undefined
  if (typeof kid !== 'string' || key === undefined)
    throw new TokenError('ISSUER_UNKNOWN', 'the key is not one of the issuer')
  if (key.retired_at !== null && iat >= key.retired_at)
    throw new TokenError('KEY_RETIRED', 'the key was retired when this was signed')
  return { kid, jwk: key.jwk }
}

/** What an issuer says of a hop's agent. `exp` in seconds. */
export interface CheckedStatement {
  readonly agent: string
  readonly class: string
  /** Thumbprint of the issuer's key. */
  readonly kid: string
  readonly exp: number
}

/**
 * The identity of a hop's agent, from the word of the root's issuer alone (DLG-7).
 * @param holder gives the thumbprint of the key that the hop is bound to; asked once the signature is good
 * @param now seconds
 * @throws {TokenError} `STATEMENT_INVALID`, `ISSUER_UNKNOWN`, `KEY_RETIRED`; {CoreError} when it does not parse
 */
export function checkStatement(
  crypto: Crypto,
  issuer: { readonly iss: string; readonly trusted: TrustedIssuer },
  statement: string,
  holder: () => string,
  now: number,
): CheckedStatement {
  const jws = parseJws(statement)
  if (!hasOnly(jws, ['kid']))
    throw new TokenError('TOKEN_MALFORMED', 'the header of a statement has a member that it has not')
  const said: unknown = jws.payload
  if (jws.header.typ !== STATEMENT_TYP || !isStatement(said)) {
    throw new TokenError('STATEMENT_INVALID', 'the agent statement does not fit its schema')
  }
  const { iss, iat, exp, jkt, agent, class: agentClass } = said
  if (iss !== issuer.iss)
    throw new TokenError('STATEMENT_INVALID', 'the agent statement is by another issuer than the root')
  const key = issuerKeyOf(issuer.trusted, jws, iat)
  const good =
    verifyJws(crypto, jws, key.jwk) &&
    jkt === holder() &&
    exp > now &&
    iat <= now + CLOCK_SKEW_MAX_S &&
    exp - iat <= STATEMENT_LIFE_MAX_S
  if (!good) throw new TokenError('STATEMENT_INVALID', 'the agent statement does not hold')
  return { agent, class: agentClass, kid: key.kid, exp }
}
