/** An enforcement point as a process that is killed and begun again: its lives, and what its tool wrote down. @module */
import { fork, type ChildProcess } from 'node:child_process'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Act } from './check.ts'
import { now } from './patience.ts'
import type { Enrolled } from './people.ts'

export const ENV = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'countersign-compile-cache') }

const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const HONEST = programOf('point-process.ts')
const LYING = programOf('lying-point-process.ts')
const REVIVE_MS = 200
const SAID_MAX = 4_096
const NEWLINE = 10

type Line = Act | { readonly up: number } | { readonly about: string }

export class Point {
  readonly enrolled: Enrolled
  /** Names of the ways by which it follows the relay, if it does. */
  readonly ways: readonly string[]
  /** The end of what its lives wrote to stderr. */
  said = ''
  readonly #chains: string
  readonly #written: string
  #program = HONEST
  #process: ChildProcess | null = null
  /** When its present life began. */
  #born = 0
  #isEnding = false
  #turn: Promise<void> = Promise.resolve()
  readonly #known: Line[] = []
  #read_bytes = 0
  #reading: Promise<readonly Line[]> = Promise.resolve(this.#known)

  /** @param chains file with what its agent calls with */
  constructor(enrolled: Enrolled, ways: readonly string[], chains: string) {
    this.enrolled = enrolled
    this.ways = ways
    this.#chains = chains
    this.#written = join(dirname(enrolled.enrolment), 'acts')
  }

  get id(): string {
    return this.enrolled.id
  }

  /** As a supervisor does: one that ends by itself, because no node answered as it began, is begun again. */
  start(): void {
    const child = fork(this.#program, [this.enrolled.enrolment, this.#chains, this.#written], {
      env: ENV,
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    })
    this.#process = child
    this.#born = now()
    child.stdin?.on('error', () => undefined) // it was killed: nothing is to be told
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.said = (this.said + text).slice(-SAID_MAX)
    })
    child.once('exit', (code) => {
      if (code !== null && !this.#isEnding) setTimeout(() => this.#revive(child), REVIVE_MS)
    })
  }

  #revive(dead: ChildProcess): void {
    if (this.#process === dead && !this.#isEnding) this.start()
  }

  /** One life after the other. */
  restart(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      await this.#kill()
      this.start()
    })
    return this.#turn
  }

  /** From here on it hears of what is revoked, and lets it through. */
  corrupt(): Promise<void> {
    this.#program = LYING
    return this.restart()
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  stepClock(ms: number): void {
    this.#process?.stdin?.write(`step ${ms}\n`)
  }

  /** For good. */
  end(): Promise<void> {
    this.#isEnding = true
    return this.#kill()
  }

  async #kill(): Promise<void> {
    const child = this.#process
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  /** Whether its present life has begun to serve. */
  async isUp(): Promise<boolean> {
    return (await this.#lines()).some((line) => 'up' in line && line.up >= this.#born)
  }

  async acts(): Promise<Act[]> {
    return (await this.#lines()).filter((line): line is Act => 'jti' in line)
  }

  /** The last that it said of a chain, for whoever looks for a cause. */
  async lastWords(jti: string): Promise<string> {
    const last = (await this.#lines()).findLast((line) => 'about' in line && line.about === jti)
    return `${this.id}: ${last === undefined ? 'nothing' : JSON.stringify(last)}`
  }

  /** What was written since is read, and no more: this is asked ten times a second, of a file that grows. */
  #lines(): Promise<readonly Line[]> {
    this.#reading = this.#reading.then(async () => {
      const text = await readFrom(this.#written, this.#read_bytes)
      const whole = text.subarray(0, text.lastIndexOf(NEWLINE) + 1)
      this.#read_bytes += whole.length
      for (const line of whole.toString().split('\n')) {
        if (line !== '') this.#known.push(JSON.parse(line) as Line)
      }
      return this.#known
    })
    return this.#reading
  }
}

/** Empty while there is no such file. */
async function readFrom(path: string, start: number): Promise<Buffer> {
  const file = await open(path).catch(() => null)
  if (file === null) return Buffer.alloc(0)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start })
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
