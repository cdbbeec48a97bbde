/**
 * The {@link Crypto} port for long work in a browser, such as a whole pack. Digests are computed at once, in plain code;
 * signatures are WebCrypto's, which answers later: a run takes each for good and notes the question, and all questions
 * are answered together afterwards. Where one was taken wrongly, the work runs again with what is known by then.
 * Invariant: a result counts only if every signature in its run was answered by WebCrypto as the run took it.
 * @module
 */
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { plainHmacSha256, plainSha256, plainSha256Parts } from './sha256.ts'
import { unsupported, verifySignature, WebCryptoError } from './web-crypto.ts'

/** Runs of one piece of work. Each but the last finds a signature that does not hold: what depends on it is new. */
export const BATCHES_MAX = 64
/** Signatures asked for at once. */
const TOGETHER = 256

interface Question {
  readonly key: PublicJwk
  readonly data: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Does `work` with WebCrypto. It must be pure: it runs as often as it takes.
 * @param onSignatures told how many of the signatures of a run were verified
 * @throws {WebCryptoError} `CRYPTO_UNAVAILABLE`, `RUNS_TOO_MANY`
 */
export async function inBatches<T>(
  work: (crypto: Crypto) => Promise<T>,
  onSignatures: (done: number, of: number) => void = () => undefined,
): Promise<T> {
  const answers = new Map<string, boolean>()
  for (let run = 0; run < BATCHES_MAX; run++) {
    const asked = new Map<string, Question>()
    const result = await settled(work(cryptoOver(answers, asked)))
    const allHold = await answer(asked, answers, onSignatures)
    if (!allHold) continue
    if ('value' in result) return result.value
    throw result.error
  }
  throw new WebCryptoError('RUNS_TOO_MANY', `not done after ${BATCHES_MAX} runs`)
}

async function settled<T>(work: Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await work }
  } catch (error) {
    return { error }
  }
}

/** For work that asks for digests alone. */
export const digestsAlone: Crypto = {
  randomBytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  sha256: plainSha256,
  sha256Parts: plainSha256Parts,
  // A copy in between costs little of what the platform saves; it takes nothing that is shared.
  sha256Later: async (data) => new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', data)),
  hmacSha256: plainHmacSha256,
  verify: unsupported,
  generateKey: unsupported,
  signer: unsupported,
  x25519: unsupported,
}

function cryptoOver(answers: ReadonlyMap<string, boolean>, asked: Map<string, Question>): Crypto {
  return {
    ...digestsAlone,
    verify: (key, data, signature) => {
      if (signature.length !== 64) return false
      const name = nameOf(key, data, signature)
      const known = answers.get(name)
      if (known === undefined) asked.set(name, { key, data: data.slice(), signature: signature.slice() })
      return known ?? true
    },
  }
}

/** By content: an answer can never be given to another question. */
function nameOf(key: PublicJwk, data: Uint8Array, signature: Uint8Array): string {
  const y = key.kty === 'EC' ? key.y : ''
  return `${key.kty} ${key.x} ${y} ${base64url(plainSha256(data))} ${base64url(signature)}`
}

/** @returns whether all hold, as the run took them */
async function answer(
  asked: ReadonlyMap<string, Question>,
  answers: Map<string, boolean>,
  onSignatures: (done: number, of: number) => void,
): Promise<boolean> {
  let allHold = true
  const all = [...asked]
  for (let from = 0; from < all.length; from += TOGETHER) {
    const some = all.slice(from, from + TOGETHER)
    const verified = await Promise.all(
      some.map(
        async ([name, { key, data, signature }]) =>
          [name, await verifySignature(key, data, signature)] as const,
      ),
    )
    for (const [name, holds] of verified) {
      answers.set(name, holds)
      allHold &&= holds
    }
    onSignatures(from + some.length, all.length)
  }
  return allHold
}
