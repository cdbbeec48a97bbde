/**
 * Takes statements from any path: in force at once, acknowledged once durable, recorded, handed on to the control plane.
 * spec/kill.md (KIL-3, KIL-13, KIL-18). Invariants: no acknowledgement before the disk has it; a statement that could
 * not be kept denies all the same, and is written with the next.
 * @module
 */
import { z } from 'zod'
import type { Crypto, Signer } from '../core/crypto.ts'
import { parseJson } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import type { Clock } from '../ports/clock.ts'
import type { StatementLog } from '../ports/statement-log.ts'
import type { KillState, Taken } from '../revoke/kill.ts'
import { signAck } from '../revoke/kill-rules.ts'
import {
  statementSchema,
  type Kill,
  type ProbeWay,
  type SignedAck,
  type Statement,
} from '../revoke/statement.ts'
import { keptAnswerSchema, ProbeAnswers, type ProbeAnswer } from './probe-answers.ts'

/** What a path may bring, in bytes: a lift with the gestures of 32 people takes about 30 KiB, and fits an entry. */
export const STATEMENT_BYTES_MAX = 48 * 1024
/** IDs of kills that an acknowledgement has room for. */
const ACK_KILLS_MAX = 1_000

export interface KillDeskOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly state: KillState
  readonly log: StatementLog
  readonly signer: Signer
  readonly point: string
  /** The last applied frame. */
  readonly position: () => { readonly epoch: number; readonly after: number }
  /** Records that a kill came into force here (KIL-18). Not asked for one outside the point's scope. */
  readonly onForce: (kill: Kill) => Promise<void>
  /** Whether calls that this point sees may fall under the kill. */
  readonly isWithin: (kill: Kill) => boolean
  /** From here on another key signs frames: {@link KillState.frameKey} (KIL-9). */
  readonly onFrameKey: () => void
  readonly onFault: (error: unknown) => void
}

export interface TakenStatement {
  readonly taken: Taken
  /** Null: it does not hold. */
  readonly ack: SignedAck | null
}

const keptSchema = z.union([
  z.strictObject({ statement: statementSchema }),
  /** The receipt of this kill is durable. */
  z.strictObject({ recorded: z.string() }),
  ...keptAnswerSchema.options,
])

export class KillDesk {
  readonly #o: KillDeskOptions
  /** Lines that are to be on the disk, in order. */
  readonly #unkept: { readonly text: string; readonly kill?: string }[] = []
  /** What the control plane is not known to have. */
  readonly #toHandIn = new Map<string, Statement>()
  readonly #recorded = new Set<string>()
  readonly #answers = new ProbeAnswers()
  /** One write at a time, and receipts that are being recorded. */
  #writing: Promise<void> = Promise.resolve()
  readonly #recording = new Set<Promise<void>>()
  /** Told when there is something to hand in. */
  onHeld: () => void = () => undefined

  /** Puts in force what is kept. @throws {CoreError}, {ZodError}: it holds what no version of ours wrote */
  constructor(options: KillDeskOptions) {
    this.#o = options
    for (const text of options.log.kept) {
      const kept = keptSchema.parse(parseJson(text))
      if ('recorded' in kept) this.#recorded.add(kept.recorded)
      else if (!('statement' in kept)) this.#answers.restore(kept)
      else {
        options.state.restore(kept.statement)
        this.#toHandIn.set(nameOf(kept.statement), kept.statement)
      }
    }
  }

