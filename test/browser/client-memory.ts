/** What a program with the OAuth client of the MCP SDK keeps between its steps. @module */
import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
} from '@modelcontextprotocol/client'

/** What the SDK has a program remember; the SDK does the rest. */
export class Memory implements OAuthClientProvider {
  readonly redirectUrl: string
  readonly clientMetadata: { client_name: string; redirect_uris: string[] }
  #client: StoredOAuthClientInformation | undefined
  #tokens: object | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined
  sentTo: URL | null = null

  /** @param known how it is registered, where it is */
  constructor(callback: string, known?: StoredOAuthClientInformation) {
    this.redirectUrl = callback
    this.clientMetadata = { client_name: 'Desk Assistant', redirect_uris: [callback] }
    this.#client = known
  }

  clientInformation = () => this.#client
  saveClientInformation = (client: object): void =>
    void (this.#client = client as StoredOAuthClientInformation)
  tokens = () => this.#tokens as never
  saveTokens = (tokens: object): void => void (this.#tokens = tokens)
  redirectToAuthorization = (url: URL): void => void (this.sentTo = url)
  saveCodeVerifier = (verifier: string): void => void (this.#verifier = verifier)
  codeVerifier = (): string => this.#verifier
  discoveryState = () => this.#discovered
  saveDiscoveryState = (state: OAuthDiscoveryState): void => void (this.#discovered = state)
  invalidateCredentials = (): void => void (this.#tokens = undefined)
}
