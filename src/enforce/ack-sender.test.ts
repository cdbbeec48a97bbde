import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SettableClock, World } from '../../test/fixtures/tokens.ts'
import { verifyAck } from '../revoke/ack.ts'
import type { SignedAck } from '../revoke/statement.ts'
import { AckSender } from './ack-sender.ts'

const w = new World()
const signer = w.signer('point')
let sent: SignedAck[]
let head: number
let isAway: boolean
let spread_ms: number
let sender: AckSender

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  sent = []
  head = 1
  isAway = false
  spread_ms = 2
  sender = new AckSender({
    point: 'pnt_1',
    signer,
    clock: new SettableClock(),
    control: {
      acknowledge: async (ack) => {
        if (isAway) throw new Error('away')
        sent.push(ack)
        return { spread_ms }
      },
    },
    standing: () => ({ epoch: 1, head, kills: [] }),
  })
})
afterEach(() => {
  sender.stop()
  vi.useRealTimers()
})

const heads = (): number[] => sent.map(({ ack }) => ack.head)

test('the first is sent within a quarter of a second, signed by the point', async () => {
  sender.poke()
  await vi.advanceTimersByTimeAsync(250)
  expect(sent[0]?.ack).toMatchObject({ v: 1, point: 'pnt_1', epoch: 1, head: 1, kills: [] })
  expect(verifyAck(w.crypto, signer.publicJwk, sent[0]!)).toBe(true)
})

test('a thousand frames in a tenth of a second are told of once, with the last of them', async () => {
  for (let i = 1; i <= 1000; i++) {
    head = i
    sender.poke()
    if (i % 100 === 0) await setImmediate()
  }
  await vi.advanceTimersByTimeAsync(1_000)
  expect(heads()).toEqual([1000])
})

test('a frame that comes right after one was told of is told of too, a tenth of a second later', async () => {
  sender.poke()
  while (sent.length === 0) await vi.advanceTimersByTimeAsync(1)
  head = 2
  sender.poke()
  await vi.advanceTimersByTimeAsync(100)
  expect(heads()).toEqual([1, 2])
})

test('of a large fleet each sends one at most in the time that the control plane names, a minute at most', async () => {
  spread_ms = 10_000
  sender.poke()
  await vi.advanceTimersByTimeAsync(250)
  expect(heads()).toEqual([1])
  while (head < 60) {
    head++
    sender.poke()
    await vi.advanceTimersByTimeAsync(500)
  }
  expect(sent.length).toBeGreaterThanOrEqual(3)
  expect(sent.length).toBeLessThanOrEqual(4)
  spread_ms = 1e9
  await vi.advanceTimersByTimeAsync(20_000)
  const before = sent.length
  expect(heads().at(-1)).toBe(60)
  sender.poke()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sent.length).toBe(before + 1)
})

test('while the control plane is away it tries once a second, and then says where it is now', async () => {
  isAway = true
  sender.poke()
  await vi.advanceTimersByTimeAsync(3_500)
  isAway = false
  head = 7
  await vi.advanceTimersByTimeAsync(1_000)
  expect(heads()).toEqual([7])
  await vi.advanceTimersByTimeAsync(5_000)
  expect(heads()).toEqual([7])
})

test('nothing is sent after it was stopped', async () => {
  sender.stop()
  sender.poke()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(sent).toEqual([])
})
