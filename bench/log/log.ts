/** `npm run bench -- log`: what the log takes a second, beside what its database takes, and how it grows. @module */
import type { Percentiles } from '../measure.ts'
import { machine, ownCommit, type Machine } from '../machine.ts'
import { measureAppends, measureIdleAck, median, type Appends } from './append.ts'
import { measureGrowth, type GrowthStep } from './growth.ts'
import { plainSqlite } from './plain.ts'
import { embeddedPlant } from './plant.ts'
import { postgresFigures, type NotMeasured, type PostgresFigures } from './postgres.ts'
import { ENTRY_BYTES, IN_FLIGHT } from './workload.ts'
import { tableOf } from './report.ts'
import { benchVerify, type VerifyFigures } from './verify.ts'

/** `--json` prints it as it is. */
export interface Report {
  readonly benchmark: 'log'
  readonly machine: Machine
  /** Our commit. */
  readonly countersign: string
  readonly entry_bytes: number
  readonly in_flight: number
  readonly embedded: Appends & {
    /** Milliseconds. */
    readonly ack_idle_ms: Percentiles
    /** Each round of appends; `appends_per_s` is of the median one. */
    readonly rounds: readonly number[]
  }
  /** The same with `--publisher-thread`. */
  readonly embedded_thread: Appends & { readonly rounds: readonly number[] }
  readonly postgres: PostgresFigures | NotMeasured
  readonly plain: {
    /** Rows a second: batched INSERT into a table of the same shape, the median of rounds between ours. */
    readonly sqlite_rows_per_s: number
    readonly sqlite_rounds: readonly number[]
  }
  /** What `countersign log verify` does: the tree, and every entry strictly against its schema. */
  readonly verify_1m: VerifyFigures
  /** The tree alone. */
  readonly verify_1m_tree: VerifyFigures
  readonly growth: readonly GrowthStep[]
}

export interface LogOptions {
  readonly json: boolean
  /** A tenth of everything: seconds instead of minutes, and rougher figures. */
  readonly short: boolean
}

const ROUNDS = 5
const APPENDS = 200_000
const IDLE_APPENDS = 1_000
const WARMUP_APPENDS = 50_000
const SIZES = [100_000, 300_000, 1_000_000, 3_000_000]

export async function log({ json, short }: LogOptions): Promise<void> {
  const share = short ? 0.1 : 1
  const ran_on = machine()
  const appends: Appends[] = []
  const sqlite_rounds: number[] = []
  const plant = await embeddedPlant()
  let ack_idle_ms: Percentiles
  try {
    await measureAppends(plant, WARMUP_APPENDS * share)
    for (let round = 0; round < ROUNDS; round++) {
      appends.push(await measureAppends(plant, APPENDS * share))
      sqlite_rounds.push(await plainSqlite(APPENDS * share))
    }
    ack_idle_ms = await measureIdleAck(plant, IDLE_APPENDS * share)
  } finally {
    await plant.remove()
  }
  const middle = median(appends, (each) => each.appends_per_s)
  const threaded = await threadedAppends(share)
  const verified = await benchVerify(1_000_000 * share)
  const report: Report = {
    benchmark: 'log',
    machine: ran_on,
    countersign: ownCommit(),
    entry_bytes: ENTRY_BYTES,
    in_flight: IN_FLIGHT,
    embedded: { ...middle, ack_idle_ms, rounds: appends.map((each) => each.appends_per_s) },
    embedded_thread: {
      ...median(threaded, (each) => each.appends_per_s),
      rounds: threaded.map((each) => each.appends_per_s),
    },
    postgres: await postgresFigures(APPENDS * share, ROUNDS),
    plain: { sqlite_rows_per_s: median(sqlite_rounds, (each) => each), sqlite_rounds },
    verify_1m: verified.strict,
    verify_1m_tree: verified.tree,
    growth: await measureGrowth(SIZES.map((size) => size * share)),
  }
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
}

async function threadedAppends(share: number): Promise<Appends[]> {
  const plant = await embeddedPlant(true)
  const appends: Appends[] = []
  try {
    await measureAppends(plant, WARMUP_APPENDS * share)
    for (let round = 0; round < ROUNDS; round++) appends.push(await measureAppends(plant, APPENDS * share))
  } finally {
    await plant.remove()
  }
  return appends
}
