/**
 * Which addresses of the internet are somebody else's: not this machine, not its network. For requests to places that
 * a caller named (spec/signals.md, SIG-9). The name is resolved once, and what is checked is what is connected to.
 * @module
 */
import { lookup as resolve, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** IANA's special-purpose registries: what is not globally reachable, or stands for another address. */
const PRIVATE: readonly (readonly [network: string, prefix: number])[] = [
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
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

/** Of IPv6 the global unicast addresses alone. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const blocked = new BlockList()
for (const [network, prefix] of PRIVATE) {
  blocked.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4')
}

/** @param address an IP address, without brackets or zone */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 6 && !global6.check(address, 'ipv6')) return false
  return family !== 0 && !blocked.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** A host of a URL that is an address itself is looked up by nobody. @returns false for one that is not public */
export function mayBePublic(hostname: string): boolean {
  const literal = hostname.replace(/^\[|\]$/g, '')
  return isIP(literal) === 0 || isPublicAddress(literal)
}

/** In place of Node's own: fails when any address of the name is not public. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, found) => {
    const addresses = error === null ? found : []
    const [first] = addresses
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      callback(error ?? new Error(`${hostname} is not a public address`), '', 0)
      return
    }
    if (options.all === true) (callback as (error: null, all: LookupAddress[]) => void)(null, addresses)
    else callback(null, first.address, first.family)
  })
}

/**
 * The address of a host that a caller named, for what is not HTTP.
 * @param isAnywhere also one of this machine and of its network
 * @throws when there is none, or it is not public
 */
export function publicAddressOf(hostname: string, isAnywhere: boolean): Promise<string> {
  return new Promise((done, fail) => {
    if (!isAnywhere && !mayBePublic(hostname)) throw new Error('not a public address')
    const look = isAnywhere ? resolve : publicLookup
    look(hostname, { all: false }, (error, address) => {
      if (error !== null || typeof address !== 'string' || address === '')
        fail(error ?? new Error('no address'))
      else done(address)
    })
  })
}
