/**
 * Incidents: opened, contained, explained, closed by somebody else. spec/incidents.md (INC-1 to INC-5).
 *
 *   open --contain--> contained --cause, lessons--> explained --close--> closed
 *
 * Invariants: an incident names entries and holds no copy of them; words about it are sealed; who opened it, works on it or
 * owns its agent does not close it.
 * @module
 */
import { newId } from '../core/ids.ts'
import { rfc3339 } from '../core/time.ts'
import { commitTo } from '../log/commitment.ts'
import type { Actor, AnyEntry, EntryBody } from '../log/entries.ts'
import { NAMED_MAX } from '../log/response-bodies.ts'
import type { Tx } from '../ports/store.ts'
import { findAgent } from './agents.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import {
  closedAt,
  containedBy,
  findEntry,
  findIncident,
  insertIncident,
  insertNote,
  updateIncident,
  type IncidentRow,
  type Stamp,
} from './incident-rows.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep } from './personal.ts'

type Vaulted = Pick<RegistryContext, 'crypto' | 'vault'>
type Opened = EntryBody<'incident.opened'>
export type ContainedHow = EntryBody<'incident.contained'>['how']
export type NotePhase = EntryBody<'incident.noted'>['phase']

/** Incidents that are open at once: more is a flood, in which the next one is not seen. */
const OPEN_MAX = 1_000
/** Notes of one incident. */
const NOTES_MAX = 1_000

export interface IncidentInput {
  readonly kind: Opened['kind']
  readonly severity: Opened['severity']
  readonly agent: string | null
  readonly alerts: readonly string[]
  readonly entries: readonly number[]
  /** In words; null for what opened by itself. */
  readonly title: string | null
}

