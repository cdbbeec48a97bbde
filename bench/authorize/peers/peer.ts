/** What a peer has to say of itself to be measured beside us. @module */
import type { Timed } from '../../measure.ts'

/** One figure of a peer. */
export interface PeerRow {
  /** The member of the report, e.g. `chain1_us`. */
  readonly name: string
  /** Gives what is timed; nothing in it may be left from the round before. */
  readonly prepare: (i: number) => Timed
  /** Runs in each so-manieth round only, because it takes milliseconds. */
  readonly every?: number
}

export interface Peer {
  /** What of it is measured. */
  readonly measures: string
  readonly checks: string
  readonly leaves_out: string
  readonly rows: readonly PeerRow[]
}

/** Different chains that take turns: none of the peers keeps anything of a chain, so each time is its first. */
export const CHAINS_N = 16

/** The package as its users import it. Not installed for those who only check types, so it is described where it is used. */
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T
}
