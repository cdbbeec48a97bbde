/** The processes that listen and enforce, seen from the one that measures. @module */
import { fork, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Plant, Target } from './plant.ts'

const ENV = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'countersign-compile-cache') }
/** The slowest step, 10,000 connections on a machine that does other things as well. */
const ANSWER_MAX_MS = 300_000
const POINTS_A_PROCESS = 10
const LISTENERS_A_PROCESS = 2_500

const heldSchema = z.object({
  id: z.string(),
  /** When a call was last handed to the tool, and first denied: 0 for never. */
  last_allow: z.number(),
  first_denial: z.number(),
  reasons: z.array(z.string()),
})
export type Held = z.infer<typeof heldSchema>

/** A forked process that answers in messages of one member each. */
class Worker {
  readonly #child: ChildProcess

  constructor(file: string) {
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), { env: ENV, stdio: 'inherit' })
  }

  tell(message: object): void {
    this.#child.send(message)
  }

  /** The next message with that member, from now on. @throws when the process fails or ends first */
  next<T>(member: string, schema: z.ZodType<T>): Promise<T> {
    const answer = Promise.withResolvers<T>()
    const onMessage = (message: Record<string, unknown>): void => {
      if ('failed' in message)
        answer.reject(new Error(`a process of the benchmark failed: ${String(message.failed)}`))
      else if (member in message) answer.resolve(schema.parse(message[member]))
    }
    const onExit = (code: number | null, signal: string | null): void =>
      answer.reject(
        new Error(`a process of the benchmark ended with ${signal ?? code}, asked for: ${member}`),
      )
    const timer = setTimeout(
      () => answer.reject(new Error(`no answer within ${ANSWER_MAX_MS} ms: ${member}`)),
      ANSWER_MAX_MS,
    )
    this.#child.on('message', onMessage).once('exit', onExit)
    const answered = answer.promise.finally(() => {
      clearTimeout(timer)
      this.#child.off('message', onMessage).off('exit', onExit)
    })
    // Asked for ahead, it fails before anybody waits for it: the rest of the fleet is put away first.
    answered.catch(() => undefined)
    return answered
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.connected) this.#child.disconnect()
    await ended
  }
}

/** Complete enforcement points. */
export class Points {
  readonly #workers: Worker[] = []

  /** One process after the other: each loads and fetches a lot as it starts. */
  async open(plant: Plant): Promise<void> {
    for (let first = 0; first < plant.points.length; first += POINTS_A_PROCESS) {
      const files = plant.points.slice(first, first + POINTS_A_PROCESS).map(({ file }) => file)
      const worker = new Worker('point-process.ts')
      this.#workers.push(worker)
      const up = worker.next('up', z.int())
      worker.tell({ do: 'open', files })
      await up
    }
  }

  /** Every point lets calls under this key through, one every so often, and goes on doing so. */
  async hold({ key, chains, definition_hash }: Target, every_ms: number): Promise<void> {
    const held = this.#workers.map((worker) => worker.next('held', z.int()))
    const told = { do: 'hold', key, chains: Object.fromEntries(chains), every_ms, definition_hash }
    for (const worker of this.#workers) worker.tell(told)
    await Promise.all(held)
  }

  /** Resolves once each point has denied a call. Ask before it can happen. */
  async denied(): Promise<Held[]> {
    return (
      await Promise.all(this.#workers.map((worker) => worker.next('denied', z.array(heldSchema))))
    ).flat()
  }

  async stop(): Promise<Held[]> {
    const stopped = this.#workers.map((worker) => worker.next('stopped', z.array(heldSchema)))
    for (const worker of this.#workers) worker.tell({ do: 'stop' })
    return (await Promise.all(stopped)).flat()
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()))
  }
}

/** Subscribers on bare sockets. */
export class Listeners {
  readonly #workers: Worker[] = []
  count = 0

  /** @param after the frame that they have already */
  async connect(plant: Plant, count: number, after: number): Promise<void> {
    // One key opens as many streams as it likes.
    const key = plant.points[0]?.key
    for (let left = count; left > 0; left -= LISTENERS_A_PROCESS) {
      const some = Math.min(left, LISTENERS_A_PROCESS)
      const worker = new Worker('listener-process.ts')
      this.#workers.push(worker)
      const up = worker.next('up', z.int())
      worker.tell({ do: 'connect', count: some, url: plant.url, port: plant.port, after, key })
      await up
      this.count += some
    }
  }

  /** What each of them is to deny next. */
  async expect(handles: readonly string[]): Promise<void> {
    const expecting = this.#workers.map((worker) => worker.next('expecting', z.boolean()))
    for (const worker of this.#workers) worker.tell({ do: 'expect', handles })
    await Promise.all(expecting)
  }

  /** Times at which each denied each. Ask before it can happen. */
  async denied(): Promise<number[]> {
    const all = await Promise.all(this.#workers.map((worker) => worker.next('denied', z.array(z.number()))))
    return all.flat()
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()))
  }
}
