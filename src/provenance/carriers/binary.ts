/** Bytes as text of one character each, and back: what git and mail are made of is lines of bytes, in whatever encoding. @module */

/** Characters that one call takes: more overflow the stack. */
const CHUNK = 8192

/** One character a byte, U+0000 to U+00FF. */
export function toBinary(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += CHUNK)
    parts.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)))
  return parts.join('')
}

/** The bytes of {@link toBinary}. A character above U+00FF loses its upper half: there is none in what toBinary gave. */
export function fromBinary(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
