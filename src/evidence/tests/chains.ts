/** The chain behind an entry, so that a deviation leads to who authorized it. spec/tests.md (TST-6). @module */
import type { History } from '../history.ts'

/** Identifier of the last segment of the chain, by index; none for entries that have no chain. */
export function chainsOf(history: History, indices: ReadonlySet<number>): ReadonlyMap<number, string> {
  const chains = new Map<number, string>()
  const put = (index: number, chain: string | null): void => {
    if (chain !== null && indices.has(index)) chains.set(index, chain)
  }
  const { table } = history
  const chainAt = (row: number): string | null => {
    const shape = table.shape(row)
    return shape?.kind === 'decision' ? shape.chain : null
  }
  /** Entries that hold outcomes, by number of the action. */
  const outcomes = new Map<number, number[]>()
  for (const index of indices) {
    const row = table.rowAt(index)
    if (row === null) continue
    if (table.decision(row) !== null) put(index, chainAt(row))
    else outcomes.set(table.actionId(row), [...(outcomes.get(table.actionId(row)) ?? []), index])
  }
  for (let row = 0; row < (outcomes.size === 0 ? 0 : table.size); row++)
    for (const index of outcomes.get(table.actionId(row)) ?? []) put(index, chainAt(row))
  for (const { index, entry } of history.delegations.values()) put(index, entry.body.segment)
  for (const { index, entry } of history.segments.values()) put(index, entry.body.id)
  for (const { index, entry } of history.exchanges) put(index, entry.body.segment)
  return chains
}
