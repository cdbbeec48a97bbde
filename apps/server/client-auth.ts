/**
 * Who calls an OAuth endpoint: a JWT by a registered key (`private_key_jwt`, RFC 7523), and the form that it comes in.
 * spec/status.md (STS-5).
 * Checked: form, type, issuer and subject, audience, times, signature, and that it was not used before.
 * @module
 */
import { z } from 'zod'
import { CoreError } from '../../src/core/errors.ts'
import { fromUtf8 } from '../../src/core/encoding.ts'
import { parseJws, verifyJws, type ParsedJws } from '../../src/core/sign.ts'
import { CLOCK_SKEW_MAX_S, seconds } from '../../src/core/time.ts'
import { findClient, type Client } from '../../src/registry/clients.ts'
import type { ServerContext } from './context.ts'
import { OAuthError } from './oauth-errors.ts'
import { replaysOf, type Replays } from './replay.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** How far ahead an assertion may end, in seconds. */
export const ASSERTION_LIFE_MAX_S = 300
/** An assertion, in characters: a real one has about 600. */
const ASSERTION_CHARS_MAX = 4096
/** RFC 7519 section 5.1, and the explicit type that is being added to RFC 7523. */
const ASSERTION_TYPES: readonly unknown[] = [undefined, 'JWT', 'client-authentication+jwt']

/** RFC 7523 section 3. Claims that it does not know are another's business (RFC 7519 section 4). */
const assertionSchema = z.object({
  iss: z.string().min(1).max(64),
  sub: z.string(),
  // With one audience alone, so that whoever else it was made for cannot use it here.
  aud: z.union([z.string(), z.tuple([z.string()])]),
  jti: z.string().min(1).max(256),
  iat: z.int(),
  nbf: z.int().exactOptional(),
  exp: z.int(),
})
type Assertion = z.infer<typeof assertionSchema>

export type Form = ReadonlyMap<string, string>

/**
 * RFC 6749 section 3.2: no parameter twice, an empty one is none, unknown ones are ignored.
 * @throws {OAuthError} `invalid_request`
 */
export function parseForm(contentType: string | undefined, body: Uint8Array): Form {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? ''))
    throw new OAuthError('invalid_request', 'the body is not application/x-www-form-urlencoded')
  const form = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(textOf(body))) {
    if (form.has(name)) throw new OAuthError('invalid_request', 'a parameter comes twice')
    form.set(name, value)
  }
  for (const [name, value] of form) if (value === '') form.delete(name)
  return form
}

function textOf(body: Uint8Array): string {
  try {
    return fromUtf8(body)
  } catch (cause) {
    throw new OAuthError('invalid_request', 'the body is not UTF-8', { cause })
  }
}

export class ClientAuthenticator {
  readonly #ctx: Pick<ServerContext, 'registry' | 'clock' | 'publicUrl'>
  readonly #started_s: number
  readonly #replays: Replays

  constructor(ctx: Pick<ServerContext, 'registry' | 'clock' | 'publicUrl'>) {
    this.#ctx = ctx
    this.#started_s = seconds(ctx.clock.now())
    this.#replays = replaysOf(ctx.registry.store.nodes, ctx.clock, (ASSERTION_LIFE_MAX_S + 1) * 1000)
  }

  /**
   * @param path of the endpoint
   * @throws {OAuthError} `invalid_client`; {ApiError} `TOO_MANY`
   */
  async authenticate(form: Form, path: string): Promise<Client> {
    const text = form.get('client_assertion')
    if (form.get('client_assertion_type') !== ASSERTION_TYPE || text === undefined)
      throw refused('authenticate with private_key_jwt: client_assertion_type and client_assertion')
    const { jws, claims } = parseAssertion(text)
    const { iss, sub, jti } = claims
    if (iss !== sub || (form.get('client_id') ?? iss) !== iss)
      throw refused('iss, sub and client_id are not the same')
    this.#assertGood(claims, path)
    const kid = typeof jws.header.kid === 'string' ? jws.header.kid : undefined
    const { registry } = this.#ctx
    const client = await registry.store.query((db) => findClient(registry, db, iss, kid))
    // One answer for who is unknown and for who does not hold the key.
    if (client === null || ![...client.keys.values()].some((key) => verifyJws(registry.crypto, jws, key)))
      throw refused(
        'the assertion is not by a key of this client in force: name the key by its thumbprint in kid',
      )
    if (!(await this.#replays.use(`assertion ${client.id}.${jti}`)))
      throw refused('the assertion was used before: make a new one for each request')
    return client
  }

  #assertGood({ aud, iat, nbf, exp }: Assertion, path: string): void {
    const { registry, clock, publicUrl } = this.#ctx
    const audience = typeof aud === 'string' ? aud : aud[0]
    if (![publicUrl(), publicUrl() + path, registry.iss].includes(audience))
      throw refused('aud is neither the issuer nor the endpoint')
    const now = seconds(clock.now())
    if (exp <= now) throw refused('the assertion has expired')
    if (exp > now + ASSERTION_LIFE_MAX_S)
      throw refused(`the assertion ends more than ${ASSERTION_LIFE_MAX_S} seconds ahead`)
    if (Math.max(iat, nbf ?? iat) > now + CLOCK_SKEW_MAX_S)
      throw refused('the assertion is of the future: check the clock')
    // What was used before the server started is forgotten.
    if (iat < this.#started_s) throw refused('the assertion is older than the server: make a new one')
  }
}

function parseAssertion(text: string): { jws: ParsedJws; claims: Assertion } {
  try {
    const jws = parseJws(text, ASSERTION_CHARS_MAX)
    const claims = assertionSchema.safeParse(jws.payload)
    if (!ASSERTION_TYPES.includes(jws.header.typ) || jws.header.jwk !== undefined || !claims.success)
      throw refused('the assertion does not fit: iss, sub, aud, jti, iat and exp are needed')
    return { jws, claims: claims.data }
  } catch (cause) {
    if (cause instanceof CoreError) throw refused('the assertion does not parse')
    throw cause
  }
}

function refused(message: string): OAuthError {
  return new OAuthError('invalid_client', message)
}
