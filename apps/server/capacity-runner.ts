/**
 * Samples what this process and its machine have to do, once an hour, and looks every day for what falls due.
 * spec/capacity.md. Of several nodes the first one of an hour samples. Never rejects: what failed is tried at the next look.
 * @module
 */
import { statfs } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseJson } from '../../src/core/json.ts'
import type { Store } from '../../src/ports/store.ts'
import { HOUR_MS, needsSample, spreadOf, takeSample, type Readings } from '../../src/respond/capacity.ts'
import { remind } from '../../src/respond/reminders.ts'
import { frameSchema } from '../../src/revoke/frame.ts'

const LOOK_MS = 60_000
/** Times that are kept of each kind: some minutes of a busy hour. */
const TIMES_MAX = 4_096
/** Frames whose acknowledgements count. */
const FRAMES_MAX = 256

/** The last of them. */
class Times {
  #times: number[] = []
  #next = 0

  add(ms: number): void {
    this.#times[this.#next] = ms
    this.#next = (this.#next + 1) % TIMES_MAX
  }

  take(): ReturnType<typeof spreadOf> {
    const spread = spreadOf(this.#times)
    this.#times = []
    this.#next = 0
    return spread
  }
}

/** What is timed while the process works. */
export class Load {
  readonly writes = new Times()
  waiting = 0
  #acks: { readonly head: number; readonly now_ms: number }[] = []

  /** Of a frame, by a point. */
  acknowledged(head: number, now_ms: number): void {
    if (this.#acks.length < TIMES_MAX) this.#acks.push({ head, now_ms })
  }

  /** Since the last call. */
  async revocations(store: Store): Promise<ReturnType<typeof spreadOf>> {
    const acks = this.#acks
    this.#acks = []
    const heads = [...new Set(acks.map(({ head }) => head))].slice(0, FRAMES_MAX)
    if (heads.length === 0) return null
    const rows = await store.query((db) =>
      db.selectFrom('frames').select(['seq', 'frame_json']).where('seq', 'in', heads).execute(),
    )
    const committed = new Map(
      rows.map(({ seq, frame_json }) => [seq, frameSchema.parse(parseJson(frame_json)).t]),
    )
    return spreadOf(
      acks.flatMap(({ head, now_ms }) => {
        const t = committed.get(head)
        return t === undefined ? [] : [Math.max(0, now_ms - t)]
      }),
    )
  }
}

/** The same store, and each of its writes timed. */
export function timedStore(store: Store, load: Load): Store {
  return {
    entries: store.entries,
    nodes: store.nodes,
    write: async (...args) => {
      const begun = performance.now()
      load.waiting++
      try {
        const made = await store.write(...args)
        load.writes.add(performance.now() - begun)
        return made
      } finally {
        load.waiting--
      }
    },
    query: (work) => store.query(work),
    now: () => store.now(),
    horizon: () => store.horizon(),
    onCommit: (listener) => store.onCommit(listener),
    close: () => store.close(),
  }
}

export interface CapacityRunnerOptions {
  readonly store: Store
  readonly load: Load
  /** Whose disk is measured. */
  readonly dataDir: string
  readonly report: (error: unknown) => void
}

export class CapacityRunner {
  readonly #o: CapacityRunnerOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #reminded_ms = 0
  #stopped = false
  #cpu = cpuTimes()

  constructor(options: CapacityRunnerOptions) {
    this.#o = options
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_MS)
    void this.look()
  }

  look(): Promise<void> {
    this.#running = this.#running
      .then(() => this.#look())
      .catch((cause: unknown) => {
        if (!this.#stopped) this.#o.report(cause)
      })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #look(): Promise<void> {
    if (this.#stopped) return
    const { store } = this.#o
    const now_ms = await store.now()
    if (await store.query((db) => needsSample(db, now_ms))) await takeSample(store, await this.#read())
    if (now_ms - this.#reminded_ms < 24 * HOUR_MS) return
    await remind(store)
    this.#reminded_ms = now_ms
  }

  async #read(): Promise<Readings> {
    const { load, dataDir, store } = this.#o
    const { bsize, bavail, blocks } = await statfs(dataDir)
    const cpu = cpuTimes()
    const busy = cpu.busy - this.#cpu.busy
    const all = cpu.all - this.#cpu.all
    this.#cpu = cpu
    return {
      cpu_pct: all === 0 ? 0 : Math.round((1000 * busy) / all) / 10,
      memory_bytes: process.memoryUsage.rss(),
      disk_free_bytes: bsize * bavail,
      disk_total_bytes: bsize * blocks,
      writes_waiting: load.waiting,
      write_ms: load.writes.take(),
      revocation_ms: await load.revocations(store),
    }
  }
}

/** Milliseconds of all cores since the machine started. */
function cpuTimes(): { readonly busy: number; readonly all: number } {
  let busy = 0
  let idle = 0
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq
    idle += times.idle
  }
  return { busy, all: busy + idle }
}
