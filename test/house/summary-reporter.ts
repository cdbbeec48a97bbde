/**
 * Prints `N passed, N failed[, N skipped]` as the last line of a test run, for scripts that read only that.
 * A test file that cannot be loaded and an error outside any test each count as one failure. Before it come the names of
 * tests that passed at their second try.
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

function secondTries(modules: readonly TestModule[]): string[] {
  return modules.flatMap((module) =>
    [...module.children.allTests('passed')].flatMap((test) =>
      test.diagnostic()?.flaky === true ? [`${module.relativeModuleId} > ${test.fullName}`] : [],
    ),
  )
}

export function summaryLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

export class SummaryReporter implements Reporter {
  // What an interrupted run reports: it has not passed.
  #totals: Totals = { passed: 0, failed: 1, skipped: 0 }
  #secondTries: readonly string[] = []

  onInit(): void {
    // On exit, because other reporters and coverage print after the run has ended.
    process.once('exit', () => {
      for (const name of this.#secondTries) process.stdout.write(`passed at its second try: ${name}\n`)
      process.stdout.write(`${summaryLine(this.#totals)}\n`)
    })
  }

  onTestRunEnd: NonNullable<Reporter['onTestRunEnd']> = (modules, unhandledErrors) => {
    const totals: Totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) countModule(module, totals)
    this.#totals = totals
    this.#secondTries = secondTries(modules)
  }
}
