/** The chain behind an entry, so that a deviation leads to who authorized it. spec/tests.md (TST-6). @module */
import type { History } from '../history.ts'

/** Identifier of the last segment of the chain, by index; none for entries that have no chain. */
export function chainsOf(history: History, indices: ReadonlySet<number>): ReadonlyMap<number, string> {
  const chains = new Map<number, string>()
  if (indices.size === 0) return chains
  const put = (index: number, chain: string | null): void => {
    if (chain !== null && indices.has(index)) chains.set(index, chain)
  }
  const outcomes = new Map<string, number[]>()
  for (const { index, receipt } of history.receipts()) {
    if (receipt.kind === 'decision') put(index, receipt.chain)
    else if (indices.has(index))
      outcomes.set(receipt.action, [...(outcomes.get(receipt.action) ?? []), index])
  }
  for (const { receipt } of outcomes.size === 0 ? [] : history.receipts())
    if (receipt.kind === 'decision')
      for (const index of outcomes.get(receipt.action) ?? []) put(index, receipt.chain)
  for (const { index, entry } of history.delegations.values()) put(index, entry.body.segment)
  for (const { index, entry } of history.segments.values()) put(index, entry.body.id)
  for (const { index, entry } of history.exchanges) put(index, entry.body.segment)
  return chains
}
