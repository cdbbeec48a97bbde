/**
 * Computes from what is shown what a passkey is asked to sign. spec/people.md (CER-3). Pure: also runs in tests.
 * @module
 */

/** RFC 8785, for values that came out of JSON.parse. */
export function canonicalize(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalize).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalize(value[name])}`)
  return `{${members.join(',')}}`
}

export function toBase64url(bytes) {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/** A passkey that an authenticator is asked for, or is not to make again. @param id base64url */
export function passkeyOf(id) {
  return { type: 'public-key', id: fromBase64url(id) }
}

async function sha256(text) {
  return toBase64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

/** `base64url(SHA-256(tag || 0x00 || JCS(value)))`: DLG-4. */
export function challengeOf(tag, value) {
  return sha256(`${tag}\0${canonicalize(value)}`)
}

/** What stands in a disclosure of an SD-JWT, without its salt. */
export function disclosed(disclosure) {
  return JSON.parse(new TextDecoder().decode(fromBase64url(disclosure))).slice(1)
}

const inOrder = (a, b) => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Whether the challenge is a digest of all that is shown: for a root, whether each disclosure is one whose digest
 * stands in it, and none is missing.
 */
export async function isWhatItShows(challenge, { tag, value, disclosures = [] }) {
  if ((await challengeOf(tag, value)) !== challenge) return false
  const payload = tag === 'countersign-root-v1' ? value.payload : {}
  const digests = [
    ...(payload.authorization_details ?? []).map((grant) => grant['...']),
    ...(payload._sd ?? []),
  ]
  const given = await Promise.all(disclosures.map(sha256))
  return canonicalize(digests.toSorted(inOrder)) === canonicalize(given.toSorted(inOrder))
}
