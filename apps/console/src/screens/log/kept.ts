/**
 * What this browser remembers of the log behind this address: its key, the last checkpoint that verified, and witnesses that
 * its person knows. A log that is rewritten is noticed by whoever looked before. spec/console.md (CON-8). Not by the log's
 * own name, which an answer could change: `localStorage` is one an origin of the web.
 * @module
 */

export interface Kept {
  readonly vkey: string
  /** The signed note. */
  readonly note: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** As `localStorage` is; tests give another. */
export interface Memory {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
  removeItem(name: string): void
}

const LOG = 'countersign.log'
const WITNESSES = 'countersign.witnesses'

export function keptOf(memory: Memory = localStorage): Kept | null {
  const text = memory.getItem(LOG)
  if (text === null) return null
  try {
    const { vkey, note, size, at } = JSON.parse(text) as Record<string, unknown>
    if (typeof vkey === 'string' && typeof note === 'string' && typeof size === 'number')
      return { vkey, note, size, at: Number(at) }
  } catch {
    // Not ours: as if nothing were kept.
  }
  return null
}

export function keep(kept: Kept, memory: Memory = localStorage): void {
  memory.setItem(LOG, JSON.stringify(kept))
}

export function forget(memory: Memory = localStorage): void {
  memory.removeItem(LOG)
}

/** Keys of witnesses, as vkeys. */
export function witnessesOf(memory: Memory = localStorage): string[] {
  try {
    const list: unknown = JSON.parse(memory.getItem(WITNESSES) ?? '[]')
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}

export function keepWitnesses(vkeys: readonly string[], memory: Memory = localStorage): void {
  memory.setItem(WITNESSES, JSON.stringify(vkeys))
}
