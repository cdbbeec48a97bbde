/** Networks in CIDR (RFC 4632, RFC 4291), and whether an address lies in one. Pure. spec/service-accounts.md (SVC-1, SVC-8). @module */

interface Network {
  readonly bits: readonly number[]
  readonly prefix: number
}

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
/** An IPv4 address as a socket of IPv6 gives it. */
const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

/** Whether it is a network in CIDR, with no bit behind its prefix. */
export function isNetwork(text: string): boolean {
  return readNetwork(text) !== null
}

/** @param address as a socket gives it; what is none lies nowhere */
export function liesIn(address: string, networks: readonly string[]): boolean {
  const bytes = bytesOf(address)
  if (bytes === null) return false
  return networks.some((text) => {
    const network = readNetwork(text)
    return network !== null && network.bits.length === bytes.length * 8 && isWithin(bitsOf(bytes), network)
  })
}

function isWithin(bits: readonly number[], { bits: of, prefix }: Network): boolean {
  return of.slice(0, prefix).every((bit, i) => bit === bits[i])
}

function readNetwork(text: string): Network | null {
  const [address = '', length = '', ...more] = text.split('/')
  const bytes = bytesOf(address)
  if (bytes === null || more.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length)) return null
  const bits = bitsOf(bytes)
  const prefix = Number(length)
  return prefix > bits.length || bits.slice(prefix).includes(1) ? null : { bits, prefix }
}

function bitsOf(bytes: readonly number[]): number[] {
  return bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((at) => (byte >> at) & 1))
}

function bytesOf(address: string): number[] | null {
  const [, mapped] = MAPPED.exec(address) ?? []
  const v4 = V4.exec(mapped ?? address)
  if (v4 !== null) {
    const bytes = v4.slice(1).map(Number)
    return bytes.every((byte) => byte < 256) ? bytes : null
  }
  return v6Of(address)
}

/** Without a zone: `fe80::1%eth0` is of a link, and no network has it. */
function v6Of(address: string): number[] | null {
  const halves = address.split('::')
  if (halves.length > 2 || !address.includes(':')) return null
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}
