/** Benchmarks are run by hand and rarely: this runs the one of verification over a small log, so that it stays whole. */
import { expect, test } from 'vitest'
import { benchAttest } from '../../bench/humans/attest.ts'
import { benchSubjects } from '../../bench/humans/subjects.ts'
import { benchVerify, ENTRIES } from '../../bench/log/verify.ts'

test('the benchmark of verification measures both ways of verifying', async () => {
  const { tree, strict } = await benchVerify(600)
  for (const figures of [tree, strict]) {
    expect(figures.entries).toBe(600)
    expect(figures.seconds).toBeGreaterThanOrEqual(0)
    expect(figures.rss_mb).toBeGreaterThan(20)
  }
  expect(ENTRIES).toBe(1_000_000)
})

test('the benchmark of data subjects reads all of them and finds each', async () => {
  const { subjects, bytes_each, find_ns, basis_ns } = await benchSubjects(2_000, 2_000)
  expect([subjects, bytes_each > 0, find_ns > 0, basis_ns > 0]).toEqual([2_000, true, true, true])
})

test('the benchmark of attestations measures issuing and verifying one', () => {
  const { statement_bytes, attest_us, verify_us, verify_compact_us } = benchAttest(5)
  expect(statement_bytes).toBeGreaterThan(1000)
  for (const time of [attest_us, verify_us, verify_compact_us]) expect(time).toBeGreaterThan(0)
})
