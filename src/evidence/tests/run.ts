/**
 * Runs every test over a history that was checked. spec/tests.md. Builder and verifier call the same.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { counted } from '../../core/words.ts'
import { rootFromNodes } from '../../log/merkle.ts'
import { tileNodes } from '../../log/reader.ts'
import type { History } from '../history.ts'
import type { Period, PopulationDefinition } from '../populations/definition.ts'
import type { Sheet } from '../populations/sheets.ts'
import type { CheckedHistory } from '../verify/checks.ts'
import type { Findings } from '../verify/report.ts'
import { chainsOf } from './chains.ts'
import { CONTROL_TESTS } from './control-tests.ts'
import { deviationId, evaluationsOf } from './evaluated.ts'
import { deviationsByTest, isSaid, together } from './faults.ts'
import { checkpointSize, reconcile } from './reconcile.ts'
import {
  countsOf,
  DEVIATIONS_LISTED_MAX,
  ENTRIES_NAMED_MAX,
  type Deviation,
  type DeviationEvaluation,
  type Outcome,
  type Reconciliation,
  type TestResult,
  type TestResults,
} from './result.ts'
import type { ControlTest, FoundDeviation, TestContext, TestRun } from './test.ts'

type Tiles = Parameters<typeof tileNodes>[1]

export interface Tested extends CheckedHistory {
  readonly history: History
  readonly findings: Findings
  /** What was handed in of other sources and lies within the period; absent: nothing. */
  readonly sheets?: readonly Sheet[]
}

/** @param tiles those of the log: roots of sizes that entries name are computed from them */
export async function testsOf(
  crypto: Crypto,
  tiles: Tiles,
  tested: Tested,
  period: Period,
): Promise<TestResults> {
  const { sheets = [] } = tested
  return runTests({
    ...tested,
    sheets,
    period,
    logRoots: await rootsOf(crypto, tiles, tested.history, sheets),
  })
}

/** Pure. @param tests other than all of them: where one is tried by itself */
export function runTests(
  of: Omit<TestContext, 'rows'>,
  tests: readonly ControlTest[] = CONTROL_TESTS,
): TestResults {
  const known = new Map<string, readonly JsonObject[]>()
  const rows = (population: PopulationDefinition): readonly JsonObject[] => {
    const made = known.get(population.name) ?? [...population.rows(of.history, of.period)]
    known.set(population.name, made)
    return made
  }
  const ctx = { ...of, rows }
  const found = deviationsByTest(ctx)
  const runs = tests.map((test) => ({
    test,
    ...comparedRun(ctx, test),
    faults: found.get(test.number) ?? [],
  }))
  const all = runs.map(({ run, compared, faults }) =>
    merged('not_tested' in run ? [] : run.deviations, compared, faults),
  )
  const chains = chainsOf(of.history, new Set(all.flat().flatMap(({ entries }) => entries)))
  const behind = { chains, evaluations: evaluationsOf(of.history, of.findings) }
  const results = runs.map((one, at) => resultOf(one, all[at] ?? [], behind))
  const { history, period } = of
  return {
    v: 1,
    period: { from: rfc3339(period.from_ms), to: rfc3339(period.to_ms) },
    range: { first: 0, end: history.size },
    simulated: history.created?.entry.body.simulated ?? false,
    counts: countsOf(results),
    tests: results,
  }
}

interface ComparedRun {
  readonly run: TestRun
  /** What sources say against it. */
  readonly compared: readonly FoundDeviation[]
  readonly reconciliation: Reconciliation | null
}

/** What the test finds, and what sources say that were handed in. */
function comparedRun(ctx: TestContext, test: ControlTest): ComparedRun {
  const run = test.run(ctx)
  const sheets = ctx.sheets.filter(({ upload }) => upload.entry.body.test === test.number)
  if (test.source === null || sheets.length === 0 || 'not_tested' in run)
    return { run, compared: [], reconciliation: null }
  const { deviations: compared, reconciliation } = reconcile(ctx, test, sheets)
  return { run, compared, reconciliation }
}

interface Behind {
  readonly chains: ReadonlyMap<number, string>
  readonly evaluations: ReadonlyMap<string, DeviationEvaluation>
}

