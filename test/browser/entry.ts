/** What a page of these tests runs: our verifier over WebCrypto, bundled. @module */
import './jitless.ts'
import { withWebCrypto } from '../../src/adapters/web-crypto/web-crypto.ts'
import { fromBase64url } from '../../src/core/encoding.ts'
import { hashedParts } from '../../src/token/presentation.ts'
import { judge, type Answer, type DelegationVector } from '../vectors/judge.ts'
import type { SignatureCase } from '../vectors/wycheproof.ts'

const api = {
  judge: (vector: DelegationVector): Promise<Answer> =>
    withWebCrypto((crypto) => judge(crypto, vector), hashedParts(vector.presentation)),

  verify: ({ key, message, signature }: SignatureCase): Promise<boolean> =>
    withWebCrypto((crypto) => crypto.verify(key, fromBase64url(message), fromBase64url(signature))),

  /** Milliseconds of each of `times` judgements in a row. */
  async time(vector: DelegationVector, times: number): Promise<number[]> {
    const out: number[] = []
    for (let i = 0; i < times; i++) {
      const start = performance.now()
      await api.judge(vector)
      out.push(performance.now() - start)
    }
    return out
  },
}

/** How a test reaches it: `globalThis.countersign`. */
export type PageApi = typeof api
Object.assign(globalThis, { countersign: api })
