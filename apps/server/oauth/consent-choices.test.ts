/** What a person keeps of a proposal, and that nothing wider is taken. spec/oauth.md (OAU-12). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Grant } from '../../../src/token/grant.ts'
// @ts-expect-error: a page's script has no types
import * as page from '../pages/consent-choices.js'
import { assertWithinProposal, type Proposal } from './proposal.ts'

interface Kept {
  readonly actions: readonly string[]
  readonly per_day: number | null
  readonly ask: boolean
}
const { chosenGrants, timesUpTo } = page as {
  chosenGrants: (grants: readonly Grant[], kept: readonly Kept[]) => Grant[]
  timesUpTo: (max: number) => { seconds: number; words: string }[]
}

const READ: Grant = {
  type: 'tool',
  server: 'files',
  actions: ['read', 'list', 'stat'],
  constraints: { path: { glob: '/reports/**' } },
  limits: [{ measure: 'calls', unit: '1', max: 50, per: 'day' }],
}
const WRITE: Grant = { type: 'tool', server: 'files', actions: ['write'] }
const proposal: Proposal = {
  grants: [READ, WRITE],
  asked: true,
  ttl_s: 3600,
  ttl_s_max: 86_400,
  can_ask: false,
}

describe('a choice', () => {
  test('of anything on the page lies within what was proposed', () => {
    const kept = (grant: Grant) =>
      fc.record({
        actions: fc.subarray(grant.actions),
        per_day: fc.option(fc.integer({ min: 1, max: 1000 })),
        ask: fc.constant(false),
      })
    fc.assert(
      fc.property(kept(READ), kept(WRITE), (read, write) => {
        const grants = chosenGrants([READ, WRITE], [read, write])
        expect(() => assertWithinProposal(proposal, { grants, ttl_s: 3600 })).not.toThrow()
        expect(grants.flatMap(({ actions }) => actions)).toEqual([...read.actions, ...write.actions])
      }),
    )
  })

  test('keeps the lower of two limits of a day', () => {
    const limitOf = (per_day: number) =>
      chosenGrants([READ], [{ actions: ['read'], per_day, ask: false }])[0]?.limits
    expect(limitOf(20)).toEqual([{ measure: 'calls', unit: '1', max: 20, per: 'day' }])
    expect(limitOf(80)).toEqual([{ measure: 'calls', unit: '1', max: 50, per: 'day' }])
  })

  test.each([
    ['another tool', [{ ...READ, actions: ['delete'] }], 3600],
    ['every tool', [{ ...READ, actions: ['*'] }], 3600],
    ['another server', [{ ...WRITE, server: 'mail' }], 3600],
    ['no constraint', [{ ...READ, constraints: {} }], 3600],
    ['a wider constraint', [{ ...READ, constraints: { path: { glob: '/**' } } }], 3600],
    ['a higher limit', [{ ...READ, limits: [{ measure: 'calls', unit: '1', max: 51, per: 'day' }] }], 3600],
    ['more time', [WRITE], 86_401],
  ] as [string, Grant[], number][])('of %s is refused', (_, grants, ttl_s) => {
    expect(() => assertWithinProposal(proposal, { grants, ttl_s })).toThrowWithCode('OUTSIDE_TEMPLATE')
  })

  test('of a time ends at the longest that the template allows', () => {
    expect(timesUpTo(7200).map(({ words }) => words)).toEqual(['15 minutes', '1 hour', '2 hours'])
    expect(timesUpTo(60)).toEqual([{ seconds: 60, words: '1 minute' }])
  })
})