function resultOf(
  { test, run, reconciliation }: ComparedRun & { readonly test: ControlTest },
  found: readonly FoundDeviation[],
  { chains, evaluations }: Behind,
): TestResult {
  const items = 'not_tested' in run ? 0 : run.items
  const deviations = found
    .slice(0, DEVIATIONS_LISTED_MAX)
    .map(({ code, message, entries, chain }): Deviation => {
      const behind = chain ?? entries.map((index) => chains.get(index)).find((one) => one !== undefined)
      const id = deviationId(test.number, { code, message, entries })
      return {
        id,
        code,
        message,
        entries: entries.slice(0, ENTRIES_NAMED_MAX),
        chain: behind ?? null,
        evaluation: evaluations.get(id) ?? null,
      }
    })
  return {
    number: test.number,
    criteria: [...test.criteria],
    title: test.title,
    attribute: test.attribute,
    population: test.population?.name ?? null,
    source: test.source,
    reconciliation,
    items,
    result: outcomeOf(test, 'not_tested' in run, { items, deviations_n: found.length, reconciliation }),
    reason: 'not_tested' in run ? run.not_tested : reasonOf(reconciliation),
    deviations_n: found.length,
    deviations,
  }
}

/** Why what was handed in is not enough. */
function reasonOf(reconciliation: Reconciliation | null): string | null {
  if (reconciliation === null || reconciliation.covered) return null
  const { uncovered_n, erased_n } = reconciliation
  if (erased_n > 0)
    return `${counted(erased_n, 'source was', 'sources were')} handed in and erased since: nobody can compare ${erased_n === 1 ? 'it' : 'them'}`
  return uncovered_n > 0
    ? `${counted(uncovered_n, 'item lies', 'items lie')} in no source that was handed in`
    : 'what was handed in does not cover all of the period'
}

interface Came {
  readonly items: number
  readonly deviations_n: number
  readonly reconciliation: Reconciliation | null
}

/** TST-3. */
function outcomeOf(
  test: ControlTest,
  untested: boolean,
  { items, deviations_n, reconciliation }: Came,
): Outcome {
  if (deviations_n > 0) return 'deviations'
  if (untested) return 'not_tested'
  if (items === 0) return 'did_not_occur'
  return test.source === null || reconciliation?.covered === true ? 'no_deviation' : 'not_reconciled'
}

/**
 * What the test found, what sources say against it, and what checks found: all of it, but for what a deviation of the
 * test says of the same entry (TST-5). What a source says names entries too, and hides nothing: anybody may hand one in.
 */
function merged(
  own: readonly FoundDeviation[],
  compared: readonly FoundDeviation[],
  faults: readonly FoundDeviation[],
): FoundDeviation[] {
  const said = new Map<number, FoundDeviation[]>()
  for (const deviation of own)
    for (const index of deviation.entries) {
      const about = said.get(index) ?? []
      about.push(deviation)
      said.set(index, about)
    }
  const told = faults.filter((fault) => !isSaid(said, fault))
  return [...own, ...compared, ...together(told)].sort(inOrder)
}

function inOrder(a: FoundDeviation, b: FoundDeviation): number {
  const [x = -1, y = -1] = [a.entries[0], b.entries[0]]
  if (x !== y) return x - y
  if (a.code !== b.code) return a.code < b.code ? -1 : 1
  return a.message === b.message ? 0 : a.message < b.message ? -1 : 1
}

/** Of the sizes that restores and anchors name: those that the tiles give. */
async function rootsOf(
  crypto: Crypto,
  tiles: Tiles,
  { tested, size: treeSize }: History,
  sheets: readonly Sheet[],
): Promise<Map<number, string>> {
  const roots = new Map<number, string>()
  const read = tileNodes(crypto, tiles, treeSize)
  const checkpoints = sheets
    .filter(({ upload }) => upload.entry.body.key === 'checkpoint')
    .flatMap(({ keys }) => keys.flatMap((key) => checkpointSize(key) ?? []))
  const named = [...tested.restores, ...tested.anchors].map(({ entry }) => entry.body.size)
  for (const size of [...named, ...checkpoints]) {
    if (roots.has(size) || size > treeSize) continue
    try {
      roots.set(size, base64url(await rootFromNodes(crypto, read, size)))
    } catch (error) {
      // A tile that is missing is a fault of the tree, which is said there.
      if (!(error instanceof CountersignError)) throw error
    }
  }
  return roots
}
