/**
 * The identity provider of a company, as `openid-client` speaks with it: discovered when it is first needed.
 * spec/identity.md (IDN-1 to IDN-3).
 * Invariant: nothing of an answer is believed before state, issuer, signature, audience, nonce and times were checked.
 * @module
 */
import { createRemoteJWKSet, customFetch as joseFetch, importJWK, type JWTVerifyGetKey } from 'jose'
import * as client from 'openid-client'
import type { Clock } from '../../../src/ports/clock.ts'
import { ApiError } from '../errors.ts'
import { DEFAULT_MATCH, scopesOf, type ClientProof, type OidcSettings } from './settings.ts'

/** Of one request to the provider, in seconds. */
const TIMEOUT_S = 10
/** After a discovery that failed nobody asks again for so long, in milliseconds. */
const RETRY_MS = 5_000
/** How far clocks may lie apart, in seconds. */
const SKEW_S = 30

/** What a flow is held against. */
export interface Expected {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** Whom the provider spoke of. */
export interface SignedIn {
  readonly iss: string
  readonly sub: string
  readonly sid: string | null
  /** The claim of the match (IDN-10): a text, or null. */
  readonly matched: string | null
}

export class OidcProvider {
  readonly settings: OidcSettings
  readonly #clock: Clock
  #discovered: Promise<client.Configuration> | null = null
  #failedAt: number | null = null
  #keys: JWTVerifyGetKey | null = null

  constructor(settings: OidcSettings, clock: Clock) {
    this.settings = settings
    this.#clock = clock
  }

  /** Where the browser goes. @throws {ApiError} `PROVIDER_AWAY` */
  async authorizationUrl(
    redirect_uri: string,
    { state, nonce, verifier }: Expected,
    login: boolean,
  ): Promise<URL> {
    const { prompt, maxAgeS } = this.settings
    const asked = login ? 'login' : prompt
    return client.buildAuthorizationUrl(await this.#config(), {
      redirect_uri,
      response_type: 'code',
      scope: scopesOf(this.settings),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(asked === undefined ? {} : { prompt: asked }),
      ...(maxAgeS === undefined ? {} : { max_age: String(maxAgeS) }),
    })
  }

  /**
   * Redeems the code of an answer.
   * @param answered the callback as the browser was sent there, with the registered origin and path
   * @throws {ApiError} `PROVIDER_AWAY`, `SIGN_IN_REFUSED`: the message names the check by the library's code alone
   */
  async redeem(answered: URL, { state, nonce, verifier }: Expected): Promise<SignedIn> {
    const config = await this.#config()
    const { maxAgeS } = this.settings
    try {
      const tokens = await client.authorizationCodeGrant(config, answered, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
        ...(maxAgeS === undefined ? {} : { maxAge: maxAgeS }),
      })
      const claims = tokens.claims()
      if (claims === undefined) throw refused('there is no ID token')
      const { iss, sub, sid } = claims
      const { claim } = this.settings.match ?? DEFAULT_MATCH
      const told = claim in claims ? claims : await this.#userInfo(config, tokens.access_token, sub)
      return { iss, sub, sid: typeof sid === 'string' ? sid : null, matched: claimIn(told, claim) }
    } catch (cause) {
      throw faultOf(cause)
    }
  }

  async #userInfo(
    config: client.Configuration,
    token: string,
    sub: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    if (config.serverMetadata().userinfo_endpoint === undefined) return {}
    return client.fetchUserInfo(config, token, sub)
  }

  /** @returns null: the provider ends no sessions on request. @throws {ApiError} `PROVIDER_AWAY` */
  async endSessionUrl(back: string): Promise<URL | null> {
    const config = await this.#config()
    if (config.serverMetadata().end_session_endpoint === undefined) return null
    return client.buildEndSessionUrl(config, { post_logout_redirect_uri: back })
  }

  /** What verifies what the provider signs, and with which algorithms. @throws {ApiError} `PROVIDER_AWAY` */
  async verification(): Promise<{ readonly keys: JWTVerifyGetKey; readonly algorithms: string[] }> {
    const metadata = (await this.#config()).serverMetadata()
    const { jwks_uri, id_token_signing_alg_values_supported: said = ['RS256'] } = metadata
    if (jwks_uri === undefined) throw new ApiError('PROVIDER_AWAY', 'the identity provider publishes no keys')
    this.#keys ??= createRemoteJWKSet(new URL(jwks_uri), {
      [joseFetch]: fetch,
      timeoutDuration: TIMEOUT_S * 1000,
    })
    return { keys: this.#keys, algorithms: said.filter((alg) => alg !== 'none' && !alg.startsWith('HS')) }
  }

  #config(): Promise<client.Configuration> {
    const now = this.#clock.monotonic()
    if (this.#failedAt !== null && now - this.#failedAt < RETRY_MS) throw away()
    this.#discovered ??= this.#discover().catch((cause: unknown) => {
      this.#discovered = null
      this.#failedAt = this.#clock.monotonic()
      throw away(cause)
    })
    return this.#discovered
  }

  async #discover(): Promise<client.Configuration> {
    const { issuer, clientId, proof } = this.settings
    const url = new URL(issuer)
    const metadata = { [client.clockTolerance]: SKEW_S }
    const execute = [client.enableNonRepudiationChecks]
    if (isLoopback(url)) execute.push(client.allowInsecureRequests)
    const found = await client.discovery(url, clientId, metadata, await authenticationOf(proof), {
      execute,
      timeout: TIMEOUT_S,
    })
    this.#failedAt = null
    return found
  }
}

/** Without TLS nobody else may be on the way (IDN-1). */
export function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

async function authenticationOf(proof: ClientProof): Promise<client.ClientAuth> {
  if (proof.kind === 'secret') return client.ClientSecretBasic(proof.secret)
  const { jwk } = proof
  const key = await importJWK(jwk)
  if (!('algorithm' in key)) throw new Error('the key is symmetric')
  return client.PrivateKeyJwt(typeof jwk.kid === 'string' ? { key, kid: jwk.kid } : key)
}

/** An address that the provider did not verify is whatever somebody typed. */
function claimIn(claims: Readonly<Record<string, unknown>>, claim: string): string | null {
  const value = claims[claim]
  if (claim === 'email' && claims.email_verified !== true) return null
  return typeof value === 'string' && value !== '' ? value : null
}

function away(cause?: unknown): ApiError {
  return new ApiError(
    'PROVIDER_AWAY',
    'the identity provider cannot be reached, or does not describe itself as it should: see the log of the server',
    { cause },
  )
}

function refused(why: string): ApiError {
  return new ApiError('SIGN_IN_REFUSED', `the answer of the identity provider does not hold: ${why}`)
}

/** What the library found, without a word that the request or the provider wrote but an OAuth error code. */
function faultOf(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause
  if (cause instanceof client.AuthorizationResponseError || cause instanceof client.ResponseBodyError)
    return refused(/^[a-z_]{1,64}$/.test(cause.error) ? cause.error : 'it is an error')
  if (cause instanceof client.ClientError && cause.code === 'OAUTH_TIMEOUT') return away(cause)
  if (cause instanceof client.ClientError) return refused(cause.code ?? 'it does not verify')
  // What `fetch` throws where nobody answers.
  return cause instanceof TypeError ? away(cause) : refused('it does not verify')
}
