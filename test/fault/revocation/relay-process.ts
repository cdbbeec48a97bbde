/** `countersign relay` as a process, before which and behind which the network has weather. @module */
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../fixtures/postgres.ts'
import { CLI, Process, until } from '../../fixtures/processes.ts'
import { PATIENCE_MS } from './patience.ts'
import type { Enrolled } from './people.ts'
import type { Proxy } from './proxy.ts'

export class RelayProcess {
  readonly jkt: string
  readonly #proxy: Proxy
  readonly #enrolment: string
  readonly #port: number
  #process: Process | null = null
  #turn: Promise<void> = Promise.resolve()

  private constructor(proxy: Proxy, { jkt, enrolment }: Enrolled, port: number) {
    this.jkt = jkt
    this.#proxy = proxy
    this.#enrolment = enrolment
    this.#port = port
  }

  static async start(proxy: Proxy, enrolled: Enrolled): Promise<RelayProcess> {
    const relay = new RelayProcess(proxy, enrolled, await freePort())
    await relay.#start()
    return relay
  }

  get said(): string {
    return this.#process?.stderr ?? ''
  }

  /** Killed, away for a while, and back. One life after the other. */
  restart(away_ms: number): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      await this.kill()
      await pause(away_ms)
      await this.#start()
    })
    return this.#turn
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.child.kill(signal)
  }

  async kill(): Promise<void> {
    this.#proxy.setRelay(null)
    await this.#process?.end('SIGKILL')
  }

  async #start(): Promise<void> {
    const listen = `127.0.0.1:${this.#port}`
    const args = [CLI, '--json', 'relay', '--enrolment', this.#enrolment, '--listen', listen]
    const started = new Process(process.execPath, args)
    this.#process = started
    const isUp = (): boolean => {
      if (!started.isRunning) throw new Error(`the relay ended: ${started.output}`)
      return started.lines.length > 0
    }
    await until('the relay is up', isUp, PATIENCE_MS)
    this.#proxy.setRelay(`http://${listen}`)
  }
}
