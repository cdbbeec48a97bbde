/**
 * Templates: the most that a delegation to an agent of a class may be. spec/grants.md (TPL-1, TPL-2).
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import type { Schema, Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { SYSTEM } from './context.ts'
import { RegistryError } from './errors.ts'

/** The class whose template is for every class without one of its own. */
const ANY_CLASS = '*'
const PRESET = { class: ANY_CLASS, ttl_s_max: 90 * 24 * 3600, depth_max: 8, grants: null, approvals: null }

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

/** @returns the index of the entry that put the template of this class in force */
export async function templateInForce(db: Kysely<Schema>, agentClass: string): Promise<number> {
  const rows = await db
    .selectFrom('templates')
    .select(['class', 'approval'])
    .where('status', '=', 'active')
    .where('class', 'in', [agentClass, ANY_CLASS])
    .execute()
  const row = rows.find((each) => each.class === agentClass) ?? rows[0]
  if (row === undefined || row.approval === null)
    throw new RegistryError('UNKNOWN_TEMPLATE', 'no template is in force')
  return row.approval
}
