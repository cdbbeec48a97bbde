/** What was found deficient: owned, repaired, tried again by somebody else, and closed. spec/simulation.md (SIM-19). @module */
import { rfc3339 } from '../../../src/core/time.ts'
import {
  assignDeficiency,
  closeDeficiency,
  noteDeficiency,
  openDeficiency,
  retestDeficiency,
} from '../../cli/deficiencies.ts'
import { DAY_MS, HOUR_MS } from '../clock.ts'
import { isDay, type Story, type Theme } from '../story.ts'

const FOUND_DAYS = { first: 24, every: 70 }
const DUE_DAYS = 30

export const deficiencies: Theme = {
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, FOUND_DAYS)) await followUp(story)
  },
}

/** @param due_days until when it is to be closed */
export function openOne({ company }: Story, due_days: number): Promise<string> {
  const due = rfc3339(company.clock.now() + due_days * DAY_MS)
  const asked = {
    title: 'A step is not written down',
    criteria: ['CC2.1'],
    deviation: null,
    owner: null,
    due,
  }
  return openDeficiency(company.staff.security, { ...asked, entries: [] })
}

async function followUp(story: Story): Promise<void> {
  const { clock, staff } = story.company
  const id = await openOne(story, DUE_DAYS)
  const due = rfc3339(clock.now() + DUE_DAYS * DAY_MS)
  await assignDeficiency(staff.security, id, staff.operations.person, due)
  await noteDeficiency(staff.operations, id, {
    phase: 'remediation',
    text: 'It was written down.',
    entries: [],
  })
  clock.pass(HOUR_MS / 4)
  await retestDeficiency(staff.privacy, id, { result: 'passed', text: 'It was found.', entries: [] })
  await closeDeficiency(staff.business, id)
}
