/** What whoever starts the control plane decides of its authorization server. spec/oauth.md. @module */
import type { OauthKeys } from './keys.ts'
import { publicFetch } from './public-fetch.ts'

/** The class of the agent that a client is, unless another was named (OAU-11). */
const CLIENT_CLASS = 'mcp-client'

export interface OauthOptions {
  /** Classes of agents by the host of a client: of its metadata document, or of where its answers go. */
  readonly clientClasses?: Readonly<Record<string, string>>
  /** Fetches metadata documents and keys of clients. From public addresses alone unless told otherwise. */
  readonly clientFetch?: typeof fetch
}

export interface OauthSettings {
  readonly keys: OauthKeys
  readonly fetch: typeof fetch
  readonly classOf: (host: string) => string
}

export function oauthSettings({ clientClasses, clientFetch }: OauthOptions, keys: OauthKeys): OauthSettings {
  const classes = new Map(Object.entries(clientClasses ?? {}))
  return {
    keys,
    fetch: clientFetch ?? publicFetch,
    classOf: (host) => classes.get(host) ?? CLIENT_CLASS,
  }
}
