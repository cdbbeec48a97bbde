/**
 * Fetches what a client publishes of itself, from public addresses alone. spec/oauth.md (OAU-5).
 * Invariant: the address that is looked at is the one that is connected to, and nothing is sent to any other: the name
 * may resolve to something else the next time.
 * @module
 */
import { request } from 'node:https'
import { mayBePublic, publicLookup } from '../../../src/adapters/http/public-address.ts'

const BYTES_MAX = 64 * 1024

/** `fetch` as the authorization server uses it: GET, no redirects, a small body. */
export async function publicFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { url, headers, signal } = new Request(input, init)
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'https:' || !mayBePublic(hostname)) throw new Error('not an https URL of a public address')
  return new Promise((answer, fail) => {
    const options = { lookup: publicLookup, signal, agent: false, headers: Object.fromEntries(headers) }
    request(url, options, (response) => {
      const parts: Buffer[] = []
      let bytes = 0
      response.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > BYTES_MAX) response.destroy(new Error('the answer is too large'))
        else parts.push(part)
      })
      response.on('error', fail)
      response.on('end', () => {
        const kept = Object.entries(response.headers).filter(([, value]) => typeof value === 'string')
        const status = response.statusCode ?? 500
        const body = status === 204 || status === 304 ? null : Buffer.concat(parts)
        answer(new Response(body, { status, headers: Object.fromEntries(kept) as Record<string, string> }))
      })
    })
      .on('error', fail)
      .end()
  })
}
