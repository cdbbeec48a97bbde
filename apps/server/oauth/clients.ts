/**
 * OAuth clients: what is taken of what they say of themselves, and what a person is told of them. spec/oauth.md (OAU-5).
 * @module
 */
import { errors } from 'oidc-provider'
import type { Clock } from '../../../src/ports/clock.ts'
import { isRedirectUri } from './urls.ts'

const REDIRECTS_MAX = 8
const URI_CHARS_MAX = 1_024
const NAME_CHARS_MAX = 64
const METHODS = ['none', 'private_key_jwt']
/** Metadata documents fetched in a minute: each is a request that a stranger makes this server send. */
const FETCHES_MAX = 60
const FETCHES_MS = 60_000

/** Of the metadata, what is looked at here. Everything of it is the client's word. */
interface ClientWords {
  redirect_uris?: unknown
  application_type?: unknown
  token_endpoint_auth_method?: unknown
  client_secret?: unknown
  client_secret_expires_at?: unknown
  client_name?: unknown
  authorization_details_types?: unknown
}

/**
 * For `oidc-provider`, before it reads the metadata itself. RFC 7591 section 2 lets a server put its own values in the
 * place of those asked for: nobody here keeps a secret, and an address that no web server has is a native client's.
 * @throws {errors.OIDCProviderError} `invalid_redirect_uri`, `invalid_client_metadata`
 */
export function settleMetadata(words: ClientWords): void {
  if (!METHODS.includes(String(words.token_endpoint_auth_method))) {
    words.token_endpoint_auth_method = 'none'
    delete words.client_secret
    delete words.client_secret_expires_at
  }
  if (words.client_name !== undefined && typeof words.client_name !== 'string')
    throw new errors.InvalidClientMetadata('client_name is not text')
  const uris = words.redirect_uris
  const isList = Array.isArray(uris) && uris.every((uri) => typeof uri === 'string')
  if (!isList || uris.length === 0 || uris.length > REDIRECTS_MAX)
    throw new errors.InvalidClientMetadata(`redirect_uris are 1 to ${REDIRECTS_MAX} addresses`)
  if (!Array.isArray(words.authorization_details_types) || words.authorization_details_types.length === 0)
    words.authorization_details_types = ['tool']
  if (!uris.some((uri) => uri.startsWith('https:'))) words.application_type = 'native'
  for (const uri of uris)
    if (uri.length > URI_CHARS_MAX || !isRedirectUri(uri, words.application_type === 'native'))
      throw new errors.InvalidClientMetadata(
        'redirect_uris are https, http at a loopback address, or of a scheme of a native program',
      )
}

/** What a person is told of a client. */
export interface ClientView {
  readonly id: string
  /** Its own word. */
  readonly name: string
  /** Where its metadata document is, which is proof of who it is; null for one that registered itself. */
  readonly host: string | null
  /** Where the answer goes: a host, or null for a program on the person's machine. */
  readonly goes_to: string | null
}

interface KnownClient {
  readonly clientId: string
  readonly clientName?: string | undefined
}

export function viewOfClient({ clientId, clientName }: KnownClient, redirectUri: string): ClientView {
  const document = clientId.startsWith('https://') ? URL.parse(clientId) : null
  const target = URL.parse(redirectUri)
  const isWeb = target?.protocol === 'https:'
  const host = document?.host ?? null
  return {
    id: clientId,
    name: plainName(clientName) ?? host ?? 'A client without a name',
    host,
    goes_to: isWeb ? target.host : null,
  }
}

/** Without what reorders, hides or breaks the text around it. */
function plainName(name: string | undefined): string | null {
  const plain = (name ?? '')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return plain === '' ? null : plain.slice(0, NAME_CHARS_MAX).trim()
}

/** Whether one more metadata document may be fetched now. */
export function fetchLimit(clock: Clock): (clientId: string) => boolean {
  const times: number[] = []
  return (clientId) => {
    const now = clock.monotonic()
    while ((times[0] ?? now) < now - FETCHES_MS) times.shift()
    if (clientId.length > URI_CHARS_MAX || times.length >= FETCHES_MAX) return false
    times.push(now)
    return true
  }
}
