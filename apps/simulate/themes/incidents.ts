/** Incidents: opened from alerts, contained at once, explained and closed by somebody else within days. spec/simulation.md (SIM-10). @module */
import {
  assignIncident,
  closeIncident,
  containIncident,
  listIncidents,
  noteIncident,
  openIncident,
} from '../../cli/incidents.ts'
import type { ShownAlert } from '../../cli/alerts/acts.ts'
import { DAY_MS } from '../clock.ts'
import type { Story, Theme } from '../story.ts'

const CLOSED_AFTER_MS = 3 * DAY_MS

/** The alert is closed as the incident that names it. */
export async function handleIncident({ company }: Story, alert: ShownAlert): Promise<void> {
  const { security, operations } = company.staff
  const incident = await openIncident(security, {
    kind: 'alert',
    severity: alert.severity,
    title: `What ${alert.rule} said`,
    agent: alert.subject?.startsWith('agt_') === true ? alert.subject : null,
    alerts: [alert.id],
    entries: [],
  })
  await security.client.post(`/v1/alerts/${alert.id}/close`, { disposition: 'incident' })
  await containIncident(security, incident, 'fixed', [])
  await assignIncident(security, incident, security.person)
  await noteIncident(security, incident, 'cause', 'It called what it was not meant to call.')
  await noteIncident(operations, incident, 'lessons', 'Its instructions were made clearer.')
}

/** Closed by somebody who neither opened it nor works on it. */
export const closings: Theme = {
  day: async ({ company }, day_ms) => {
    const { privacy } = company.staff
    const { incidents } = await listIncidents(privacy, true)
    for (const { id, opened, cause, lessons, contained } of incidents) {
      const isReady = cause !== null && lessons !== null && contained !== null
      if (isReady && day_ms - opened > CLOSED_AFTER_MS) await closeIncident(privacy, id)
    }
  },
}