  /** Records what came into force just before an end without a record. Call it once, when receipts can be written. */
  begin(): void {
    if (this.#o.state.frameKey.epoch > 0) this.#o.onFrameKey()
    for (const { kill } of this.#o.state.inForce) this.#record(kill)
  }

  /** Whether it shows without a signature that it does not hold. */
  isHopeless(statement: Statement): boolean {
    return this.#o.state.isHopeless(statement)
  }

  /**
   * In force when this returns its promise; durable when that resolves.
   * @param from by which way it came, which says whose word it is that the control plane has it: its own (`log`), that of
   * a stream, which is likely and shows when its statements are read the next time, or nobody's
   * @throws {SpoolError} it is in force, but would not outlive a restart: no acknowledgement
   */
  async take(statement: Statement, from: 'log' | ProbeWay): Promise<TakenStatement> {
    const taken = this.#o.state.apply(statement)
    if (taken === 'rejected') return { taken, ack: null }
    const name = nameOf(statement)
    if (from === 'log') this.#toHandIn.delete(name)
    if (taken === 'applied') {
      this.#unkept.push({
        text: JSON.stringify({ statement }),
        ...('kill' in statement ? { kill: statement.kill.id } : {}),
      })
      if (from !== 'log') this.#toHandIn.set(name, statement)
      if ('kill' in statement) this.#record(statement.kill)
      if ('frame_key' in statement) this.#o.onFrameKey()
    }
    const ack = this.#ack(statement, from)
    const isAnswered = 'probe' in statement && this.#keepAnswer({ statement, answer: ack })
    await this.#flush() // also of one that came before, and is being written
    const isOutside = from === 'push' || from === 'file'
    if ((taken === 'applied' && isOutside) || isAnswered) this.onHeld()
    return { taken, ack: 'probe' in statement ? ack : this.#ack(statement, from) }
  }

  /** Kills in force that are on the disk: what an acknowledgement may name (REV-13). */
  get kept(): string[] {
    const unkept = new Set(this.#unkept.map(({ kill }) => kill))
    const ids = this.#o.state.inForce.map(({ kill }) => kill.id).filter((id) => !unkept.has(id))
    return ids.slice(0, ACK_KILLS_MAX)
  }

  /** What to hand in, in the order in which it came. */
  get held(): readonly Statement[] {
    return [...this.#toHandIn.values()]
  }

  /** The control plane has it. */
  handedIn(statement: Statement): void {
    this.#toHandIn.delete(nameOf(statement))
  }

  /** Answers to probes that the control plane is not known to have. */
  get answers(): readonly ProbeAnswer[] {
    return this.#answers.held
  }

  /** The control plane has it, or does not take it. */
  async answered(one: ProbeAnswer): Promise<void> {
    this.#unkept.push({ text: JSON.stringify(this.#answers.told(one)) })
    await this.#flush()
  }

  /** @returns false: it was given before */
  #keepAnswer(one: ProbeAnswer): boolean {
    const kept = this.#answers.give(one)
    if (kept !== null) this.#unkept.push({ text: JSON.stringify(kept) })
    return kept !== null
  }

  async close(): Promise<void> {
    await Promise.all(this.#recording)
    await this.#flush().catch(this.#o.onFault)
    await this.#o.log.close()
  }

  #flush(): Promise<void> {
    const next = this.#writing.catch(() => undefined).then(() => this.#writeAll())
    this.#writing = next
    next.catch(() => undefined) // whoever waits for it is told
    return next
  }

  async #writeAll(): Promise<void> {
    for (let line = this.#unkept[0]; line !== undefined; line = this.#unkept[0]) {
      await this.#o.log.append(line.text)
      this.#unkept.shift()
    }
  }

  #record(kill: Kill): void {
    if (this.#recorded.has(kill.id) || !this.#o.isWithin(kill)) return
    this.#recorded.add(kill.id)
    const done = this.#o
      .onForce(kill)
      .then(() => {
        this.#unkept.push({ text: JSON.stringify({ recorded: kill.id }) })
        return this.#flush()
      })
      .catch(this.#o.onFault)
    this.#recording.add(done)
    void done.finally(() => this.#recording.delete(done))
  }

  #ack(statement: Statement, from: 'log' | ProbeWay): SignedAck {
    const { crypto, clock, state, signer, point, position } = this.#o
    const { epoch, after } = position()
    const { breakGlass } = state
    const probed =
      'probe' in statement
        ? {
            probe: statement.probe.id,
            ...(breakGlass === null ? {} : { break_glass: thumbprint(crypto, breakGlass) }),
            ...(from === 'log' ? {} : { way: from }),
          }
        : {}
    return signAck(signer, { v: 1, point, epoch, head: after, kills: this.kept, t: clock.now(), ...probed })
  }
}

/** What a statement is, whoever sent it. */
function nameOf(statement: Statement): string {
  if ('kill' in statement) return `kill ${statement.kill.id}`
  if ('lift' in statement) return `lift ${statement.lift.id}`
  if ('roster' in statement) return `roster ${statement.roster.seq}`
  if ('frame_key' in statement) return `frame_key ${statement.frame_key.seq}`
  return `probe ${statement.probe.id}`
}
