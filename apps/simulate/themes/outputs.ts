/** What leaves, and who stands behind it: notes that an instruction names, letters of agents that a person reviews, reports that a person wrote. spec/simulation.md (SIM-16). @module */
import { rfc3339 } from '../../../src/core/time.ts'
import { utf8 } from '../../../src/core/encoding.ts'
import type { OutputKind } from '../../../src/core/output.ts'
import { measured } from '../../../src/enforce/measured.ts'
import {
  approveOutputPolicy,
  attestOutput,
  openReview,
  proposeOutputPolicy,
  registerWritten,
  releaseOutput,
  sawReview,
} from '../../cli/operator-outputs.ts'
import type { ReleaseAnswer } from '../../../src/enforce/releases.ts'
import { ConnectionDenied } from '../../../src/enforce/sdk-errors.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../clock.ts'
import { isDay, type Story, type Theme } from '../story.ts'
import { NOTE_KIND } from '../tools.ts'
import { open } from '../work.ts'
import { agentWith, sessionOf } from './trouble.ts'

const LETTER_DAYS = { first: 3, every: 6 }
const REPORT_DAYS = { first: 9, every: 14 }
const TRAINED_DAYS = 400
export const LETTER_KIND = 'letter'
const REPORT_KIND = 'report'

export const outputs: Theme = {
  found: async ({ company }) => {
    const { clock, staff, points } = company
    const trained_until = rfc3339(clock.now() + TRAINED_DAYS * DAY_MS)
    const reviewers = [staff.business, staff.privacy].map(({ person }) => ({ person, trained_until }))
    const every = { reviewers, owner: staff.business.person, tools: [] }
    const kinds: OutputKind[] = [
      {
        ...every,
        kind: NOTE_KIND,
        tools: [{ server: 'mail', tool: 'send_mail' }],
        minimum: 'directed',
        release: 'cover',
      },
      { ...every, kind: LETTER_KIND, minimum: 'supervised', release: 'gate' },
      { ...every, kind: REPORT_KIND, minimum: 'authored', release: 'gate' },
    ]
    const policy = { v: 1 as const, separation: 'independent' as const, kinds }
    await approveOutputPolicy(staff.security, await proposeOutputPolicy(staff.operations, policy))
    for (const point of points.values()) await point.hear()
  },
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, LETTER_DAYS)) await sendLetter(story)
    if (isDay(story, day_ms, REPORT_DAYS)) await sendReport(story, day_ms)
  },
}

/** Held until a person has looked at it and signed. */
async function sendLetter(story: Story): Promise<void> {
  const { clock, crypto, staff } = story.company
  const agent = agentWith(story, 'files')
  if (agent === undefined) return
  const session = sessionOf(story, agent, 'files')
  const { point } = session
  await point.keepFresh()
  const opened = await open(story.company, session)
  if (opened instanceof ConnectionDenied) throw opened
  const text = `Dear customer, this is what we found on ${rfc3339(clock.now())}.`
  const made = { kind: LETTER_KIND, ...measured(crypto, text, { kind: LETTER_KIND }) }
  const held = Promise.withResolvers<string>()
  const released = point.releases.release(opened.session, made, {
    onHeld: ({ output }) => held.resolve(output),
  })
  const output = await Promise.race([held.promise, released.then(() => null)])
  if (output === null) throw notSent(await released)
  clock.pass(MINUTE_MS)
  const review = await openReview(staff.business, output)
  for (let seen_ms = 0; seen_ms < 4 * SECOND_MS;) {
    clock.pass(SECOND_MS)
    seen_ms = await sawReview(staff.business, review)
  }
  await point.keepFresh()
  await attestOutput(staff.business, output)
  const answer = await released
  if (answer.decision !== 'allow') throw notSent(answer)
}

function notSent(answer: ReleaseAnswer): TypeError {
  const why = answer.decision === 'deny' ? answer.reasons.join(', ') : 'nobody was to look at it'
  return new TypeError(`the letter did not leave as it was meant to: ${why}`)
}

/** Written, signed and sent by a person. */
async function sendReport({ company }: Story, day_ms: number): Promise<void> {
  const { business } = company.staff
  const bytes = utf8(`What we did until ${rfc3339(day_ms)}, in words of my own.`)
  const output = await registerWritten(business, {
    kind: REPORT_KIND,
    name: 'report.txt',
    bytes,
    form: 'text',
  })
  company.clock.pass(MINUTE_MS)
  await attestOutput(business, output)
  await releaseOutput(business, output)
}
