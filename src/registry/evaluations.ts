/**
 * Management's evaluations of deviations: drafted, and signed by somebody else. spec/deviations.md (DEV-2, DEV-3).
 * Invariant: what was signed stays; a later one is beside it. No test runs here, so whether a deviation was found is not known.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { findDeficiency, insertEvaluation, settleEvaluation, type EvaluationRow } from './deficiency-rows.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { assertEntries } from './incident-rows.ts'
import { findEnrolled } from './people.ts'

/** Drafts that wait. */
const WAITING_MAX = 1_000
/** Evaluations that a list shows. */
const LISTED_MAX = 5_000

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_ENTRY`, `UNKNOWN_DEFICIENCY`, `LIMIT_EXCEEDED` */
export function proposeEvaluation(
  ctx: RegistryContext,
  person: string,
  body: EntryBody<'evaluation.proposed'>,
): Promise<{ evaluation: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const about = entryIn(body.deviation)
    if (about !== null) await assertEntries(tx, [about])
    if (body.remediation !== null) await findDeficiency(tx.db, body.remediation)
    const waiting = tx.db.selectFrom('evaluations').select('id').where('signature', 'is', null)
    if ((await waiting.execute()).length >= WAITING_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${WAITING_MAX} drafts wait to be signed`)
    const id = newId(ctx.crypto, 'evl', tx.now)
    const actor = personActor(person)
    const entry = await tx.append({ type: 'evaluation.proposed', actor, subject: id, body })
    await insertEvaluation(tx.db, id, { entry, time_ms: tx.now, actor: person }, body)
    return { evaluation: id, entry }
  })
}

/** The entry that a deviation is about, by its identifier; null: about none (DEV-1). */
function entryIn(deviation: string): number | null {
  const about = deviation.split('/')[2] ?? ''
  const index = Number(about)
  return /^\d+$/.test(about) && Number.isSafeInteger(index) ? index : null
}

/** @throws {RegistryError} `UNKNOWN_EVALUATION` */
async function findEvaluation(db: Kysely<Schema>, id: string): Promise<EvaluationRow> {
  const row = await db.selectFrom('evaluations').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError(
      'UNKNOWN_EVALUATION',
      'no such evaluation: see "countersign deviation evaluations"',
    )
  return row
}

/** DEV-3. */
export const evaluationSigning: ApprovalTerms<'evaluation.signed'> = {
  type: 'evaluation.signed',
  notOwn: 'who drafted an evaluation does not sign it: ask another person',
  async find({ db }, { id }, approver) {
    const { deviation, proposal, proposer, signature } = await findEvaluation(db, id)
    if (signature !== null)
      throw new RegistryError('STATE_CONFLICT', 'it is signed already: draft another one to say more')
    const act = { act: 'evaluation.sign', evaluation: id, deviation, proposal, approver } as const
    return { act, askedBy: [proposer] }
  },
  async settle(tx, { key: { id }, act, approval }) {
    await settleEvaluation(tx.db, id, { entry: approval, time_ms: tx.now, actor: act.approver })
  },
}

export interface EvaluationView extends Omit<EvaluationRow, 'said_json'> {
  readonly said: EntryBody<'evaluation.proposed'>
}

/** The latest first. @param deviation null: of all */
export async function listEvaluations(
  db: Kysely<Schema>,
  deviation: string | null,
): Promise<EvaluationView[]> {
  const all = db.selectFrom('evaluations').selectAll().orderBy('proposal', 'desc').limit(LISTED_MAX)
  const rows = await (deviation === null ? all : all.where('deviation', '=', deviation)).execute()
  return rows.map(({ said_json, ...row }) => ({
    ...row,
    said: parseJson(said_json) as EntryBody<'evaluation.proposed'>,
  }))
}
