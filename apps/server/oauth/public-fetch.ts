/**
 * Fetches what a client publishes of itself, from public addresses alone. spec/oauth.md (OAU-5).
 * Invariant: the address that is looked at is the one that is connected to, and nothing is sent to any other: the name
 * may resolve to something else the next time.
 * @module
 */
import { lookup as resolve } from 'node:dns'
import { request } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const BYTES_MAX = 64 * 1024

/** Special-purpose addresses (RFC 6890 and its registries). */
const inside = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inside.addSubnet(net, prefix, 'ipv4')

/** Of IPv6 the global unicast addresses, without those that stand for others. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const inside6 = new BlockList()
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  inside6.addSubnet(net, prefix, 'ipv6')

export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !inside.check(address, 'ipv4')
  return family === 6 && global6.check(address, 'ipv6') && !inside6.check(address, 'ipv6')
}

const publicLookup: LookupFunction = (host, options, answer) => {
  resolve(host, { ...options, all: true }, (error, found) => {
    if (error) return answer(error, '', 0)
    const [first] = found
    if (first === undefined || !found.every(({ address }) => isPublicAddress(address)))
      return answer(new Error('the name is of no public address'), '', 0)
    return options.all === true ? answer(null, found) : answer(null, first.address, first.family)
  })
}

/** `fetch` as the authorization server uses it: GET, no redirects, a small body. */
export async function publicFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { url, headers, signal } = new Request(input, init)
  const { protocol, hostname } = new URL(url)
  const host = hostname.replaceAll(/[[\]]/g, '')
  if (protocol !== 'https:' || (isIP(host) !== 0 && !isPublicAddress(host)))
    throw new Error('not an https URL of a public address')
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
