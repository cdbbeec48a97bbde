/** Who takes alerts, and what becomes of them. spec/simulation.md (SIM-10). @module */
import { listAlerts, type ShownAlert } from '../../cli/alerts/acts.ts'
import { forgets, type Story, type Theme } from '../story.ts'
import { handleIncident } from './incidents.ts'

/** Rules of which a person says that something happened. The rest is expected, or nothing. */
const SERIOUS: readonly string[] = ['REVOKED_TRYING', 'SCOPE_BURST', 'KILL_DISOBEYED']

/** Somebody is on call around the clock, and looks each hour. */
export const triage: Theme = {
  hour: async (story) => {
    if (forgets(story, 'triage')) return
    await takeAlerts(story)
  },
}

export async function takeAlerts(story: Story): Promise<void> {
  const { security } = story.company.staff
  if (!(await hasOpen(story))) return
  for (const alert of await listAlerts(security, { status: 'open' })) {
    const isSerious = SERIOUS.includes(alert.rule)
    await security.client.post(`/v1/alerts/${alert.id}/acknowledge`, {
      triage: isSerious ? 'real' : 'expected',
    })
    if (isSerious) await handleIncident(story, alert)
    else await close(story, alert, 'expected')
  }
}

async function close({ company }: Story, { id }: ShownAlert, disposition: string): Promise<void> {
  await company.staff.security.client.post(`/v1/alerts/${id}/close`, { disposition })
}

/** Whether a request is worth it. */
async function hasOpen({ company }: Story): Promise<boolean> {
  const open = await company.plane.store.query((db) =>
    db
      .selectFrom('alerts')
      .select('id')
      .where('acknowledged', 'is', null)
      .where('closed', 'is', null)
      .executeTakeFirst(),
  )
  return open !== undefined
}
