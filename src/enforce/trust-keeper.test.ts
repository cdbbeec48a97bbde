/** When a point asks for its trust list. spec/keys.md (KEY-7). @module */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ISS, RP, World } from '../../test/fixtures/tokens.ts'
import { signTrustList } from '../revoke/trust-list.ts'
import { Trust } from './trust.ts'
import { REFRESH_APART_MS, REFRESH_EVERY_MS, TrustKeeper } from './trust-keeper.ts'

const w = new World('keeper')
const plane = w.signer('frames')
const own = { iss: ISS, rp_id: RP.rp_id, origins: RP.origins, keys: [{ jwk: w.issuer.publicJwk }] }

let asked: number
let away: boolean
let signer = plane
let faults: unknown[]
let keeper: TrustKeeper

beforeEach(() => {
  vi.useFakeTimers()
  ;[asked, away, signer, faults] = [0, false, plane, []]
  const clock = { now: () => Date.now(), monotonic: () => Date.now() }
  const trust = new Trust({
    crypto: w.crypto,
    clock,
    pinned: own,
    frameKey: plane.publicJwk,
    revocations: { isRevoked: () => false, freshness: () => null },
    follow: () => {
      throw new Error('there is nobody to follow')
    },
  })
  const control = {
    trust: async () => {
      asked++
      if (away) throw new Error('away')
      return signTrustList(signer, { v: 1, iss: ISS, seq: 1, t: clock.now(), issuers: [own] })
    },
  }
  keeper = new TrustKeeper({ trust, control, clock, onFault: (error) => faults.push(error) })
})
afterEach(() => {
  keeper.stop()
  vi.useRealTimers()
})

test('every 10 seconds, and no more once it is stopped', async () => {
  await vi.advanceTimersByTimeAsync(3 * REFRESH_EVERY_MS)
  expect([asked, faults]).toEqual([3, []])
  keeper.stop()
  await vi.advanceTimersByTimeAsync(3 * REFRESH_EVERY_MS)
  expect(asked).toBe(3)
})

test('at once for an unknown key, and at most once a second however many chains name one', async () => {
  for (let i = 0; i < 100; i++) keeper.soon()
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toBe(1)
  for (let ms = 0; ms < 3000; ms += 10) {
    keeper.soon()
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(asked).toBe(1 + 3000 / REFRESH_APART_MS)
})

test('again after it could not be had or was not good, and says so', async () => {
  away = true
  await keeper.refresh()
  away = false
  signer = w.issuer
  await keeper.refresh()
  expect(faults).toHaveLength(2)
  signer = plane
  await keeper.refresh()
  expect([asked, faults.length]).toEqual([3, 2])
})
