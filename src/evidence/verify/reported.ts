/** Results of tests as documents take them: every test is named, those that nothing computes too. spec/report.md (RPT-2). @module */
import { controlsOfTest } from '../controls/catalogue.ts'
import { TESTS_N, type Catalogue } from '../controls/schema.ts'
import type { ReportedTest, ResultCode } from '../report/input.ts'
import type { Census } from './report.ts'

const CODES: Readonly<Record<Census['result'], ResultCode>> = {
  'did not occur': 'did_not_occur',
  'no deviation': 'not_reconciled',
  deviations: 'deviations',
}

export function reportedTests(
  censuses: Readonly<Record<string, Census>>,
  catalogue: Catalogue,
): ReportedTest[] {
  return Array.from({ length: TESTS_N }, (_, i) => {
    const number = i + 1
    const control = controlsOfTest(catalogue, number)[0]
    const census = censuses[number]
    const about = { number, title: control?.title ?? 'no control of the catalogue has it' }
    if (census === undefined) {
      const criteria = control?.criteria ?? []
      const reason = 'this version computes no such test'
      return {
        ...about,
        criteria,
        result: 'not_tested',
        reason,
        source: null,
        population: null,
        items: 0,
        deviations_n: 0,
        deviations: [],
      }
    }
    const { criteria, population, size, deviations_n, deviations, result } = census
    return {
      ...about,
      criteria: criteria.split(', '),
      result: CODES[result],
      reason:
        result === 'no deviation' ? 'no deviation in the log; no source that is not ours was asked' : null,
      source: 'one that is not ours',
      population,
      items: size,
      deviations_n,
      deviations: deviations.map(({ index, why }) => ({
        entries: index === null ? [] : [index],
        message: why,
      })),
    }
  })
}
