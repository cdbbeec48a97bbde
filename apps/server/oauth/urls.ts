/** Which URLs the authorization server takes: of resources, of redirects, of its own page. spec/oauth.md (OAU-1, OAU-5, OAU-15). @module */
import type { ServerContext } from '../context.ts'

const LOOPBACKS = new Set(['localhost', '127.0.0.1', '[::1]'])

/** `https`, or `http` that never leaves the machine; nothing that makes two URLs of one. */
export function isSecureUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || text.includes('#') || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACKS.has(url.hostname))
}

/** Schemes by which a browser runs or shows what an address holds, instead of handing it to a program. */
const RUNS = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'about:',
  'filesystem:',
  'view-source:',
])
/** Those that are no program's own. */
const PUBLIC = new Set(['http:', 'https:', 'ws:', 'wss:', 'ftp:', 'mailto:', 'tel:', 'sms:', 'intent:'])

/** @param isNative RFC 8252: a program on the person's machine, which may have a scheme of its own */
export function isRedirectUri(text: string, isNative: boolean): boolean {
  const url = URL.parse(text)
  if (url === null || text.includes('#')) return false
  if (isSecureUrl(text)) return true
  return isNative && !RUNS.has(url.protocol) && !PUBLIC.has(url.protocol)
}

/** Where passkeys work: a pinned origin that this server is reached at, else where it is reached and they do not. */
export function pageOrigin(ctx: Pick<ServerContext, 'publicUrl' | 'hosts' | 'settings'>): string {
  const { origin } = new URL(ctx.publicUrl())
  const { origins } = ctx.settings
  if (origins.includes(origin)) return origin
  return origins.find((each) => ctx.hosts().has(URL.parse(each)?.host ?? '')) ?? origin
}
