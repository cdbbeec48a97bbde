/**
 * Changes of pinned tools. spec/mcp.md (MCP-12 to MCP-14).
 *
 *   waiting --approve--> approved, and the others of its tool: replaced
 *
 * Invariant: no definition is pinned in place of another but by a person who did not propose it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { base64url, utf8 } from '../core/encoding.ts'
import { toolChangeKey } from '../core/alert.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson, type JsonObject } from '../core/json.ts'
import { DEFINITION_LENGTH_MAX, type Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { raise } from './alerts.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findPoint, serversOf } from './points.ts'
import { findTool, pin, type ToolInput } from './tool-rows.ts'

/** Of one tool: a server that lists another definition each time must not fill the log. */
const WAITING_MAX = 8

/**
 * A gateway was listed another definition of a pinned tool. Idempotent.
 * @returns null when there is nothing to approve: it is the pinned one
 * @throws {RegistryError} `UNKNOWN_TOOL`: not one of the point's servers, or not registered; `STATE_CONFLICT`
 */
export function reportChange(
  ctx: RegistryContext,
  point: string,
  { server, tool, definition }: { server: string; tool: string; definition: JsonObject },
): Promise<{ change: string | null }> {
  const text = canonicalize(definition)
  const definition_hash = base64url(ctx.crypto.sha256(utf8(text)))
  return ctx.store.write(async (tx) => {
    const guarded = await findPoint(tx.db, point)
    const known = serversOf(guarded).includes(server) ? await findTool(tx.db, server, tool) : undefined
    if (known === undefined)
      throw new RegistryError('UNKNOWN_TOOL', 'no such tool is registered for a server of this point')
    if (known.definition_hash === definition_hash) return { change: null }
    const { system, measures_json, resources_json } = known
    const becomes = readTool({ system, server, tool, definition_hash, measures_json, resources_json, text })
    return { change: await proposeChange(ctx, tx, { kind: 'point', id: point }, known, becomes) }
  })
}

function readTool(parts: {
  system: string
  server: string
  tool: string
  definition_hash: string
  measures_json: string
  resources_json: string
  text: string
}): ToolInput {
  const { measures_json, resources_json, text, ...rest } = parts
  const resources = parseJson(resources_json) as string[]
  return {
    ...rest,
    measures: parseJson(measures_json) as ToolInput['measures'],
    ...(resources.length === 0 ? {} : { resources }),
    ...(text.length > DEFINITION_LENGTH_MAX ? {} : { definition: text }),
  }
}

/** @returns its identifier, or that of the one that waits for the same. @throws {RegistryError} `STATE_CONFLICT` */
export async function proposeChange(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  known: Schema['tools'],
  becomes: ToolInput,
): Promise<string> {
  const waits = await waitingFor(tx.db, known.id)
  const same = waits.find(({ becomes_json }) => becomes_json === canonicalize(becomes))
  if (same !== undefined) return same.id
  // A point says nothing of measures: what a person proposed of the same definition is enough.
  const proposed = waits.find(({ definition_hash }) => definition_hash === becomes.definition_hash)
  if (proposed !== undefined && actor.kind === 'point') return proposed.id
  if (waits.length >= WAITING_MAX)
    throw new RegistryError(
      'STATE_CONFLICT',
      `${WAITING_MAX} definitions of this tool wait: approve one of them`,
    )
  const id = newId(ctx.crypto, 'tch', tx.now)
  const was = known.definition_hash
  const body = { registered: known.id, was, becomes }
  const proposal = await tx.append({ type: 'tool.changed', actor, subject: id, body })
  await tx.db
    .insertInto('tool_changes')
    .values({ id, registered: known.id, ...waiting(becomes), proposer: actor.id, proposal })
    .execute()
  const detail = { change: id, server: known.server, tool: known.tool, was, becomes: becomes.definition_hash }
  await raise(tx, {
    rule: 'TOOL_CHANGED',
    key: toolChangeKey(id),
    subject: known.id,
    detail,
    entries: [proposal],
  })
  return id
}

export function waiting(
  becomes: ToolInput,
): Pick<Schema['tool_changes'], 'status' | 'definition_hash' | 'becomes_json'> {
  return {
    status: 'waiting',
    definition_hash: becomes.definition_hash,
    becomes_json: canonicalize({ ...becomes }),
  }
}

/** Pins the tool to what the change proposes. */
export const changeApproval: ApprovalTerms<'tool.approved'> = {
  type: 'tool.approved',
  notOwn: 'who proposed a change does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const { status, proposal, proposer } = await findChange(db, id)
    if (status !== 'waiting') throw new RegistryError('STATE_CONFLICT', `the change is ${status}`)
    return { act: { act: 'tool.approve', change: id, proposal, approver }, askedBy: [proposer] }
  },
  async settle(tx, { key: { id }, act }) {
    const { registered, becomes_json } = await findChange(tx.db, id)
    await settleChange(tx.db, id)
    await pin(tx, personActor(act.approver), registered, parseJson(becomes_json) as ToolInput)
  },
}

export async function settleChange(db: Kysely<Schema>, id: string): Promise<void> {
  const { registered } = await findChange(db, id)
  await db
    .updateTable('tool_changes')
    .set({ status: 'replaced' })
    .where('registered', '=', registered)
    .where('status', '=', 'waiting')
    .where('id', '!=', id)
    .execute()
  await db.updateTable('tool_changes').set({ status: 'approved' }).where('id', '=', id).execute()
}

/** A change that waits, beside what is in force. */
export interface WaitingChange {
  readonly id: string
  readonly registered: string
  readonly server: string
  readonly tool: string
  readonly proposer: string
  readonly proposal: number
  readonly was: Version
  readonly becomes: Version
}

interface Version {
  readonly definition_hash: string
  /** JCS, where the log has it. */
  readonly definition: string | null
}

/** The oldest first. */
export async function listWaiting(db: Kysely<Schema>): Promise<WaitingChange[]> {
  const rows = await db
    .selectFrom('tool_changes')
    .innerJoin('tools', 'tools.id', 'tool_changes.registered')
    .select([
      'tool_changes.id as id',
      'tool_changes.registered as registered',
      'tool_changes.proposer as proposer',
      'tool_changes.proposal as proposal',
      'tool_changes.definition_hash as becomes_hash',
      'tool_changes.becomes_json as becomes_json',
      'tools.server as server',
      'tools.tool as tool',
      'tools.definition_hash as was_hash',
      'tools.definition as was_definition',
    ])
    .where('tool_changes.status', '=', 'waiting')
    .orderBy('tool_changes.proposal')
    .execute()
  return rows.map(({ becomes_hash, becomes_json, was_hash, was_definition, ...rest }) => ({
    ...rest,
    was: { definition_hash: was_hash, definition: was_definition },
    becomes: {
      definition_hash: becomes_hash,
      definition: (parseJson(becomes_json) as ToolInput).definition ?? null,
    },
  }))
}

function waitingFor(db: Kysely<Schema>, registered: string): Promise<Schema['tool_changes'][]> {
  return db
    .selectFrom('tool_changes')
    .selectAll()
    .where('registered', '=', registered)
    .where('status', '=', 'waiting')
    .execute()
}

async function findChange(db: Kysely<Schema>, id: string): Promise<Schema['tool_changes']> {
  const row = await db.selectFrom('tool_changes').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_CHANGE', 'no such change')
  return row
}
