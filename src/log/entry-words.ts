/** What an entry says in a few words, for people who follow a story through a log. spec/incidents.md (INC-6), spec/narratives.md (NAR-11). @module */
import { holdingName } from '../core/roles.ts'
import type { AnyEntry, EntryBody, EntryType } from './entries.ts'

type Words = { readonly [T in EntryType]?: (body: EntryBody<T>) => string }

const WORDS: Words = {
  receipt: (body) => {
    if (body.kind === 'outcome') return `its call ${body.outcome}`
    const why = body.reasons.length === 0 ? '' : ` (${body.reasons.join(', ')})`
    return `${body.decision} ${body.server}/${body.tool}${why}`
  },
  revocation: ({ frame }) => `${frame.kind} frame ${frame.seq} (${frame.reason})`,
  'alert.raised': ({ rule, n }) => `alert ${rule}${n === 1 ? '' : `, ${n} times`}`,
  'alert.acknowledged': ({ triage }) => `alert taken: ${triage}`,
  'alert.closed': ({ disposition }) => `alert closed: ${disposition}`,
  'incident.opened': ({ severity }) => `incident opened, ${severity}`,
  'incident.contained': ({ how }) => `contained: ${how}`,
  'incident.noted': ({ phase }) => phase,
  'isolation.begun': ({ keys }) =>
    keys.length === 0
      ? 'isolated by hand'
      : `isolated: ${keys.map(({ key, rule }) => `${key} ${rule}`).join(', ')}`,
  'oversight.begun': ({ n, because }) => `step-up ${n} begins (${because})`,
  'person.enrolled': ({ credential }) => `passkey registered (${credential.amr.join(', ')})`,
  'person.endorsed': () => 'registration endorsed by another person',
  'person.passkey_added': () => 'another passkey added',
  'person.passkey_removed': ({ reason, act }) =>
    `passkey removed (${reason})${act === undefined ? ', by somebody else' : ''}`,
  'person.recovery_invited': () => 'invited to register anew',
  'person.reregistered': ({ credential }) => `registered anew (${credential.amr.join(', ')})`,
  'agent.proposed': ({ class: kind }) => `agent of class ${kind} proposed`,
  'agent.approved': ({ acted_alone }) => `agent approved${acted_alone ? ', alone' : ''}`,
  'delegation.issued': ({ jti }) => `delegation ${jti} issued`,
  'chain.segment': ({ parent }) => (parent === null ? 'root of a chain' : 'hop of a chain'),
  'kill.probed': ({ points }) => `kill channel probed: ${points.length} asked`,
  'kill.probe_answered': ({ answer }) => `probe answered, by ${answer.ack.way ?? 'no way'}`,
  'drill.planned': ({ mode }) => `drill planned, ${mode}`,
  'drill.closed': ({ report }) => `drill closed: ${report.answered_n} of ${report.points_n} points denied`,
  'role.preset': ({ role }) => `${role} by the set-up`,
  'role.proposed': (body) => `${holdingName(body)} proposed`,
  'role.approved': ({ act, acted_alone }) => `${act.holds} approved${acted_alone ? ', alone' : ''}`,
  'role.removed': ({ reason }) => `removed (${reason})`,
  'service_account.proposed': ({ name, roles }) => `service account ${name} proposed: ${roles.join(', ')}`,
  'service_account.approved': ({ act, acted_alone }) =>
    `service account ${act.name} approved${acted_alone ? ', alone' : ''}`,
  'service_account.disabled': ({ reason }) => `service account disabled (${reason})`,
  'service_account.retired': ({ reason }) => `service account retired (${reason})`,
  'access_review.opened': ({ period, items_n }) => `review of ${period} opened over ${items_n} items`,
  'access_review.decided': ({ item, decision }) => `item ${item}: ${decision}`,
  'access_review.acted': ({ item }) => `item ${item}: done`,
  'review.decided': ({ decision, flagged }) => `${decision}${flagged ? ', flagged' : ''}`,
  'attestation.issued': ({ role }) => `attestation issued: ${role}`,
  'output.released': ({ attestation }) =>
    attestation === null ? 'output left with nobody behind it' : 'output left',
  'alone.reviewed': ({ act }) => `what was done alone reviewed by another: ${act.outcome}`,
  'detector.canary': ({ rule, ok }) => `canary of ${rule} ${ok ? 'found' : 'NOT found'}`,
  'restore.tested': ({ ok }) => (ok ? 'restore held' : 'restore did NOT hold'),
}

/** Never a value that the log seals: these are commitments. */
export function wordsOfEntry({ type, body }: AnyEntry): string {
  const words = WORDS[type] as ((of: typeof body) => string) | undefined
  return words?.(body) ?? type.replaceAll(/[._]/g, ' ')
}
