/**
 * Leads people through a scenario, step by step, and keeps who does what as notes about the drill. spec/kill.md (KIL-26).
 * Invariant: an answer is on record before the next question is asked.
 * @module
 */
import { z } from 'zod'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { sha256Text } from '../../../src/core/digest.ts'
import { canonicalize } from '../../../src/core/json.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { CliError } from '../output.ts'
import { UNPRINTED, WHAT_CHARS_MAX, WHO_CHARS_MAX, type Scenario, type TabletopAnswer } from './scenarios.ts'

/** How one step went, as its note has it. */
export const tabletopNoteSchema = z.strictObject({
  v: z.literal(1),
  tabletop: z.string(),
  /** SHA-256 of the JCS of the scenario. */
  scenario: z.string(),
  step: z.string(),
  asked: z.iso.datetime(),
  /** How long it took to answer; null: the answers came in a file. */
  answered_ms: z.int().nonnegative().nullable(),
  who: z.string(),
  what: z.string(),
})
export type TabletopNote = z.infer<typeof tabletopNoteSchema>

export interface TabletopPeople {
  /** Shows a text. */
  readonly say: (text: string) => void
  /** Null: there is nobody to ask, and `answers` has all. */
  readonly ask: ((question: string) => Promise<string>) | null
  readonly answers: ReadonlyMap<string, TabletopAnswer> | null
}

export interface Recorded extends TabletopNote {
  /** Index of the note. */
  readonly entry: number
}

/** @param record keeps a note, and says in which entry */
export async function leadThrough(
  scenario: Scenario,
  people: TabletopPeople,
  clock: Clock,
  record: (text: string) => Promise<number>,
): Promise<Recorded[]> {
  const digest = sha256Text(nodeCrypto, canonicalize(scenario))
  const recorded: Recorded[] = []
  people.say(`${scenario.title}\n${scenario.summary}\n`)
  for (const [i, step] of scenario.steps.entries()) {
    people.say(`${i + 1} of ${scenario.steps.length}: ${step.situation}\n${step.question}`)
    const asked = rfc3339(clock.now())
    const began = clock.monotonic()
    const given = people.answers?.get(step.id)
    const answer = given ?? (await askFor(people))
    const answered_ms = given === undefined ? Math.round(clock.monotonic() - began) : null
    const note: TabletopNote = {
      v: 1,
      tabletop: scenario.name,
      scenario: digest,
      step: step.id,
      asked,
      answered_ms,
      ...answer,
    }
    const entry = await record(canonicalize(note))
    recorded.push({ ...note, entry })
    people.say(`recorded as entry ${entry}. Hold it against: ${step.compare}\n`)
  }
  return recorded
}

async function askFor({ ask, say }: TabletopPeople): Promise<TabletopAnswer> {
  if (ask === null) throw new CliError('TABLETOP_INVALID', 'there is nobody to ask: give --answers FILE')
  return {
    who: await insist(ask, say, 'Who?', WHO_CHARS_MAX),
    what: await insist(ask, say, 'What do they do?', WHAT_CHARS_MAX),
  }
}

/** An answer that says something, and fits a note. */
async function insist(
  ask: (question: string) => Promise<string>,
  say: (text: string) => void,
  question: string,
  chars_max: number,
): Promise<string> {
  for (;;) {
    const answer = (await ask(question)).trim()
    if (answer !== '' && answer.length <= chars_max && !UNPRINTED.test(answer)) return answer
    say(
      answer === ''
        ? 'An answer is wanted: "nobody" is one.'
        : `One line of at most ${chars_max} characters.`,
    )
  }
}
