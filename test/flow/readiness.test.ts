/** Somebody asks how far they are, and what a pack would say, from the command line. spec/readiness.md */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await Stage.set()
}, 60_000)
afterAll(() => stage.remove())

const run = (...args: string[]) => runCli(['--profile', stage.profileDir, ...args])

test('the plan says of each step what is measured, and what to do next', { timeout: 60_000 }, async () => {
  const { code, stdout } = await run('readiness')
  expect(code).toBe(0)
  expect(stdout).toContain('day 0 since')
  expect(stdout).toMatch(/done {3}day {2}3 {2}Those who authorize and approve are enrolled/)
  expect(stdout).toContain('1 of 1 registered agent mapped; 0 found and not registered')
  expect(stdout).toContain('next: countersign point enroll')
  const { steps } = JSON.parse((await run('readiness', '--json')).stdout) as { steps: { state: string }[] }
  expect(steps).toHaveLength(17)
})

test('the gaps of a period that ends in a year are there today, and the exit code is no verdict', async () => {
  const to = new Date(Date.now() + 365 * 24 * 3600_000).toISOString()
  const { code, stdout } = await run('readiness', 'gaps', '--to', to, '--json')
  expect(code).toBe(0)
  const report = JSON.parse(stdout) as { gaps: { test: number; result: string; next: string }[] }
  expect(report.gaps.find((gap) => gap.test === 15)).toMatchObject({ result: 'did_not_occur' })
  expect(report.gaps.every(({ next }) => next !== '')).toBe(true)
  expect((await run('readiness', 'gaps', '--to', to)).stdout).toContain("the opinion is the auditor's")
}, 60_000)

test('a time that is none, and a period that ends before it begins, are refused with a code', async () => {
  expect((await run('readiness', 'gaps', '--to', 'tomorrow')).code).toBe(2)
  const turned = ['--from', '2026-02-01T00:00:00Z', '--to', '2026-01-01T00:00:00Z']
  const { code, stdout } = await run('readiness', 'gaps', ...turned, '--json')
  expect(code).toBe(1)
  expect(stdout).toContain('PACK_PERIOD_INVALID')
}, 60_000)
