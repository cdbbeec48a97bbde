/** Folds of oversight, isolation, incidents and capacity. spec/registers.md. @module */
import { parseRfc3339 } from '../../core/time.ts'
import type { Entry } from '../../log/entries.ts'
import { insertSample } from '../capacity-rows.ts'
import {
  closedAt,
  containedBy,
  insertIncident,
  insertNote,
  updateIncident,
  type Stamp,
} from '../incident-rows.ts'
import { setOversight } from '../oversight.ts'
import { fileUnder } from '../personal.ts'
import { responsePolicies } from '../response-policies.ts'
import { committed } from './commitments.ts'
import type { At, Folds } from './state.ts'

function stampOf({ index, time_ms }: At, { actor }: Pick<Entry, 'actor'>): Stamp {
  return { entry: index, time_ms, actor: actor.id, isPerson: actor.kind === 'person' }
}

export const responseFolds: Folds = {
  'response_policy.proposed': ({ db, index }, { subject = '', actor, body }) =>
    responsePolicies.insert(db, { id: subject, policy: body.policy, proposer: actor.id, proposal: index }),
  'response_policy.approved': ({ db, index }, { subject = '' }) =>
    responsePolicies.settle(db, subject, index),
  'oversight.begun': ({ db, index }, { subject = '', body: { n, because } }) =>
    setOversight(db, subject, { n, begun: index, because }),
  'oversight.ended': ({ db }, { subject = '' }) => setOversight(db, subject, { begun: null, because: null }),
  'isolation.begun': ({ db, index }, { subject = '' }) => setOversight(db, subject, { isolated: index }),
  'isolation.lifted': ({ db }, { subject = '' }) => setOversight(db, subject, { isolated: null }),
  'incident.opened': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const title = commitments?.['title'] ?? null
    await insertIncident(at.db, stampOf(at, entry), { id: subject, title_commit: title }, body)
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    if (title !== null) await committed(at, subject, 'title', title)
  },
  'incident.contained': (at, entry) => {
    const stamp = stampOf(at, entry)
    return updateIncident(at.db, entry.subject ?? '', stamp, containedBy(stamp, entry.body.how))
  },
  'incident.noted': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const text = commitments?.['text'] ?? ''
    await insertNote(at.db, subject, stampOf(at, entry), body.phase, text)
    await committed(at, subject, 'text', text)
  },
  'incident.assigned': (at, entry) =>
    updateIncident(at.db, entry.subject ?? '', stampOf(at, entry), { owner: entry.body.owner }),
  'incident.closed': (at, entry) => {
    const stamp = stampOf(at, entry)
    return updateIncident(at.db, entry.subject ?? '', stamp, closedAt(stamp))
  },
  'capacity.sampled': ({ db, index }, { body }) =>
    insertSample(db, { hour: parseRfc3339(body.hour), entry: index }, body),
}
