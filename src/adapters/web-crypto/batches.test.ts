/** Long work over WebCrypto: plain digests are those of Node, and a result rests on signatures that were verified. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Crypto } from '../../core/crypto.ts'
import { utf8 } from '../../core/encoding.ts'
import { nodeCrypto } from '../node-crypto/node-crypto.ts'
import { BATCHES_MAX, inBatches } from './batches.ts'
import { plainHmacSha256, plainSha256, plainSha256Parts } from './sha256.ts'

const bytes = fc.uint8Array({ maxLength: 300 })

describe('plain digests', () => {
  test('are those of Node, whole, in parts and keyed', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), bytes, (parts, key) => {
        const hash = plainSha256Parts()
        for (const part of parts) hash.update(part)
        const whole = Buffer.concat(parts)
        expect(Buffer.from(hash.digest())).toEqual(Buffer.from(nodeCrypto.sha256(whole)))
        expect(Buffer.from(plainSha256(whole))).toEqual(Buffer.from(nodeCrypto.sha256(whole)))
        expect(Buffer.from(plainHmacSha256(key, whole))).toEqual(
          Buffer.from(nodeCrypto.hmacSha256(key, whole)),
        )
      }),
    )
  })

  test('of every length about a block or two', () => {
    for (let length = 0; length <= 200; length++) {
      const data = new Uint8Array(length).fill(length)
      expect(Buffer.from(plainSha256(data))).toEqual(Buffer.from(nodeCrypto.sha256(data)))
    }
  })
})

describe('signatures in batches', () => {
  const signers = (['Ed25519', 'ES256'] as const).map((alg) => nodeCrypto.signer(nodeCrypto.generateKey(alg)))
  const signed = signers.map((signer, i) => {
    const data = utf8(`message ${i}`)
    return { key: signer.publicJwk, data, signature: signer.sign(data) }
  })
  const judge = (crypto: Crypto, list: typeof signed): boolean[] =>
    list.map(({ key, data, signature }) => crypto.verify(key, data, signature))

  test('are answered as Node answers them, whichever hold', async () => {
    const forged = signed.map((one) => ({ ...one, data: utf8('another message') }))
    const short = signed.map((one) => ({ ...one, signature: one.signature.subarray(1) }))
    const all = [...signed, ...forged, ...short]
    const runs: number[] = []
    const answers = await inBatches(async (crypto) => {
      runs.push(1)
      return judge(crypto, all)
    })
    expect(answers).toEqual(judge(nodeCrypto, all))
    expect(answers).toEqual([true, true, false, false, false, false])
    expect(runs).toHaveLength(2)
  })

  test('good work runs once, and is told how far its signatures are', async () => {
    let runs = 0
    const told: [number, number][] = []
    await inBatches(
      async (crypto) => {
        runs++
        return judge(crypto, signed)
      },
      (done, of) => told.push([done, of]),
    )
    expect([runs, told]).toEqual([1, [[2, 2]]])
  })

  test('what a run threw counts only if its signatures were as it took them', async () => {
    const [good] = signed
    if (good === undefined) throw new Error('no signer')
    const forged = { ...good, data: utf8('another') }
    const trusting = async (crypto: Crypto): Promise<string> => {
      if (judge(crypto, [forged])[0] === true) throw new Error('believed a forgery')
      return 'refused it'
    }
    expect(await inBatches(trusting)).toBe('refused it')
    await expect(inBatches(async () => Promise.reject(new Error('of its own')))).rejects.toThrow('of its own')
  })

  test('work that asks for ever more ends', async () => {
    const [one] = signed
    if (one === undefined) throw new Error('no signer')
    let n = 0
    const endless = async (crypto: Crypto): Promise<void> => {
      n++
      crypto.verify(one.key, utf8(`${n}`), one.signature)
    }
    await expect(inBatches(endless)).rejects.toThrowWithCode('RUNS_TOO_MANY')
    expect(n).toBe(BATCHES_MAX)
  })
})
