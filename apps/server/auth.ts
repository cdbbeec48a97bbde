/**
 * Who calls: DPoP proofs (RFC 9449) by a registered key, with the digest of the body. spec/api.md (API-1 to API-3).
 * Checked: typ, signature, method, target, body, time, and that the proof was not used before.
 * Residue: a proof made in the second in which the server restarts could be used once more after it.
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { CoreError } from '../../src/core/errors.ts'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { parseJws, verifyJws, type ParsedJws } from '../../src/core/sign.ts'
import { seconds } from '../../src/core/time.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { ApiError } from './errors.ts'
import type { Nodes } from '../../src/ports/nodes.ts'
import { REPLAY_MAX, replaysOf, type Replays } from './replay.ts'

/** How far `iat` may lie from our clock, either way, in seconds (API-2). */
export const PROOF_AGE_MAX_S = 60
/** A proof header, in characters: a real one has about 600. */
const PROOF_CHARS_MAX = 4096
/** A proof is accepted from 60 s before to 60 s after `iat`, so it is remembered this long. */
const REPLAY_MS = 2 * PROOF_AGE_MAX_S * 1000 + 1000

const common = { jti: z.string().min(16).max(128), htm: z.string(), htu: z.string(), iat: z.int() }
const claimsSchema = z.strictObject({ ...common, body_sha256: z.string() })
/** RFC 9449 section 4.2. Claims that it does not know are another's business (RFC 7519 section 4). */
const standardClaimsSchema = z.object(common)
type StandardClaims = z.infer<typeof standardClaimsSchema>

export interface SignedRequest {
  /** The header `DPoP`. */
  readonly proof: string | undefined
  readonly method: string
  /** The public URL, without query. */
  readonly url: string
  readonly body: Uint8Array
}

export interface VerifiedProof {
  readonly jwk: PublicJwk
  readonly jkt: string
  readonly jti: string
}

export class DpopVerifier {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #started_s: number
  readonly #replays: Replays

  constructor(crypto: Crypto, clock: Clock, nodes: Nodes | null = null, replayMax = REPLAY_MAX) {
    this.#crypto = crypto
    this.#clock = clock
    this.#started_s = seconds(clock.now())
    this.#replays = replaysOf(nodes, clock, REPLAY_MS, replayMax)
  }

  /**
   * Not checked: whose the key is, and whether the proof was used before (see {@link DpopVerifier.use}).
   * @throws {ApiError} `AUTH_MISSING`, `AUTH_MALFORMED`, `AUTH_TARGET_MISMATCH`, `AUTH_STALE`, `AUTH_BODY_MISMATCH`
   */
  verify(request: SignedRequest): VerifiedProof {
    const { claims, proof } = this.#check(request, claimsSchema)
    if (claims.body_sha256 !== base64url(this.#crypto.sha256(request.body))) {
      throw new ApiError('AUTH_BODY_MISMATCH', 'the proof is for another body')
    }
    return proof
  }

  /**
   * A proof as RFC 9449 has it, without the digest of the body: for clients that do not know ours.
   * Not checked: as {@link DpopVerifier.verify}, and that the body is the one that was sent.
   * @throws {ApiError} as {@link DpopVerifier.verify}
   */
  verifyStandard(request: Omit<SignedRequest, 'body'>): VerifiedProof {
    return this.#check(request, standardClaimsSchema).proof
  }

  /** Uses a proof up. Only for keys that we know, so that a stranger cannot fill the memory. */
  async use({ jkt, jti }: VerifiedProof): Promise<void> {
    if (!(await this.#replays.use(`proof ${jkt}.${jti}`)))
      throw new ApiError('AUTH_REPLAYED', 'the proof was used before: sign each request anew')
  }

  #check<C extends StandardClaims>(
    request: Omit<SignedRequest, 'body'>,
    schema: z.ZodType<C>,
  ): { claims: C; proof: VerifiedProof } {
    if (request.proof === undefined || request.proof === '') {
      throw new ApiError('AUTH_MISSING', 'sign the request with your key: header DPoP, spec/api.md')
    }
    const { jws, jwk } = this.#parse(request.proof)
    const parsed = schema.safeParse(jws.payload)
    if (!parsed.success) throw malformed('its claims do not fit')
    const claims = parsed.data
    const { htm, htu, iat, jti } = claims
    if (htm !== request.method || htu !== request.url) {
      throw new ApiError('AUTH_TARGET_MISMATCH', `the proof is not for ${request.method} ${request.url}`)
    }
    const now = seconds(this.#clock.now())
    if (Math.abs(now - iat) > PROOF_AGE_MAX_S || iat < this.#started_s) {
      throw new ApiError(
        'AUTH_STALE',
        'the proof is too old, of the future, or older than the server: check the clock',
      )
    }
    return { claims, proof: { jwk, jkt: thumbprint(this.#crypto, jwk), jti } }
  }

  #parse(proof: string): { jws: ParsedJws; jwk: PublicJwk } {
    try {
      const jws = parseJws(proof, PROOF_CHARS_MAX)
      const jwk = publicJwk(jws.header.jwk)
      if (jws.header.typ !== 'dpop+jwt') throw malformed('it is of another type')
      if (!verifyJws(this.#crypto, jws, jwk)) throw malformed('its signature does not verify')
      return { jws, jwk }
    } catch (cause) {
      if (cause instanceof CoreError) throw malformed('it does not parse')
      throw cause
    }
  }
}

function malformed(what: string): ApiError {
  return new ApiError('AUTH_MALFORMED', `the DPoP proof is not good: ${what}`)
}
