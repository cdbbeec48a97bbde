/** The load: entries of 300 bytes that the log's own schema takes, and writers that keep so many of them in flight. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { encodeEntry } from '../../src/log/entries.ts'
import type { NewEntry, Store } from '../../src/ports/store.ts'

export const ENTRY_BYTES = 300
export const IN_FLIGHT = 1_024
export const ENTRY_TYPE = 'system.added'

/** The most plain of the entries with a text of any length, padded to the size. */
function entryOf(index: number, padding: number): NewEntry {
  const subject = `sys_${String(index).padStart(26, '0')}`
  return {
    type: ENTRY_TYPE,
    actor: { kind: 'system', id: 'control-plane' },
    subject,
    body: { name: 'x'.repeat(padding) },
  }
}

const UNPADDED = encodeEntry({ v: 1, time: rfc3339(0), ...entryOf(0, 0) }).length

export function newEntry(index: number): NewEntry {
  return entryOf(index, ENTRY_BYTES - UNPADDED)
}

/** What a plain table is given: bytes of the same length that nothing compresses or repeats. */
export function plainRow(): Uint8Array {
  return nodeCrypto.randomBytes(ENTRY_BYTES)
}

/** Appends so many entries, each a transaction of its own as far as its caller knows. Resolves once all are durable. */
export async function appendAll(store: Store, count: number): Promise<void> {
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < count) {
      const entry = newEntry(next++)
      await store.write((tx) => tx.append(entry))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer))
}