function stampOf(tx: Tx, actor: Actor, entry: number): Stamp {
  return { entry, time_ms: tx.now, actor: actor.id, isPerson: actor.kind === 'person' }
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_AGENT`, `UNKNOWN_ENTRY`, `LIMIT_EXCEEDED` */
export function openIncident(
  ctx: RegistryContext,
  person: string,
  input: IncidentInput,
): Promise<{ incident: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    if (input.agent !== null) await findAgent(tx.db, input.agent)
    for (const index of input.entries) await entryAt(tx, index)
    const open = await tx.db.selectFrom('incidents').select('id').where('closed', 'is', null).execute()
    if (open.length >= OPEN_MAX) throw new RegistryError('LIMIT_EXCEEDED', `${OPEN_MAX} incidents are open`)
    return openIncidentTx(ctx, tx, personActor(person), input)
  })
}

/** What it rests on may be pruned by now: an agent is isolated all the same. */
export async function openIncidentTx(
  ctx: Vaulted,
  tx: Tx,
  actor: Actor,
  { kind, severity, agent, alerts, entries, title }: IncidentInput,
  incident = newId(ctx.crypto, 'inc', tx.now),
): Promise<{ incident: string; entry: number }> {
  const named = [...new Set(entries)].sort((a, b) => a - b).slice(0, NAMED_MAX)
  const detected = await firstTime(tx, named)
  const words = title === null ? null : commitTo(ctx.crypto, title)
  const body = {
    kind,
    severity,
    agent,
    alerts: [...new Set(alerts)].slice(0, NAMED_MAX),
    entries: named,
    detected,
  }
  const commitments = words === null ? {} : { commitments: { title: words.commitment } }
  const entry = await tx.append({ type: 'incident.opened', actor, subject: incident, body, ...commitments })
  const row = { id: incident, title_commit: words?.commitment ?? null }
  await insertIncident(tx.db, stampOf(tx, actor, entry), row, body)
  await fileUnder(tx, { id: incident, owner: null, first: entry })
  if (words !== null) await keep(ctx, tx, incident, 'title', words)
  return { incident, entry }
}

/** Of the first of them that is still there, else now (INC-1). */
async function firstTime(tx: Tx, named: readonly number[]): Promise<string> {
  for (const index of named) {
    const entry = await findEntry(tx, index)
    if (entry !== null) return entry.time
  }
  return rfc3339(tx.now)
}

async function entryAt(tx: Tx, index: number): Promise<AnyEntry> {
  const entry = await findEntry(tx, index)
  if (entry === null)
    throw new RegistryError('UNKNOWN_ENTRY', `the log has no entry ${index}, or not any more`)
  return entry
}

async function findOpen(tx: Pick<Tx, 'db'>, id: string): Promise<IncidentRow> {
  const row = await findIncident(tx.db, id)
  if (row.closed !== null)
    throw new RegistryError('STATE_CONFLICT', 'the incident is closed: what comes up later is another one')
  return row
}

/** What each way of containing names (INC-2). */
const NAMES: Partial<Record<ContainedHow, readonly AnyEntry['type'][]>> = {
  isolated: ['isolation.begun'],
  suspended: ['agent.suspended'],
  revoked: ['revocation'],
  killed: ['kill.pulled'],
}

/**
 * @throws {RegistryError} `UNKNOWN_INCIDENT`, `NOT_ENDORSED`, `UNKNOWN_ENTRY`; `STATE_CONFLICT`: closed or contained already,
 * or an entry that did not contain it
 */
export function containIncident(
  ctx: RegistryContext,
  person: string,
  incident: string,
  { how, entries }: EntryBody<'incident.contained'>,
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await findOpen(tx, incident)
    if (row.contained !== null) throw new RegistryError('STATE_CONFLICT', 'the incident is contained already')
    if ((how === 'not_needed') !== (row.kind === 'tabletop') && row.kind === 'tabletop')
      throw new RegistryError('STATE_CONFLICT', 'an exercise contains nothing: say not_needed')
    await assertContains(tx, row, how, entries)
    return containIncidentTx(tx, personActor(person), incident, how, entries)
  })
}

async function assertContains(
  tx: Tx,
  { agent }: IncidentRow,
  how: ContainedHow,
  entries: readonly number[],
): Promise<void> {
  const types = NAMES[how]
  if (types === undefined) return
  if (entries.length === 0) throw new RegistryError('STATE_CONFLICT', `name the entry: ${types.join(', ')}`)
  for (const index of entries) {
    const entry = await entryAt(tx, index)
    if (!types.includes(entry.type))
      throw new RegistryError('STATE_CONFLICT', `entry ${index} is ${entry.type}, not ${types.join(', ')}`)
    const about = entry.subject ?? ''
    const isOther = agent !== null && entry.type !== 'kill.pulled' && !(await isAbout(tx, agent, about))
    if (isOther) throw new RegistryError('STATE_CONFLICT', `entry ${index} is not about the agent`)
  }
}

/** The agent, a delegation of its, or a key. */
async function isAbout(tx: Tx, agent: string, about: string): Promise<boolean> {
  if (about === agent) return true
  const delegation = tx.db.selectFrom('delegations').select('agent').where('jti', '=', about)
  const key = tx.db.selectFrom('agent_keys').select('agent').where('jkt', '=', about)
  const found = (await delegation.executeTakeFirst()) ?? (await key.executeTakeFirst())
  return found?.agent === agent
}

export async function containIncidentTx(
  tx: Tx,
  actor: Actor,
  incident: string,
  how: ContainedHow,
  entries: readonly number[],
): Promise<{ entry: number }> {
  const body = { how, entries: entries.slice(0, NAMED_MAX) }
  const entry = await tx.append({ type: 'incident.contained', actor, subject: incident, body })
  const stamp = stampOf(tx, actor, entry)
  await updateIncident(tx.db, incident, stamp, containedBy(stamp, how))
  return { entry }
}

/** @throws {RegistryError} `UNKNOWN_INCIDENT`, `NOT_ENDORSED`, `STATE_CONFLICT`, `LIMIT_EXCEEDED` */
export function noteIncident(
  ctx: RegistryContext,
  person: string,
  incident: string,
  { phase, text }: { readonly phase: NotePhase; readonly text: string },
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findOpen(tx, incident)
    const notes = tx.db.selectFrom('incident_notes').select('entry').where('incident', '=', incident)
    if ((await notes.execute()).length >= NOTES_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `an incident has at most ${NOTES_MAX} notes`)
    const words = commitTo(ctx.crypto, text)
    const actor = personActor(person)
    const commitments = { text: words.commitment }
    const entry = await tx.append({
      type: 'incident.noted',
      actor,
      subject: incident,
      body: { phase },
      commitments,
    })
    await insertNote(tx.db, incident, stampOf(tx, actor, entry), phase, words.commitment)
    await keep(ctx, tx, incident, 'text', words)
    return { entry }
  })
}

/** @throws {RegistryError} `UNKNOWN_INCIDENT`, `NOT_ENDORSED`, `UNKNOWN_PERSON`, `STATE_CONFLICT` */
export function assignIncident(
  ctx: RegistryContext,
  person: string,
  incident: string,
  owner: string,
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findEnrolled(tx.db, owner)
    await findOpen(tx, incident)
    const actor = personActor(person)
    const entry = await tx.append({ type: 'incident.assigned', actor, subject: incident, body: { owner } })
    await updateIncident(tx.db, incident, stampOf(tx, actor, entry), { owner })
    return { entry }
  })
}

/** INC-5. */
export const incidentClosing: ApprovalTerms<'incident.closed'> = {
  type: 'incident.closed',
  notOwn: 'who opened an incident, works on it or owns its agent does not close it: ask another person',
  async find({ db }, { id }, approver) {
    const { opener, owner, agent, entry: opened, ...row } = await findOpen({ db }, id)
    const { containment: contained, cause, lessons } = row
    if (contained === null || cause === null || lessons === null) {
      const missing = [
        ...(contained === null ? ['contained'] : []),
        ...(cause === null ? ['cause'] : []),
        ...(lessons === null ? ['lessons'] : []),
      ]
      throw new RegistryError('STATE_CONFLICT', `before it is closed, say: ${missing.join(', ')}`)
    }
    const agentOwner = agent === null ? null : (await findAgent(db, agent)).owner
    const askedBy = [opener, owner, agentOwner].filter((each) => each !== null)
    return {
      act: { act: 'incident.close', incident: id, opened, contained, cause, lessons, approver },
      askedBy,
    }
  },
  async settle(tx, { key: { id }, act, approval }) {
    await updateIncident(
      tx.db,
      id,
      stampOf(tx, personActor(act.approver), approval),
      closedAt({ entry: approval, time_ms: tx.now }),
    )
  },
}
