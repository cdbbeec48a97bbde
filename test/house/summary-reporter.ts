/**
 * Prints `N passed, N failed[, N skipped]` as the last line of a test run, for scripts that read only that.
 * A test file that cannot be loaded and an error outside any test each count as one failure.
 * @module
 */
import type { Reporter, TestModule } from 'vitest/node'

interface Totals {
  passed: number
  failed: number
  skipped: number
}

function countModule(module: TestModule, totals: Totals): void {
  if (module.errors().length > 0) totals.failed++
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    if (state === 'passed') totals.passed++
    else if (state === 'skipped') totals.skipped++
    else totals.failed++ // also a test that was still pending when the run was interrupted
  }
  for (const suite of module.children.allSuites()) if (suite.errors().length > 0) totals.failed++
}

export function summaryLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

export class SummaryReporter implements Reporter {
  // What an interrupted run reports: it has not passed.
  #totals: Totals = { passed: 0, failed: 1, skipped: 0 }

  onInit(): void {
    // On exit, because other reporters and coverage print after the run has ended.
    process.once('exit', () => process.stdout.write(`${summaryLine(this.#totals)}\n`))
  }

  onTestRunEnd: NonNullable<Reporter['onTestRunEnd']> = (modules, unhandledErrors) => {
    const totals: Totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) countModule(module, totals)
    this.#totals = totals
  }
}
