import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ROLES } from '../core/output.ts'
import { roleOf, type Evidence } from './roles.ts'

const time = fc
  .integer({ min: Date.parse('2026-01-01T00:00:00.000Z'), max: Date.parse('2026-06-01T00:00:00.000Z') })
  .map((t) => new Date(t).toISOString())
const rev = fc.constantFrom('rev_a', 'rev_b')
const digest = fc.constant('d'.repeat(43))

const evidence: fc.Arbitrary<Evidence> = fc.record({
  gesture: fc.option(rev),
  registered_at: time,
  released_at: fc.option(time),
  composition: fc.option(fc.record({ by: rev, human_share: fc.integer({ min: 0, max: 1000 }) })),
  human_share: fc.constant(500),
  review: fc.option(
    fc.record({
      by: rev,
      opened_at: time,
      decided_at: time,
      in_view_ms: fc.constantFrom(0, 1, 60_000),
      length: fc.constant(10),
      edit_distance: fc.constant(0),
      refusals: fc.constant(0),
      flagged: fc.boolean(),
    }),
  ),
  instruction: fc.option(
    fc.record({
      commit: fc.option(digest),
      signed_at: time,
      names: fc.constantFrom('grant' as const, 'text' as const, 'none' as const),
    }),
  ),
  principal: fc.option(rev),
})

/** 0 is the highest; none is lowest. */
const rank = (one: Evidence): number => {
  const found = roleOf(one)
  return found === null ? ROLES.length : ROLES.indexOf(found.role)
}

test('less evidence never gives a higher role', () => {
  const parts = ['gesture', 'composition', 'review', 'instruction', 'principal'] as const
  fc.assert(
    fc.property(evidence, fc.constantFrom(...parts), (one, part) => {
      expect(rank({ ...one, [part]: null })).toBeGreaterThanOrEqual(rank(one))
    }),
    { numRuns: 2000 },
  )
})

test('an earlier release, a flag or a smaller share never gives a higher role', () => {
  fc.assert(
    fc.property(evidence, (one) => {
      const { review, composition } = one
      const flagged = { ...one, review: review && { ...review, flagged: true } }
      const less = { ...one, composition: composition && { ...composition, human_share: 0 } }
      const early = { ...one, released_at: one.registered_at }
      for (const weaker of [flagged, less, early]) expect(rank(weaker)).toBeGreaterThanOrEqual(rank(one))
    }),
    { numRuns: 2000 },
  )
})
