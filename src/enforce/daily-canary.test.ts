import { expect, test } from 'vitest'
import { SettableClock } from '../../test/fixtures/tokens.ts'
import type { CanaryOutcome } from './canary.ts'
import { DailyCanary } from './daily-canary.ts'

const HOUR_MS = 3_600_000

/** Half of the spread, a quarter of an hour, into the day. */
function daily(outcome: CanaryOutcome = { reasons: ['ISSUER_UNKNOWN'], reached: false }) {
  const clock = new SettableClock()
  const faults: unknown[] = []
  let kept: string | null = null
  let attempts = 0
  const canary = new DailyCanary({
    clock,
    day: { read: async () => kept, write: async (day) => void (kept = day) },
    attempt: async () => {
      attempts++
      return outcome
    },
    onFault: (error) => faults.push(error),
    share: 0.5,
  })
  return { clock, canary, faults, tried: () => attempts }
}

test('a point tries a stranger once a day, from the day after its first start', async () => {
  const { clock, canary, tried } = daily()
  await canary.look(0)
  await canary.look()
  expect(tried()).toBe(0)
  clock.advance(24 * HOUR_MS)
  await canary.look(0)
  await canary.look()
  expect(tried()).toBe(1)
  const midnight_ms = (Math.floor(clock.now() / (24 * HOUR_MS)) + 1) * 24 * HOUR_MS
  clock.advance(midnight_ms - clock.now() + HOUR_MS / 12)
  await canary.look()
  expect(tried()).toBe(1)
  clock.advance(HOUR_MS / 4)
  await canary.look()
  await canary.look()
  expect(tried()).toBe(2)
})

test('what could not be recorded is tried again, and one that was let through is a fault', async () => {
  const unrecorded = daily({ reasons: ['NOT_RECORDED'], reached: false })
  await unrecorded.canary.look(0)
  unrecorded.clock.advance(24 * HOUR_MS)
  await unrecorded.canary.look(0)
  await unrecorded.canary.look(0)
  expect(unrecorded.tried()).toBe(2)
  const open = daily({ reasons: [], reached: true })
  await open.canary.look(0)
  open.clock.advance(24 * HOUR_MS)
  await open.canary.look(0)
  expect([open.tried(), open.faults.length]).toEqual([1, 1])
})
