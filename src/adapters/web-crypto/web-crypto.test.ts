/** What WebCrypto answers through the port is what node:crypto answers. A real browser: test/browser. @module */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alg, Crypto } from '../../core/crypto.ts'
import { concat, utf8 } from '../../core/encoding.ts'
import { nodeCrypto } from '../node-crypto/node-crypto.ts'
import { RUNS_MAX, withWebCrypto } from './web-crypto.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

describe('the answers of WebCrypto are those of node:crypto', () => {
  test('for digests, and for MACs by any key, the empty one included', async () => {
    const property = fc.asyncProperty(bytes, bytes, async (key, data) => {
      const work = (crypto: Crypto): Uint8Array[] => [crypto.sha256(data), crypto.hmacSha256(key, data)]
      expect(await withWebCrypto(work)).toEqual(work(nodeCrypto))
    })
    await fc.assert(property, { examples: [[new Uint8Array(), new Uint8Array()]], numRuns: 50 })
  })

  test.each<Alg>(['Ed25519', 'ES256'])('for %s signatures: their data alone, 64 bytes', async (alg) => {
    const signer = nodeCrypto.signer(nodeCrypto.generateKey(alg))
    const stranger = nodeCrypto.signer(nodeCrypto.generateKey(alg)).publicJwk
    const signature = signer.sign(utf8('data'))
    const work = (crypto: Crypto): boolean[] => [
      crypto.verify(signer.publicJwk, utf8('data'), signature),
      crypto.verify(signer.publicJwk, utf8('date'), signature),
      crypto.verify(stranger, utf8('data'), signature),
      crypto.verify(signer.publicJwk, utf8('data'), signature.subarray(1)),
      crypto.verify(signer.publicJwk, utf8('data'), concat(signature, Uint8Array.of(0))),
      crypto.verify(signer.publicJwk, utf8('data'), new Uint8Array(64)),
    ]
    expect(await withWebCrypto(work)).toEqual([true, false, false, false, false, false])
    expect(work(nodeCrypto)).toEqual([true, false, false, false, false, false])
  })

  test('for keys that are none: a point off the curve, a coordinate that is no base64url', async () => {
    const { publicJwk: point } = nodeCrypto.signer(nodeCrypto.generateKey('ES256'))
    const { publicJwk: edwards } = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const work = (crypto: Crypto): boolean[] =>
      [
        { ...point, y: point.x },
        { ...edwards, x: '=' },
        { ...edwards, x: 'AAAA' },
      ].map((key) => crypto.verify(key as typeof point, utf8('data'), new Uint8Array(64)))
    expect(await withWebCrypto(work)).toEqual([false, false, false])
    expect(work(nodeCrypto)).toEqual([false, false, false])
  })
})

describe('work with WebCrypto', () => {
  test('runs once more for each answer, and only once when all of them were prepared', async () => {
    const texts = ['a', 'b', 'c'].map(utf8)
    let runs = 0
    const work = (crypto: Crypto): Uint8Array[] => {
      runs++
      return texts.map((text) => crypto.sha256(text))
    }
    expect(await withWebCrypto(work)).toEqual(work(nodeCrypto))
    expect(runs).toBe(3 + 1 + 1)
    runs = 0
    expect(await withWebCrypto(work, texts)).toEqual(texts.map((text) => nodeCrypto.sha256(text)))
    expect(runs).toBe(1)
  })

  test('gets the right answer though it swallows whatever is thrown', async () => {
    const signer = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const signature = signer.sign(utf8('data'))
    const swallowing = (crypto: Crypto): string => {
      try {
        return crypto.verify(signer.publicJwk, utf8('data'), signature) ? 'good' : 'bad'
      } catch {
        return 'bad'
      }
    }
    expect(await withWebCrypto(swallowing)).toBe('good')
  })

  test('rejects with its own error, after it has had every answer that it asked for', async () => {
    const work = (crypto: Crypto): never => {
      throw new RangeError(String(crypto.sha256(utf8('abc'))[0]))
    }
    await expect(withWebCrypto(work)).rejects.toThrow(new RangeError('186'))
  })

  test('sees the same random bytes in each run, and others in the next work', async () => {
    const seen: string[] = []
    const work = (crypto: Crypto): string => {
      seen.push(String([crypto.randomBytes(16), crypto.randomBytes(16)]))
      return String(crypto.sha256(crypto.randomBytes(8)))
    }
    const first = await withWebCrypto(work)
    expect(seen).toHaveLength(2)
    expect(new Set(seen).size).toBe(1)
    expect(await withWebCrypto(work)).not.toBe(first)
  })

  test('cannot spoil an answer by writing into it', async () => {
    const work = (crypto: Crypto): Uint8Array => crypto.sha256(utf8('abc')).fill(0, 0, 1)
    const spoilt = await withWebCrypto((crypto) => [work(crypto), crypto.sha256(utf8('abc'))])
    expect(spoilt[1]).toEqual(nodeCrypto.sha256(utf8('abc')))
  })

  test(`ends after ${RUNS_MAX} runs`, async () => {
    let n = 0
    const endless = (crypto: Crypto): Uint8Array => crypto.sha256(utf8(String(n++)))
    await expect(withWebCrypto(endless)).rejects.toThrowWithCode('RUNS_TOO_MANY')
    expect(n).toBe(RUNS_MAX)
  })

  test('cannot sign or agree on a key', async () => {
    const { publicJwk } = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    await expect(withWebCrypto((crypto) => crypto.generateKey('Ed25519'))).rejects.toThrow(TypeError)
    await expect(withWebCrypto((crypto) => crypto.signer({ ...publicJwk, d: '' }))).rejects.toThrow(TypeError)
    await expect(withWebCrypto((crypto) => crypto.x25519())).rejects.toThrow(TypeError)
  })
})
