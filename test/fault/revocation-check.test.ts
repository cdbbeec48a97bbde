/** The checker of the fault harness names what it is shown. */
import { expect, test } from 'vitest'
import { check, type Run } from './revocation/check.ts'
import { scheduleOf } from './revocation/schedule.ts'

const SHAPE = { points: 8, relayed: [1, 2], nodes: 2, revocable: 3 }
const run = (edit: Partial<Run>): Run => ({
  acts: [],
  stopped: [],
  caps: new Map(),
  expected: [],
  bound_ms: 2000,
  ...edit,
})
const act = (t: number, point = 'one') => ({ point, jti: 'a', t })

test('a call that was let through later than the bound is named, and one within it is measured', () => {
  const stopped = [{ jti: 'a', t: 1000 }]
  expect(check(run({ stopped, acts: [act(900), act(2999)] }))).toEqual({
    faults: [],
    worst_allow_after_ms: 1999,
  })
  const { faults } = check(run({ stopped, acts: [act(3001)] }))
  expect(faults).toEqual(['one let a through 2001 ms after it was stopped'])
})

test('what was lifted again may go on, and a point that was not told is not asked', () => {
  const stopped = [{ jti: 'a', t: 1000, until: 5000, point: 'one' }]
  expect(check(run({ stopped, acts: [act(6000), act(4000, 'two')] })).faults).toEqual([])
  expect(check(run({ stopped, acts: [act(4000)] })).faults).toHaveLength(1)
})

test('a cap that was passed is named', () => {
  const acts = [act(1), act(2, 'two'), act(3)]
  expect(check(run({ acts, caps: new Map([['a', 3]]) })).faults).toEqual([])
  expect(check(run({ acts, caps: new Map([['a', 2]]) })).faults).toEqual(['a was let through 3 times of 2'])
})

test('a point that lets nothing through in peace is named', () => {
  const expected = [{ point: 'one', jti: 'a', t: 100, until: 900 }]
  expect(check(run({ expected, acts: [act(500)] })).faults).toEqual([])
  expect(check(run({ expected, acts: [act(50), act(950), act(500, 'two')] })).faults).toEqual([
    'one let nothing of a through in 800 ms of peace',
  ])
})

test('a seed has one schedule, and another seed another', () => {
  expect(scheduleOf(7, SHAPE)).toEqual(scheduleOf(7, SHAPE))
  expect(scheduleOf(8, SHAPE)).not.toEqual(scheduleOf(7, SHAPE))
})
