/** What drift writes into the registers. spec/drift.md (DRF-28). @module */
import type { EntryBody } from '../log/entries.ts'
import type { Tx } from './store.ts'

/** Writes what drift made into the log and the registers, in the transaction that stores its state. */
export interface DriftRegister {
  started(tx: Tx, agent: string, body: EntryBody<'drift.epoch_started'>): Promise<void>
  /** @param document as the digest in the body is over it */
  proposed(tx: Tx, body: EntryBody<'baseline.proposed'>, document: string): Promise<void>
  scored(tx: Tx, agent: string, body: EntryBody<'drift.scored'>): Promise<void>
}
