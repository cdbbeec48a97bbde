/**
 * Templates: the most that a delegation to an agent of a class may be. spec/grants.md (TPL-1 to TPL-4).
 *
 *   proposed --approve--> active --another of the class is approved--> replaced
 *
 * Invariant: a class has at most one active template, and who proposes one does not approve it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import {
  ANY_CLASS,
  outsideTemplate,
  readTemplate,
  templateChanges,
  undecidableGrant,
  type Offered,
  type Template,
  type TemplateChange,
} from '../token/template.ts'
import { personActor, SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findEnrolled } from './people.ts'

const PRESET: Template = {
  class: ANY_CLASS,
  ttl_s_max: 90 * 24 * 3600,
  depth_max: 8,
  grants: null,
  approvals: null,
}

/** At the first start: the widest template, for every class, so that the log shows what holds until people decide. */
export async function presetTemplate(ctx: Pick<RegistryContext, 'crypto'>, tx: Tx): Promise<void> {
  const id = newId(ctx.crypto, 'tpl', tx.now)
  const index = await tx.append({
    type: 'template.preset',
    actor: SYSTEM,
    subject: id,
    body: { template: PRESET },
  })
  await tx.db
    .insertInto('templates')
    .values({
      id,
      class: PRESET.class,
      status: 'active',
      template_json: JSON.stringify(PRESET),
      proposer: SYSTEM.id,
      proposal: index,
      approval: index,
    })
    .execute()
}

/**
 * @throws {RegistryError} `TEMPLATE_INVALID` (TPL-3), with what does not fit or cannot be decided;
 * `UNKNOWN_PERSON`, `STATE_CONFLICT`, `NOT_ENDORSED`: of somebody named as an approver.
 * @throws {LogError} `ENTRY_TOO_LARGE`
 */
export function proposeTemplate(
  ctx: RegistryContext,
  proposer: string,
  input: unknown,
): Promise<{ template: string; proposal: number }> {
  const read = readTemplate(input)
  if (!read.ok) throw new RegistryError('TEMPLATE_INVALID', `the template does not fit at ${read.why}`)
  const { template } = read
  const outside = undecidableGrant(template)
  if (outside !== null) throw new RegistryError('TEMPLATE_INVALID', `${outside.member}: ${outside.why}`)
  return ctx.store.write(async (tx) => {
    for (const person of template.approvals?.of ?? []) await findEnrolled(tx.db, person)
    const id = newId(ctx.crypto, 'tpl', tx.now)
    const proposal = await tx.append({
      type: 'template.proposed',
      actor: personActor(proposer),
      subject: id,
      body: { template },
    })
    await tx.db
      .insertInto('templates')
      .values({
        id,
        class: template.class,
        status: 'proposed',
        template_json: canonicalize(template),
        proposer,
        proposal,
        approval: null,
      })
      .execute()
    return { template: id, proposal }
  })
}

/** Puts a template in force, in place of the one of its class. */
export const templateApproval: ApprovalTerms<'template.approved'> = {
  type: 'template.approved',
  notOwn: 'who proposed a template does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const { status, proposal, proposer } = await findTemplate(db, id)
    if (status !== 'proposed')
      throw new RegistryError(
        'STATE_CONFLICT',
        `the template is ${status}: propose it again to put it in force`,
      )
    return { act: { act: 'template.approve', template: id, proposal, approver }, askedBy: [proposer] }
  },
  async settle({ db }, { key: { id }, approval }) {
    await db
      .updateTable('templates')
      .set({ status: 'replaced' })
      .where('class', '=', (await findTemplate(db, id)).class)
      .where('status', '=', 'active')
      .execute()
    await db.updateTable('templates').set({ status: 'active', approval }).where('id', '=', id).execute()
  },
}

export interface TemplateInForce {
  readonly id: string
  /** Index of the entry that put it in force. */
  readonly index: number
  readonly template: Template
}

/** @throws {RegistryError} `UNKNOWN_TEMPLATE`: none for this class, which a log that began as ours does not have */
export async function templateInForce(db: Kysely<Schema>, agentClass: string): Promise<TemplateInForce> {
  const rows = await db
    .selectFrom('templates')
    .selectAll()
    .where('status', '=', 'active')
    .where('class', 'in', [agentClass, ANY_CLASS])
    .execute()
  const row = rows.find((each) => each.class === agentClass) ?? rows[0]
  if (row === undefined || row.approval === null)
    throw new RegistryError('UNKNOWN_TEMPLATE', 'no template is in force')
  return { id: row.id, index: row.approval, template: templateOf(row) }
}

/** TPL-1. @throws {RegistryError} `OUTSIDE_TEMPLATE`, with the member and the reason */
export function assertWithin({ id, template }: TemplateInForce, root: Offered): void {
  const outside = outsideTemplate(root, template)
  if (outside !== null) throw outsideFault(id, template, `${outside.member}: ${outside.why}`)
}

export function outsideFault(id: string, template: Template, why: string): RegistryError {
  const whose = template.class === ANY_CLASS ? 'every class' : `class ${template.class}`
  return new RegistryError('OUTSIDE_TEMPLATE', `outside the template ${id} of ${whose} at ${why}`)
}

export interface TemplateView {
  readonly id: string
  readonly status: Schema['templates']['status']
  readonly proposer: string
  readonly proposal: number
  /** Index of the entry that put it in force, or null. */
  readonly approval: number | null
  readonly template: Template
}

/** The newest first. */
export async function listTemplates(db: Kysely<Schema>): Promise<TemplateView[]> {
  const rows = await db.selectFrom('templates').selectAll().orderBy('proposal', 'desc').execute()
  return rows.map(viewOf)
}

/**
 * A template, and what it changes of the one that is in force for its class.
 * @throws {RegistryError} `UNKNOWN_TEMPLATE`
 */
export async function showTemplate(
  db: Kysely<Schema>,
  id: string,
): Promise<TemplateView & { in_force: string; changes: TemplateChange[] }> {
  const view = viewOf(await findTemplate(db, id))
  const inForce = await templateInForce(db, view.template.class)
  return { ...view, in_force: inForce.id, changes: templateChanges(inForce.template, view.template) }
}

async function findTemplate(db: Kysely<Schema>, id: string): Promise<Schema['templates']> {
  const row = await db.selectFrom('templates').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_TEMPLATE', 'no such template')
  return row
}

function viewOf(row: Schema['templates']): TemplateView {
  const { id, status, proposer, proposal, approval } = row
  return { id, status, proposer, proposal, approval, template: templateOf(row) }
}

function templateOf({ template_json }: Schema['templates']): Template {
  const read = readTemplate(parseJson(template_json))
  if (!read.ok) throw new RegistryError('TEMPLATE_INVALID', 'a stored template does not fit its schema')
  return read.template
}
