/** Findings become alerts. What is refused holds up nothing that comes after it. spec/telemetry.md (TEL-4). @module */
import { CountersignError } from '../core/errors.ts'
import { StoreError, type Store, type Tx } from '../ports/store.ts'
import type { Finding } from './fold.ts'

interface Raising {
  readonly store: Store
  /** Must raise the same key once. */
  readonly raise: (tx: Tx, finding: Finding) => Promise<unknown>
  readonly report: (error: unknown) => void
}

/**
 * In one write; each alone when one of them is refused.
 * @param next index of the first entry that was not taken
 * @throws {StoreError} what the database refuses, which may pass
 */
export async function raiseFindings(by: Raising, findings: readonly Finding[], next: number): Promise<void> {
  try {
    await raiseAll(by, findings)
  } catch (cause) {
    if (!isRefusal(cause)) throw cause
    for (const finding of findings) await raiseAlone(by, finding, next)
  }
}

async function raiseAll({ store, raise }: Raising, findings: readonly Finding[]): Promise<void> {
  await store.write(async (tx) => {
    for (const finding of findings) await raise(tx, finding)
  })
}

/** What is refused now is refused for ever: it is said. */
async function raiseAlone(by: Raising, finding: Finding, next: number): Promise<void> {
  try {
    await raiseAll(by, [finding])
  } catch (cause) {
    if (!isRefusal(cause)) throw cause
    const { rule, entries } = finding
    by.report(new Error(`a finding of ${rule} was refused`, { cause }))
    const entry = entries[0] ?? next
    await raiseAll(by, [
      {
        rule: 'FOLD_FAILED',
        key: `FOLD_FAILED/raise/${rule}/${entry}`,
        subject: rule,
        detail: { fold: 'observer', rule, entry },
        entries: entries.slice(0, 1),
      },
    ])
  }
}

/** By our own rules, so that trying again changes nothing; anything else may be the database, and passes. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof CountersignError && !(cause instanceof StoreError)
}
