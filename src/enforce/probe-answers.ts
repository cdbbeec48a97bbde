/**
 * A point's answers to probes, until the control plane has them. spec/kill.md (KIL-29).
 * Invariant: of a probe and a way there is one answer, the first, over restarts too.
 * @module
 */
import { z } from 'zod'
import { signedAckSchema, signedProbeSchema, type SignedAck, type SignedProbe } from '../revoke/statement.ts'

/** Answers that wait for the control plane. */
const HELD_MAX = 1_000

export interface ProbeAnswer {
  readonly statement: SignedProbe
  readonly answer: SignedAck
}

/** What is kept of one: it was given; the control plane has it. */
export const keptAnswerSchema = z.union([
  z.strictObject({ probed: z.strictObject({ statement: signedProbeSchema, answer: signedAckSchema }) }),
  z.strictObject({ told: z.string() }),
])
type KeptAnswer = z.infer<typeof keptAnswerSchema>

export class ProbeAnswers {
  /** Names, of those that the control plane has too. */
  readonly #given = new Set<string>()
  readonly #held = new Map<string, ProbeAnswer>()

  restore(kept: KeptAnswer): void {
    if ('told' in kept) this.#held.delete(kept.told)
    else this.give(kept.probed)
  }

  /** @returns what to keep of it; null: it was given before, or came by no way that an answer names */
  give(one: ProbeAnswer): KeptAnswer | null {
    const name = nameOf(one)
    if (one.answer.ack.way === undefined || this.#given.has(name)) return null
    this.#given.add(name)
    this.#held.set(name, one)
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= HELD_MAX) break
      this.#held.delete(oldest)
    }
    return { probed: one }
  }

  told(one: ProbeAnswer): KeptAnswer {
    const name = nameOf(one)
    this.#held.delete(name)
    return { told: name }
  }

  /** In the order in which they were given. */
  get held(): readonly ProbeAnswer[] {
    return [...this.#held.values()]
  }
}

function nameOf({ statement, answer }: ProbeAnswer): string {
  return `${statement.probe.id} ${answer.ack.way ?? ''}`
}
