/**
 * Hears of the commits of every node: LISTEN on a connection of its own, taken up again after a loss, and then with the
 * present size, because what was notified in between is gone.
 * @module
 */
import { Connection } from './connection.ts'
import { CHANNEL } from './schema.ts'

const AGAIN_MS_MIN = 100
const AGAIN_MS_MAX = 2_000

export class Announcer {
  readonly #url: string
  readonly #announce: (size: number) => void
  #size = 0
  #connection: Connection | null = null
  #timer: NodeJS.Timeout | undefined
  #again_ms = AGAIN_MS_MIN
  #closed = false

  /** @param announce told of each size once, in rising order; a lower one after the database lost entries */
  constructor(url: string, announce: (size: number) => void) {
    this.#url = url
    this.#announce = announce
  }

  /** Nothing that was there before is announced. @throws {StoreError} `STORE_UNAVAILABLE` */
  async start(): Promise<void> {
    this.#size = await this.#listen()
  }

  /** Also called for our own commits, whose notification may come earlier or later. */
  tell(size: number): void {
    if (size <= this.#size || this.#closed) return
    this.#size = size
    this.#announce(size)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#connection?.close()
  }

  async #listen(): Promise<number> {
    const connection = await Connection.open(this.#url, 'countersign listener')
    try {
      connection.onNotification((payload) => this.tell(Number(payload)))
      connection.onLost(() => this.#lost(connection))
      await connection.query(`LISTEN ${CHANNEL}`)
      const { rows } = await connection.query<{ next: number }>('SELECT next FROM sequencer')
      if (this.#closed || connection.lost) connection.close()
      else this.#connection = connection
      return rows[0]?.next ?? 0
    } catch (cause) {
      connection.close()
      throw cause
    }
  }

  #lost(connection: Connection): void {
    if (this.#connection !== connection) return // it never stood, and who opened it hears of it
    this.#connection = null
    this.#tryAgain()
  }

  #tryAgain(): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#resume(), this.#again_ms)
    this.#again_ms = Math.min(this.#again_ms * 2, AGAIN_MS_MAX)
  }

  async #resume(): Promise<void> {
    try {
      const size = await this.#listen()
      this.#again_ms = AGAIN_MS_MIN
      if (this.#connection === null) return this.#tryAgain() // lost again at once
      if (size < this.#size) this.#size = size - 1
      this.tell(size)
    } catch {
      this.#tryAgain()
    }
  }
}
