/**
 * Every word that the console shows, in one catalogue: a translation is another value of the type {@link Words}. A screen
 * has a file of its own in `en/`.
 * @module
 */
import { activity } from './en/activity.ts'
import { agents } from './en/agents.ts'
import { alerts } from './en/alerts.ts'
import { approvals } from './en/approvals.ts'
import { consents } from './en/consents.ts'
import { data } from './en/data.ts'
import { delegations } from './en/delegations.ts'
import { door } from './en/door.ts'
import { evidence } from './en/evidence.ts'
import { incidents } from './en/incidents.ts'
import { kill } from './en/kill.ts'
import { log } from './en/log.ts'
import { outputs } from './en/outputs.ts'
import { overview } from './en/overview.ts'
import { settings } from './en/settings.ts'
import { shell } from './en/shell.ts'

const en = {
  ...shell,
  activity,
  agents,
  alerts,
  approvals,
  consents,
  data,
  delegations,
  door,
  evidence,
  incidents,
  kill,
  log,
  outputs,
  overview,
  settings,
}

export type Words = typeof en

export const words: Words = en
