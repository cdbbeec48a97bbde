/** Identifiers (src/core/ids.ts) as four words of 32 bits, as the table of subjects keeps them. @module */
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'
const CHARS = 26
const PREFIX = 4
export const ID_WORDS = 4

const VALUES: readonly number[] = Array.from({ length: 128 }, (_, code) =>
  CROCKFORD.indexOf(String.fromCharCode(code)),
)

/** @returns false: it is no identifier of 128 bits, and nothing good was written */
export function packId(id: string, prefix: string, into: Uint32Array, at: number): boolean {
  if (id.length !== PREFIX + CHARS || !id.startsWith(`${prefix}_`)) return false
  into.fill(0, at, at + ID_WORDS)
  for (let i = 0; i < CHARS; i++) {
    const value = VALUES[id.charCodeAt(PREFIX + i)] ?? -1
    // 26 characters hold 130 bits.
    if (value < 0 || (i === 0 && value > 7)) return false
    const bit = (CHARS - 1 - i) * 5
    const word = at + (bit >>> 5)
    const shift = bit & 31
    into[word] = (into[word] ?? 0) | (value << shift)
    if (shift > 27 && (bit >>> 5) + 1 < ID_WORDS)
      into[word + 1] = (into[word + 1] ?? 0) | (value >>> (32 - shift))
  }
  return true
}

export function unpackId(prefix: string, from: Uint32Array, at: number): string {
  let text = `${prefix}_`
  for (let i = 0; i < CHARS; i++) {
    const bit = (CHARS - 1 - i) * 5
    const word = bit >>> 5
    const shift = bit & 31
    const low = (from[at + word] ?? 0) >>> shift
    const high = shift > 27 && word + 1 < ID_WORDS ? (from[at + word + 1] ?? 0) << (32 - shift) : 0
    text += CROCKFORD.charAt((low | high) & 31)
  }
  return text
}
