/**
 * Brings what a service holds up to date, one thing at a time: found by its identifier, else made. spec/connectors.md (CNX-5).
 * Invariant: what may have been made although the answer was lost is looked for before it is made again.
 * @module
 */
import type { Finding, Pushed } from '../../../ports/findings.ts'
import type { FindingsClient } from './client.ts'

/** Pages that are read to find what is there. */
export const PAGES_MAX = 200

export interface Shelf {
  /** What it knows of ours: its own reference, by our identifier. */
  known(signal: AbortSignal): Promise<ReadonlyMap<string, string>>
  make(finding: Finding, signal: AbortSignal): Promise<void>
  change(reference: string, finding: Finding, signal: AbortSignal): Promise<void>
}

export async function keepAll(
  client: FindingsClient,
  shelf: Shelf,
  findings: readonly Finding[],
  signal: AbortSignal,
): Promise<Pushed> {
  const counts = { sent: 0, created: 0, updated: 0 }
  if (findings.length === 0) return counts
  let known = await client.retrying(signal, () => shelf.known(signal))
  for (const finding of findings) {
    const became = await client.retrying(signal, async (tries) => {
      if (tries > 0) known = await shelf.known(signal)
      const reference = known.get(finding.id)
      if (reference === undefined) await shelf.make(finding, signal)
      else await shelf.change(reference, finding, signal)
      return reference === undefined ? 'created' : 'updated'
    })
    counts[became]++
    counts.sent++
  }
  return counts
}

/** What marks a text as ours. */
export function markerOf({ id }: Finding): string {
  return `countersign:${id}`
}

const MARKER = /countersign:(csn-[0-9a-f]{32})/

/** @returns our identifier, of a text that has one */
export function markedId(text: unknown): string | null {
  return typeof text === 'string' ? (MARKER.exec(text)?.[1] ?? null) : null
}

/** A text for people, its mark at its end. */
export function textOf(finding: Finding): string {
  return [...finding.lines, markerOf(finding)].join('\n\n')
}
