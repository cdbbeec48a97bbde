/** Tables of oversight, isolation and incidents. spec/isolation.md, spec/incidents.md. Columns as in schema.ts. @module */
import type { SEVERITIES } from '../core/alert.ts'
import type { CONTAINED_BY, INCIDENT_KINDS } from '../log/response-bodies.ts'

export interface ResponseTables {
  response_policies: {
    id: string
    status: 'waiting' | 'active' | 'replaced'
    policy_json: string
    proposer: string
    /** Index of the `response_policy.proposed` entry. */
    proposal: number
    approval: number | null
  }
  /** Agents that were ever overseen or isolated. */
  oversight: {
    agent: string
    /** Step-ups that began (ISO-8). */
    n: number
    /** Index of the `oversight.begun` entry of one that has not ended. */
    begun: number | null
    because: string | null
    /** Index of the `isolation.begun` entry of one that was not lifted. */
    isolated: number | null
  }
  /** What was found of an agent lately, by rule: the keys of ISO-3. */
  signs: { agent: string; rule: string; time: number; entries_json: string }
  incidents: {
    id: string
    /** Index of the `incident.opened` entry. */
    entry: number
    kind: (typeof INCIDENT_KINDS)[number]
    severity: (typeof SEVERITIES)[number]
    agent: string | null
    opener: string
    owner: string | null
    title_commit: string | null
    /** Index of the first entry that it rests on. */
    first: number
    /** Milliseconds, as those below. */
    detected: number
    opened: number
    /** When a person first did something about it. */
    acknowledged: number | null
    contained: number | null
    contained_by: (typeof CONTAINED_BY)[number] | null
    closed: number | null
    /** Indices of the entries that say so. */
    containment: number | null
    cause: number | null
    lessons: number | null
    closing: number | null
  }
  /** Alerts that an incident is about. */
  incident_alerts: { incident: string; alert: string }
  /** Words about incidents, by commitment. */
  incident_notes: {
    entry: number
    incident: string
    phase: string
    author: string
    time: number
    text_commit: string
  }
  /**
   * When a point last reported its stream, how many receipts it has that the log does not, and of when, by its clock, its
   * last head in the log is: null when nobody remembers.
   */
  heard: { point: string; time: number; behind: number; head: number | null }
  capacity: { hour: number; entry: number; sample_json: string }
}
