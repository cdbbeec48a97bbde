/**
 * The register of labels. spec/labels.md (LBL-8).
 *
 *   waiting --approve--> approved, and its labels in force; earlier ones for the same definitions: replaced
 *
 * Invariant: no label is in force but by a person who did not propose it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { toolLabelSchema, type ToolLabel } from '../core/label.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { insertProposal, labelledOf, labelsInForce, nameOf, putInForce, type Labelled } from './label-rows.ts'

/** A person must be able to read what waits. */
const WAITING_MAX = 256

/**
 * @returns the proposal
 * @throws {RegistryError} `UNKNOWN_TOOL`; `LABEL_INVALID`: two for one definition; `STATE_CONFLICT`: of a definition that the tool is not pinned to and that does not wait for approval either, or too
 * many proposals wait. @throws {LogError} `ENTRY_TOO_LARGE`
 */
export function proposeLabels(
  ctx: RegistryContext,
  proposer: string,
  labels: Labelled[],
): Promise<{ labels: string; proposal: number }> {
  if (new Set(labels.map(nameOf)).size < labels.length)
    throw new RegistryError('LABEL_INVALID', 'one definition of a tool has two labels')
  return ctx.store.write(async (tx) => {
    for (const each of labels) await assertDefinition(tx.db, each)
    const waits = await waitingProposals(tx.db)
    if (waits.length >= WAITING_MAX)
      throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} proposals of labels wait: approve one`)
    const id = newId(ctx.crypto, 'lbl', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'label.proposed', actor, subject: id, body: { labels } })
    await insertProposal(tx.db, { id, labels, proposer, proposal })
    return { labels: id, proposal }
  })
}

/** A label of a definition that waits is in force once that one is pinned. */
async function assertDefinition(db: Kysely<Schema>, { tool, definition_hash }: Labelled): Promise<void> {
  const pinned = await db
    .selectFrom('tools')
    .select('definition_hash')
    .where('id', '=', tool)
    .executeTakeFirst()
  if (pinned === undefined) throw new RegistryError('UNKNOWN_TOOL', `${tool} is not registered`)
  if (pinned.definition_hash === definition_hash) return
  const waits = await db
    .selectFrom('tool_changes')
    .select('id')
    .where('registered', '=', tool)
    .where('definition_hash', '=', definition_hash)
    .where('status', '=', 'waiting')
    .executeTakeFirst()
  if (waits === undefined)
    throw new RegistryError(
      'STATE_CONFLICT',
      `${tool} is pinned to another definition: look at it again, and label that one`,
    )
}

/** Puts the labels of a proposal in force, all of them. */
export const labelApproval: ApprovalTerms<'label.approved'> = {
  type: 'label.approved',
  notOwn: 'who proposed labels does not approve them: ask another person',
  async find({ db }, { id }, approver) {
    const { status, proposal, proposer } = await findProposal(db, id)
    if (status !== 'waiting') throw new RegistryError('STATE_CONFLICT', `the labels are ${status}`)
    return { act: { act: 'label.approve', labels: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, approval }) => putInForce(tx.db, key.id, approval),
}

/** One label that waits, beside the one in force of the same definition. */
export interface WaitingLabel extends Labelled {
  readonly server: string
  readonly name: string
  readonly was: ToolLabel | null
}

export interface WaitingLabels {
  readonly id: string
  readonly proposer: string
  readonly proposal: number
  readonly labels: readonly WaitingLabel[]
}

/** The oldest first. */
export async function listWaitingLabels(db: Kysely<Schema>): Promise<WaitingLabels[]> {
  const tools = new Map((await db.selectFrom('tools').selectAll().execute()).map((tool) => [tool.id, tool]))
  const rows = await db.selectFrom('labels').selectAll().execute()
  const inForce = new Map(rows.map((row) => [nameOf(row), toolLabelSchema.parse(JSON.parse(row.label_json))]))
  return (await waitingProposals(db)).map((row) => ({
    id: row.id,
    proposer: row.proposer,
    proposal: row.proposal,
    labels: labelledOf(row).map((each) => ({
      ...each,
      server: tools.get(each.tool)?.server ?? '',
      name: tools.get(each.tool)?.tool ?? '',
      was: inForce.get(nameOf(each)) ?? null,
    })),
  }))
}

/** A registered tool, with the label that is in force of what it is pinned to. */
export interface ToolInForce {
  readonly tool: string
  readonly server: string
  readonly name: string
  readonly definition_hash: string
  /** Null: nobody labelled it (LBL-5). */
  readonly label: ToolLabel | null
  /** Index of the entry that put it in force. */
  readonly approval: number | null
}

export async function listLabels(db: Kysely<Schema>): Promise<ToolInForce[]> {
  const labels = await labelsInForce(db)
  const tools = await db.selectFrom('tools').selectAll().orderBy('server').orderBy('tool').execute()
  return tools.map(({ id, server, tool, definition_hash }) => {
    const found = labels.get(id)
    const label = found?.label ?? null
    return { tool: id, server, name: tool, definition_hash, label, approval: found?.approval ?? null }
  })
}

function waitingProposals(db: Kysely<Schema>): Promise<Schema['label_proposals'][]> {
  return db
    .selectFrom('label_proposals')
    .selectAll()
    .where('status', '=', 'waiting')
    .orderBy('proposal')
    .execute()
}

async function findProposal(db: Kysely<Schema>, id: string): Promise<Schema['label_proposals']> {
  const row = await db.selectFrom('label_proposals').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_LABEL', 'no such proposal of labels')
  return row
}
