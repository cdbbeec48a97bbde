/**
 * The {@link Crypto} port over WebCrypto, for verification in a browser (docs/adr/0003). The port is synchronous and
 * WebCrypto is not: work is run again and again, each time with the answers that the run before it had to ask for.
 * Invariant: a result counts only if it comes from a run in which every answer was WebCrypto's.
 * @module
 */
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { fromBase64url } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'

/**
 * Runs of one piece of work, so that nobody's input makes us run for ever. Each run learns an answer: the longest chain
 * with 16 gestures takes 47 when what it hashes is prepared, and some milliseconds each.
 */
export const RUNS_MAX = 256

export type WebCryptoErrorCode = 'CRYPTO_UNAVAILABLE' | 'RUNS_TOO_MANY'

/** Faults of this adapter: an insecure page or a browser without Ed25519; work that asks for ever more. */
export class WebCryptoError extends CountersignError<WebCryptoErrorCode> {}

/**
 * Ends a run that asked for something not yet known. Not one of our errors, because those are answers to checks, and
 * never seen outside: a check that swallows it changes nothing, since the run does not count.
 */
class Pending extends Error {}

type Answer = Uint8Array | boolean

/** Decodes each byte to one character, and two bytes never to the same. */
const latin1 = new TextDecoder('latin1')

/**
 * Does `work` with WebCrypto. `work` must be pure, as verification is: it runs as often as it takes, and its calls of
 * `randomBytes` get the same bytes in each run. Its own error, from the run that counts, rejects the promise.
 * @param prepare what `work` will hash, as far as it is known: each digest here saves a run. Bounded by the caller.
 * @throws {WebCryptoError} `CRYPTO_UNAVAILABLE`, `RUNS_TOO_MANY`. Signing and key agreement throw a `TypeError`.
 */
export async function withWebCrypto<T>(
  work: (crypto: Crypto) => T,
  prepare: readonly Uint8Array[] = [],
): Promise<T> {
  const memo = new Memo()
  await Promise.all(prepare.map((data) => memo.learnDigest(data)))
  for (let run = 0; run < RUNS_MAX; run++) {
    memo.startRun()
    const result = attempt(() => work(memo.crypto))
    if (memo.asked.length === 0) {
      if ('value' in result) return result.value
      throw result.error
    }
    await Promise.all(memo.asked)
  }
  throw new WebCryptoError('RUNS_TOO_MANY', `not done after ${RUNS_MAX} runs`)
}

function attempt<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}

class Memo {
  /** What this run asked for and did not know. */
  asked: Promise<void>[] = []
  readonly #answers = new Map<string, Answer>()
  readonly #random: Uint8Array[] = []
  #randomAt = 0

  startRun(): void {
    this.asked = []
    this.#randomAt = 0
  }

  learnDigest(data: Uint8Array): Promise<void> {
    return this.#learn(nameOf('sha256', data), digest(data))
  }

  readonly crypto: Crypto = {
    randomBytes: (length) => this.#randomBytes(length),
    sha256: (data) => this.#bytes(nameOf('sha256', data), () => digest(data)),
    hmacSha256: (key, data) => this.#bytes(nameOf('hmac', key, data), () => mac(key, data)),
    verify: (key, data, signature) => {
      if (signature.length !== 64) return false
      const name = nameOf(`verify ${key.kty} ${key.x} ${key.kty === 'EC' ? key.y : ''}`, data, signature)
      return this.#known(name, () => verifySignature(key, data, signature)) === true
    },
    generateKey: unsupported,
    signer: unsupported,
    x25519: unsupported,
  }

  #bytes(name: string, ask: () => Promise<Uint8Array>): Uint8Array {
    const answer = this.#known(name, ask)
    if (!(answer instanceof Uint8Array)) throw new TypeError('a digest is bytes')
    return answer.slice() // the caller may write into what it gets
  }

  #known(name: string, ask: () => Promise<Answer>): Answer {
    const answer = this.#answers.get(name)
    if (answer !== undefined) return answer
    this.asked.push(this.#learn(name, ask()))
    throw new Pending('the answer is not known yet')
  }

  async #learn(name: string, answer: Promise<Answer>): Promise<void> {
    this.#answers.set(name, await answer)
  }

  #randomBytes(length: number): Uint8Array {
    const at = this.#randomAt++
    const bytes = this.#random[at] ?? globalThis.crypto.getRandomValues(new Uint8Array(length))
    if (bytes.length !== length) throw new TypeError('work with WebCrypto must be pure')
    this.#random[at] = bytes
    return bytes.slice()
  }
}

/** By content, not by the order of calls: an answer can never be given to another question. */
function nameOf(operation: string, ...parts: readonly Uint8Array[]): string {
  return [operation, ...parts.map((part) => `${part.length} ${latin1.decode(part)}`)].join('\n')
}

function subtle(): typeof globalThis.crypto.subtle {
  // A page that was not served over HTTPS or from localhost has `crypto` without it.
  const found = globalThis.crypto.subtle as typeof globalThis.crypto.subtle | undefined
  if (found === undefined) throw new WebCryptoError('CRYPTO_UNAVAILABLE', 'WebCrypto needs a secure context')
  return found
}

async function digest(data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await subtle().digest('SHA-256', new Uint8Array(data)))
}

async function mac(key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  // WebCrypto refuses an empty key. HMAC pads keys with zeros (RFC 2104 section 2), so one zero is the same key.
  const raw = key.length === 0 ? new Uint8Array(1) : new Uint8Array(key)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await subtle().importKey('raw', raw, algorithm, false, ['sign'])
  return new Uint8Array(await subtle().sign('HMAC', imported, new Uint8Array(data)))
}

/** False for what does not verify, a point off the curve included. */
export async function verifySignature(
  key: PublicJwk,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const [algorithm, imported] = await importKey(key)
    return await subtle().verify(algorithm, imported, new Uint8Array(signature), new Uint8Array(data))
  } catch (cause) {
    if (cause instanceof WebCryptoError) throw cause
    if (cause instanceof DOMException && cause.name === 'NotSupportedError') {
      throw new WebCryptoError('CRYPTO_UNAVAILABLE', `this browser has no ${key.crv}`, { cause })
    }
    return false
  }
}

async function importKey(key: PublicJwk) {
  if (key.kty === 'OKP') {
    const raw = new Uint8Array(fromBase64url(key.x))
    return ['Ed25519', await subtle().importKey('raw', raw, 'Ed25519', false, ['verify'])] as const
  }
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const { kty, crv, x, y } = key
  return [
    algorithm,
    await subtle().importKey('jwk', { kty, crv, x, y }, algorithm, false, ['verify']),
  ] as const
}

export function unsupported(): never {
  throw new TypeError('WebCrypto here verifies: it holds no keys')
}
