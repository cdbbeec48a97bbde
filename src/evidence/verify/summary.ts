/** What a verified pack comes to, as data. spec/pack.md, PCK-5: it concludes nothing. @module */
import type { History } from '../history.ts'
import { periodOf, type Manifest } from '../pack/manifest.ts'
import { cutOffOf } from '../populations/cut-off.ts'
import { isWhole } from '../tests/faults.ts'
import { countsOf, type TestResults } from '../tests/result.ts'
import type { ProvenAllows } from './allows.ts'
import { notChecked, notesOf, type Cosigners } from './notes.ts'
import type { Findings, PackReport } from './report.ts'
import type { Cosigned } from './cosigned.ts'

interface Found {
  readonly allows: ProvenAllows
  readonly populations: Record<string, number>
  /** Null: nothing behind the checkpoint could be read. */
  readonly results: TestResults | null
  readonly findings: Findings
  readonly cosigners: Cosigners
  /** Besides what no verifier can. */
  readonly not_checked: readonly string[]
  /** Null: no witness was named. */
  readonly cosignatures: readonly Cosigned[] | null
}

/** Counts what points decided, beside what the checks found. */
export function reportOf(
  manifest: Manifest,
  history: History,
  { allows, populations, results, findings, cosigners, not_checked, cosignatures }: Found,
): PackReport {
  const denied: Record<string, number> = {}
  let allowed = 0
  let asked = 0
  for (const [shape, count] of history.table.shapes()) {
    if (shape.kind !== 'decision') continue
    if (shape.decision === 'allow') allowed += count
    else if (shape.decision === 'step_up') asked += count
    else {
      const reason = shape.reasons[0] ?? 'UNSTATED'
      denied[reason] = (denied[reason] ?? 0) + count
    }
  }
  return {
    ok: findings.faults_n === 0,
    origin: manifest.origin,
    simulated: manifest.simulated || (history.created?.entry.body.simulated ?? false),
    period: manifest.period,
    log: manifest.log,
    ...cutOffOf(history, periodOf(manifest)),
    entries: history.size,
    checks: findings.checks,
    faults: findings.faults,
    faults_n: findings.faults_n,
    populations,
    integrity: isWhole(findings),
    tests: results?.counts ?? countsOf([]),
    results: Object.fromEntries((results?.tests ?? []).map((test) => [test.number, test])),
    allowed,
    asked,
    denied,
    notes: notesOf(history, allows, periodOf(manifest)),
    not_checked: [...notChecked(history, allows, manifest, cosigners), ...not_checked],
    ...(cosignatures === null ? {} : { cosignatures }),
  }
}
