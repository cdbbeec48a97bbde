/**
 * Which source that is not ours a population is held against, and how far. spec/populations.md (POP-10). Made of what the
 * tests over it came to.
 * @module
 */
import { z } from 'zod'
import type { Reconciliation } from '../tests/result.ts'

export const secondSourceSchema = z.strictObject({
  /** Number of the test over it that wants the source. */
  test: z.int().positive(),
  /** In words. */
  source: z.string().max(4096),
  /** `in_part`: items or times of the period are without it, or what it said was erased. */
  state: z.enum(['reconciled', 'in_part', 'not_reconciled']),
})
export type SecondSource = z.infer<typeof secondSourceSchema>

/** What of a test is asked. */
export interface SourcedTest {
  readonly number: number
  readonly population: string | null
  readonly source: string | null
  readonly reconciliation: Pick<Reconciliation, 'covered'> | null
}

export function secondSourcesOf(population: string, tests: readonly SourcedTest[]): SecondSource[] {
  return tests
    .filter((test) => test.population === population)
    .flatMap(({ number, source, reconciliation }) =>
      source === null ? [] : [{ test: number, source, state: stateOf(reconciliation) }],
    )
}

function stateOf(reconciliation: SourcedTest['reconciliation']): SecondSource['state'] {
  if (reconciliation === null) return 'not_reconciled'
  return reconciliation.covered ? 'reconciled' : 'in_part'
}
