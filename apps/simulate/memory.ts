/** What an enforcement point of a simulation keeps: as on a disk, and gone with the simulation. spec/simulation.md (SIM-3). @module */
import { SpoolError, type Spool, type SpoolPosition, type SpoolRecord } from '../../src/ports/spool.ts'
import type { StatementLog } from '../../src/ports/statement-log.ts'
import type { TaintFile } from '../../src/ports/taint-file.ts'

/** Passes test/contract/spool.ts but for what a disk does. */
export class MemorySpool implements Spool {
  position: SpoolPosition | 'damaged' | null = null
  #records: SpoolRecord[] = []

  async begin(epoch: number): Promise<void> {
    this.position = { epoch, seq: 0, hash: '' }
    this.#records = []
  }

  async append(record: SpoolRecord): Promise<void> {
    const { position } = this
    if (position === null || position === 'damaged' || record.seq !== position.seq + 1)
      throw new SpoolError('SPOOL_UNAVAILABLE', 'the record does not follow the last one')
    this.#records.push(record)
    this.position = { epoch: position.epoch, seq: record.seq, hash: record.hash }
  }

  async read(after: number, count: number): Promise<SpoolRecord[]> {
    const from = this.#records.findIndex(({ seq }) => seq > after)
    return from === -1 ? [] : this.#records.slice(from, from + count)
  }

  /** What the control plane has is let go: a point that starts again finds where its stream is, and nothing else. */
  async acknowledge(seq: number): Promise<void> {
    const from = this.#records.findIndex((record) => record.seq > seq)
    this.#records = from === -1 ? [] : this.#records.slice(from)
  }

  async close(): Promise<void> {
    // It outlives the process that is played.
  }
}

export class MemoryStatements implements StatementLog {
  readonly #lines: string[] = []

  get kept(): readonly string[] {
    return [...this.#lines]
  }

  async append(text: string): Promise<void> {
    this.#lines.push(text)
  }

  async close(): Promise<void> {
    // As above.
  }
}

export class MemoryTaints {
  #text: string | null = null

  open(): TaintFile {
    return {
      kept: this.#text,
      save: async (text) => {
        this.#text = text
      },
    }
  }
}
