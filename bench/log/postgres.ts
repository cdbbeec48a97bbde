/** The same on PostgreSQL: a real server from an npm package, in a folder that goes away. @module */
import pg from 'pg'
import { Postgres } from '../../test/fixtures/postgres.ts'
import { measureAppends, measureIdleAck, median, type Appends } from './append.ts'
import { postgresPlant } from './plant.ts'
import type { Percentiles } from '../measure.ts'
import { ENTRY_TYPE, IN_FLIGHT, plainRow } from './workload.ts'

export interface NotMeasured {
  readonly not_measured: string
}

export interface PostgresFigures extends Appends {
  readonly rounds: readonly number[]
  /** Milliseconds. */
  readonly ack_idle_ms: Percentiles
  /** Rows a second: one statement for each batch, the median of rounds between ours. */
  readonly plain_rows_per_s: number
  readonly plain_rounds: readonly number[]
}

const IDLE_APPENDS = 300

export async function postgresFigures(count: number, rounds: number): Promise<PostgresFigures | NotMeasured> {
  let server: Postgres
  try {
    server = await Postgres.start()
  } catch (cause) {
    return { not_measured: cause instanceof Error ? cause.message : 'PostgreSQL does not start here' }
  }
  try {
    return await measured(server, count, rounds)
  } finally {
    await server.remove()
  }
}

async function measured(server: Postgres, count: number, rounds: number): Promise<PostgresFigures> {
  const plant = await postgresPlant(await server.database())
  const appends: Appends[] = []
  const plain_rounds: number[] = []
  try {
    await measureAppends(plant, Math.ceil(count / 4))
    for (let round = 0; round < rounds; round++) {
      appends.push(await measureAppends(plant, count))
      plain_rounds.push(await plainPostgres(await server.database(), count))
    }
    return {
      ...median(appends, (each) => each.appends_per_s),
      rounds: appends.map((each) => each.appends_per_s),
      ack_idle_ms: await measureIdleAck(plant, IDLE_APPENDS),
      plain_rows_per_s: median(plain_rounds, (each) => each),
      plain_rounds,
    }
  } finally {
    await plant.remove()
  }
}

/** Rows a second of batches as large as the group of {@link IN_FLIGHT}, each a transaction that is durable. */
async function plainPostgres(url: string, count: number): Promise<number> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(
      'CREATE TABLE entries (idx bigint PRIMARY KEY, type text NOT NULL, bytes bytea NOT NULL)',
    )
    const bytes = Buffer.from(plainRow())
    const start = performance.now()
    for (let first = 0; first < count; first += IN_FLIGHT) {
      const rows = Array.from({ length: Math.min(IN_FLIGHT, count - first) }, (_, i) => first + i)
      await client.query({
        name: 'plain',
        text: 'INSERT INTO entries (idx, type, bytes) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])',
        values: [rows, rows.map(() => ENTRY_TYPE), rows.map(() => bytes)],
      })
    }
    return Math.round((count / (performance.now() - start)) * 1000)
  } finally {
    await client.end()
  }
}
