import { expect, test } from 'vitest'
import { fuzz } from './mcp-frames.ts'

test.each([1, 2])('of 3,000 mutated frames no call reaches the server unrecorded (seed %i)', async (seed) => {
  const report = await fuzz(3000, seed)
  expect(report.unrecorded).toEqual([])
  expect(report.reached).toBeGreaterThan(100)
  expect(report.decided).toBeGreaterThan(report.reached)
  expect(report.isFlat).toBe(true)
})
