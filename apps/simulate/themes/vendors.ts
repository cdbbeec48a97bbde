/** Who makes the models that agents run on and the tools that they call: on record, and assessed before they are used. spec/simulation.md (SIM-19). @module */
import { rfc3339 } from '../../../src/core/time.ts'
import { approveVendor, assessVendor, recordVendor } from '../../cli/vendors.ts'
import { DAY_MS } from '../clock.ts'
import { isDay, type Story, type Theme } from '../story.ts'
import { MODEL } from '../agents.ts'

const VALID_DAYS = 400
const RENEWED_DAYS = { first: 300, every: 300 }
/** Note: identifiers of vendors. */
const VENDORS = 'vendors'

export const vendors: Theme = {
  found: async (story) => {
    const { staff, systems } = story.company
    const every = { owner: staff.business.person, subservice: null, models: [], servers: [] }
    const [own = '', ...bought] = [...systems.keys()]
    const ids = [
      await recordVendor(
        staff.operations,
        { ...every, name: 'Makers of models', kind: 'model', models: [MODEL] },
        null,
      ),
      await recordVendor(
        staff.operations,
        { ...every, name: 'Makers of tools', kind: 'tool', servers: bought },
        null,
      ),
    ]
    await recordVendor(staff.operations, { ...every, name: 'The company', kind: 'own', servers: [own] }, null)
    story.notes.set(VENDORS, ids)
    await assess(story)
  },
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, RENEWED_DAYS)) await assess(story)
  },
}

/** By one person, approved by another. */
async function assess({ company, notes }: Story): Promise<void> {
  const { clock, staff } = company
  const valid_until = rfc3339(clock.now() + VALID_DAYS * DAY_MS)
  for (const id of notes.get(VENDORS) as string[]) {
    await assessVendor(staff.operations, id, {
      outcome: 'accepted',
      valid_until,
      next_review: valid_until,
      report: null,
      complementary: [],
      text: 'They were asked how they keep what they are given.',
    })
    await approveVendor(staff.security, id)
  }
}
