/** Deviations of those who watch: what is to be done in time, or every day, is not. spec/simulation.md (SIM-18). @module */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CountersignError } from '../../../src/core/errors.ts'
import { DETECTORS } from '../../../src/observe/detectors/detectors.ts'
import { listAlerts } from '../../cli/alerts/acts.ts'
import { restoreBackup } from '../../cli/backup/restore.ts'
import { takeBackup } from '../../cli/backup/take.ts'
import { containIncident, noteIncident, openIncident } from '../../cli/incidents.ts'
import { DAY_MS, HOUR_MS } from '../clock.ts'
import { pointOf } from '../company.ts'
import type { Habit, Story } from '../story.ts'
import { holdDrill } from '../themes/drills.ts'
import { stranger } from '../themes/trouble.ts'
import { TOOLS } from '../tools.ts'
import type { Deviation } from './deviation.ts'

function forget(story: Story, habit: Habit, ms: number): Promise<void> {
  story.forgotten.set(habit, story.company.clock.now() + ms)
  return Promise.resolve()
}

const capacityGap: Deviation = {
  name: 'capacity-gap',
  what: 'Nobody samples the capacity for three hours.',
  finds: [{ test: 21, code: 'HOUR_MISSING', n: 3 }],
  play: (story) => forget(story, 'capacity', 3 * HOUR_MS + 1),
}

const anchorGap: Deviation = {
  name: 'anchor-gap',
  what: 'Nobody outside is asked for two days whether the log exists.',
  finds: [{ test: 27, code: 'ANCHOR_GAP', n: 1 }],
  play: (story) => forget(story, 'anchor', 2 * DAY_MS),
}

const detectorUntried: Deviation = {
  name: 'detector-untried',
  what: 'Nobody looks for a day whether the detectors found their canaries.',
  finds: [{ test: 11, code: 'DETECTOR_UNTRIED', n: DETECTORS.length }],
  play: (story) => forget(story, 'canaries', DAY_MS),
}

const detectorSilent: Deviation = {
  name: 'detector-silent',
  what: 'The observer is down for a night, and the detectors find nothing.',
  finds: [
    { test: 11, code: 'DETECTOR_SILENT', n: DETECTORS.length },
    // Nobody is told of what points try at noon: there is one before each server.
    { test: 10, code: 'CANARY_UNALERTED', n: new Set(TOOLS.map(({ server }) => server)).size },
  ],
  play: (story) => forget(story, 'observer', DAY_MS),
}

const lateAlert: Deviation = {
  name: 'late-alert',
  what: 'Nobody takes an alert of a caller whom nobody knows within its four hours.',
  finds: [{ test: 13, code: 'ALERT_LATE', n: 1 }],
  play: async (story) => {
    await stranger(story)
    await forget(story, 'triage', 6 * HOUR_MS)
  },
}

const alertWithoutIncident: Deviation = {
  name: 'alert-without-incident',
  what: 'An alert is closed as an incident that nobody opens.',
  finds: [{ test: 13, code: 'ALERT_WITHOUT_INCIDENT', n: 1 }],
  play: async (story) => {
    const { security } = story.company.staff
    await stranger(story)
    const [alert] = await listAlerts(security, { status: 'open' })
    if (alert === undefined) throw new TypeError('there is no alert')
    await security.client.post(`/v1/alerts/${alert.id}/acknowledge`, { triage: 'real' })
    await security.client.post(`/v1/alerts/${alert.id}/close`, { disposition: 'incident' })
  },
}

function manualIncident({ company }: Story): Promise<string> {
  const asked = { kind: 'manual', severity: 'low', title: 'Something was seen', agent: null }
  return openIncident(company.staff.security, { ...asked, alerts: [], entries: [] })
}

const incidentUncontained: Deviation = {
  name: 'incident-uncontained',
  what: 'An incident is contained after thirty hours.',
  finds: [{ test: 14, code: 'INCIDENT_UNCONTAINED', n: 1 }],
  left_days: 10,
  play: async (story) => {
    const { clock, staff } = story.company
    const incident = await manualIncident(story)
    story.agenda.push({
      at_ms: clock.now() + 30 * HOUR_MS,
      what: 'incident-uncontained',
      play: async () => {
        await containIncident(staff.security, incident, 'fixed', [])
        await noteIncident(staff.security, incident, 'cause', 'Nobody was there.')
        await noteIncident(staff.security, incident, 'lessons', 'Somebody is there.')
      },
    })
  },
}

const incidentOpen: Deviation = {
  name: 'incident-open',
  what: 'Nobody says why an incident could happen, so it stays open for over thirty days.',
  finds: [{ test: 14, code: 'INCIDENT_OPEN', n: 1 }],
  left_days: 34,
  play: async (story) => {
    const incident = await manualIncident(story)
    await containIncident(story.company.staff.security, incident, 'not_needed', [])
  },
}

const drillIncomplete: Deviation = {
  name: 'drill-incomplete',
  what: 'A point hears of nothing while the kill switch is drilled in production.',
  finds: [{ test: 15, code: 'DRILL_INCOMPLETE', n: 1 }],
  play: async (story) => {
    const point = pointOf(story.company, 'records')
    point.isPartitioned = true
    await holdDrill(story)
    point.isPartitioned = false
    await point.hear()
  },
}

const restoreFailed: Deviation = {
  name: 'restore-failed',
  what: 'A backup that was damaged does not restore.',
  finds: [{ test: 22, code: 'RESTORE_FAILED', n: 1 }],
  play: async ({ company, dataDir }) => {
    const { plane, clock, staff } = company
    await plane.publish()
    const [backup, data] = [join(dataDir, 'damaged'), join(dataDir, 'restored')]
    const now = (): number => clock.now()
    try {
      const taken = await takeBackup({ data: dataDir, to: backup, keys: false, vault: false, now })
      await damage(join(backup, 'log', 'tile', 'entries'))
      const ok = await restores(backup, data, now)
      if (ok) throw new TypeError('a damaged backup restored')
      const { log, taken_at } = taken
      await staff.operations.client.post('/v1/backups/tests', { ...log, taken_at, ok })
    } finally {
      for (const folder of [backup, data]) await rm(folder, { recursive: true, force: true })
    }
  },
}

/** One byte of one file. */
async function damage(folder: string): Promise<void> {
  const [first] = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  )
  if (first === undefined) throw new TypeError('the backup has no entries')
  const path = join(first.parentPath, first.name)
  const bytes = await readFile(path)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  await rm(path)
  await writeFile(path, bytes)
}

async function restores(backup: string, data: string, now: () => number): Promise<boolean> {
  try {
    await restoreBackup({ backup, data, now })
    return true
  } catch (cause) {
    if (cause instanceof CountersignError) return false
    throw cause
  }
}

export const OF_THE_WATCH: readonly Deviation[] = [
  capacityGap,
  anchorGap,
  detectorUntried,
  detectorSilent,
  lateAlert,
  alertWithoutIncident,
  incidentUncontained,
  incidentOpen,
  drillIncomplete,
  restoreFailed,
]
