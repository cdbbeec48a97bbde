/** From the revoke request to the last denial, over 1,000 and 10,000 that listen, and what each of them costs. @module */
import { spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { round } from '../measure.ts'
import type { NotMeasured } from '../log/postgres.ts'
import { now } from './clock.ts'
import { openPlant, type Plant } from './plant.ts'
import { Listeners, Points } from './workers.ts'

/** Milliseconds. */
export interface Spread {
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
}

/** Over all points of all rounds, from the moment at which the request was sent. */
export interface FleetFigures extends Spread {
  readonly rounds: number
  /** Rounds that do not count: a point denied as stale, before it was told. */
  readonly rounds_stale: number
  /** By round, when the last of all denied. */
  readonly last: Spread
  /** Complete enforcement points alone: a call was denied, recorded and answered. */
  readonly complete: Spread & { readonly points: number }
  /** When a complete point last handed a call over. */
  readonly last_allow: Spread
  /** Subscribers that parse and deny. */
  readonly bare: Spread & { readonly subscribers: number }
  /** When who revoked had the answer. */
  readonly acknowledged: Spread
  /** How long somebody else's requests took, one after the other, while the frame went round. */
  readonly meanwhile: Spread
}

export interface FleetReport {
  readonly points_1000: FleetFigures
  readonly points_10000: FleetFigures | NotMeasured
  /** What the server's resident memory grew by, from 1,000 to the last, by subscriber. */
  readonly memory_per_subscriber_bytes: number | null
  /** Revocations with 32 requests under way and 1,000 that listen, until the last was acknowledged. */
  readonly revocations_per_s: number
  /** The same until every subscriber has denied every one. */
  readonly revocations_denied_per_s: number
  /** What a revocation waits for before it is acknowledged: one write of 4 KiB and `fsync` where the server's data lies. */
  readonly fsync: Spread
}

const COMPLETE = 50
/** Each call is recorded at the server: more of them would measure that. */
const CALL_EVERY_MS = 1_000
const REVOCATIONS_UNDER_WAY = 32
/** What the process of the server needs besides connections: files, databases, requests under way. */
const FILES_SPARE = 500
/** Heartbeats go on meanwhile: a round begins anywhere between two of them. */
const BETWEEN_ROUNDS_MS = 700
const SETTLE_MS = 3_000
const WARMUP_ROUNDS = 3
const FSYNCS = 200

export interface FleetSize {
  readonly rounds: number
  readonly revocations: number
}

export async function measureFleet({ rounds, revocations }: FleetSize): Promise<FleetReport> {
  const plant = await openPlant(COMPLETE)
  const fleet = new Fleet(plant)
  try {
    const fsync = measureFsync(plant.folder)
    await fleet.growTo(1_000)
    const points_1000 = await fleet.rounds(rounds)
    const rate = await fleet.rate(revocations)
    const small_bytes = plant.rssBytes()
    const why = tooFewFiles(10_000)
    if (why !== null) {
      return {
        points_1000,
        points_10000: { not_measured: why },
        memory_per_subscriber_bytes: null,
        ...rate,
        fsync,
      }
    }
    await fleet.growTo(10_000)
    await pause(SETTLE_MS)
    const memory_per_subscriber_bytes = Math.round((plant.rssBytes() - small_bytes) / 9_000)
    const points_10000 = await fleet.rounds(rounds)
    return { points_1000, points_10000, memory_per_subscriber_bytes, ...rate, fsync }
  } finally {
    await fleet.end()
    await plant.remove()
  }
}

function measureFsync(folder: string): Spread {
  const path = join(folder, 'fsync')
  const file = openSync(path, 'w')
  const took: number[] = []
  for (let i = 0; i < FSYNCS; i++) {
    const begun = now()
    writeSync(file, Buffer.alloc(4096))
    fsyncSync(file)
    took.push(now() - begun)
  }
  closeSync(file)
  rmSync(path)
  return spreadOf(took)
}

/** Node raises the soft limit to the hard one by itself. */
function tooFewFiles(subscribers: number): string | null {
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' })
  const limit = stdout.trim()
  const needed = subscribers + FILES_SPARE
  if (limit === 'unlimited' || Number(limit) >= needed) return null
  return `a process may have ${limit} open files and the server needs ${needed}: raise it with "ulimit -Hn" or LimitNOFILE`
}

class Fleet {
  readonly #plant: Plant
  #points = new Points()
  readonly #listeners = new Listeners()
  #revoked = 0

  constructor(plant: Plant) {
    this.#plant = plant
  }

  /** Complete points come in the middle of the new ones: a broadcast goes from who came first to who came last. */
  async growTo(all: number): Promise<void> {
    const bare = all - COMPLETE - this.#listeners.count
    await this.#points.end()
    await this.#listeners.connect(this.#plant, Math.floor(bare / 2), this.#revoked)
    this.#points = new Points()
    await this.#points.open(this.#plant)
    await this.#listeners.connect(this.#plant, Math.ceil(bare / 2), this.#revoked)
  }

  async end(): Promise<void> {
    await Promise.all([this.#points.end(), this.#listeners.end()])
  }

  async rounds(count: number): Promise<FleetFigures> {
    const all: Round[] = []
    for (let i = 0; i < WARMUP_ROUNDS; i++) await this.#round() // the compiler
    let stale = 0
    while (all.length < count) {
      const one = await this.#round()
      if (one !== null) all.push(one)
      else if (++stale > count)
        throw new Error('the points are stale more often than not: too busy a machine')
    }
    const complete = all.flatMap((each) => each.complete)
    const bare = all.flatMap((each) => each.bare)
    return {
      ...spreadOf([...complete, ...bare]),
      rounds: count,
      rounds_stale: stale,
      last: spreadOf(all.map((each) => [...each.complete, ...each.bare].reduce((a, b) => Math.max(a, b)))),
      complete: { ...spreadOf(complete), points: COMPLETE },
      last_allow: spreadOf(all.flatMap((each) => each.last_allow)),
      bare: { ...spreadOf(bare), subscribers: this.#listeners.count },
      acknowledged: spreadOf(all.map((each) => each.acknowledged)),
      meanwhile: spreadOf(all.flatMap((each) => each.meanwhile)),
    }
  }

  /** Null when a point had gone stale before: the machine was too busy for this to say anything about revocation. */
  async #round(): Promise<Round | null> {
    const target = await this.#plant.target()
    await this.#points.hold(target, CALL_EVERY_MS)
    await this.#listeners.expect([target.jkt])
    await pause(BETWEEN_ROUNDS_MS * (0.5 + Math.random()))
    const denied = Promise.all([this.#points.denied(), this.#listeners.denied()])
    const others = this.#requestsUntil(denied)
    const { sent, acknowledged } = await this.#revoke('key', target.jkt)
    const [, bare] = await denied
    const meanwhile = await others
    const complete = await this.#points.stop()
    if (complete.some(({ reasons }) => !reasons.includes('REVOKED'))) return null
    return {
      complete: complete.map(({ first_denial }) => first_denial - sent),
      last_allow: complete.map(({ last_allow }) => last_allow - sent),
      bare: bare.map((time) => time - sent),
      acknowledged: acknowledged - sent,
      meanwhile,
    }
  }

  async #requestsUntil(end: Promise<unknown>): Promise<number[]> {
    const took: number[] = []
    const rest = { isOver: false }
    void end.finally(() => {
      rest.isOver = true
    })
    while (!rest.isOver) {
      const begun = now()
      await (await fetch(`${this.#plant.url}/v1/time`)).arrayBuffer() // refused, as fast as a server can
      took.push(now() - begun)
    }
    return took
  }

  #revoke(kind: 'key' | 'delegation', target: string): ReturnType<Plant['revoke']> {
    this.#revoked++
    return this.#plant.revoke(kind, target)
  }

  async rate(count: number): Promise<Pick<FleetReport, 'revocations_per_s' | 'revocations_denied_per_s'>> {
    const delegations = await this.#plant.delegations(count)
    await this.#listeners.expect(delegations)
    const denied = this.#listeners.denied()
    const left = [...delegations]
    const begun = now()
    const work = async (): Promise<void> => {
      for (let jti = left.pop(); jti !== undefined; jti = left.pop()) await this.#revoke('delegation', jti)
    }
    await Promise.all(Array.from({ length: REVOCATIONS_UNDER_WAY }, work))
    const acknowledged = now()
    const last = (await denied).reduce((a, b) => Math.max(a, b))
    return {
      revocations_per_s: Math.round((count * 1000) / (acknowledged - begun)),
      revocations_denied_per_s: Math.round((count * 1000) / (last - begun)),
    }
  }
}

/** Milliseconds since the request was sent. */
interface Round {
  readonly complete: readonly number[]
  readonly last_allow: readonly number[]
  readonly bare: readonly number[]
  readonly acknowledged: number
  readonly meanwhile: readonly number[]
}

function spreadOf(samples: readonly number[]): Spread {
  const sorted = Float64Array.from(samples).sort()
  const at = (share: number): number => round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN)
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) }
}
