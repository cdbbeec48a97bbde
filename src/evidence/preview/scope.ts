/**
 * What of a pack an auditor's preview shows, by its criteria; for those of the company, all of it. spec/preview.md (PRV-9).
 * Invariant: what is not listed here is not there for them, whether the pack has it or not.
 * @module
 */
import type { Catalogue, Control } from '../controls/schema.ts'
import { POPULATIONS } from '../populations/populations.ts'
import type { TestResult } from '../tests/result.ts'

/** Null: everything, which no auditor's preview grants. */
export type Granted = readonly string[] | null

export interface Scoped {
  /** In the order of the catalogue. */
  readonly criteria: readonly Catalogue['criteria'][number][]
  readonly controls: readonly Control[]
  /** By number. */
  readonly tests: readonly TestResult[]
  readonly populations: ReadonlySet<string>
}

export function scopedTo(catalogue: Catalogue, results: readonly TestResult[], criteria: Granted): Scoped {
  if (criteria === null) return everything(catalogue, results)
  const granted = new Set(criteria)
  const controls = catalogue.controls.filter((control) => control.criteria.some((id) => granted.has(id)))
  const numbers = new Set(controls.flatMap(({ tests }) => tests.map(({ number }) => number)))
  const tests = results.filter(
    (test) => numbers.has(test.number) || test.criteria.some((id) => granted.has(id)),
  )
  return {
    criteria: catalogue.criteria.filter(({ id }) => granted.has(id)),
    controls,
    tests,
    populations: new Set(tests.flatMap(({ population }) => (population === null ? [] : [population]))),
  }
}

function everything({ criteria, controls }: Catalogue, tests: readonly TestResult[]): Scoped {
  return { criteria, controls, tests, populations: new Set(POPULATIONS.map(({ name }) => name)) }
}

/** Those of a criterion alone, as the report has them. */
export function testsOfCriterion({ controls, tests }: Scoped, criterion: string): TestResult[] {
  const its = controls.filter((control) => control.criteria.includes(criterion))
  const numbers = new Set(its.flatMap((control) => control.tests.map(({ number }) => number)))
  return tests.filter((test) => numbers.has(test.number) || test.criteria.includes(criterion))
}
