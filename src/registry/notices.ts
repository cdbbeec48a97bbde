/**
 * The register of notices: what somebody is told before they consent. spec/consent.md (CNS-5).
 *
 *   waiting --approve--> approved, for ever: a new text takes a new version
 *
 * Invariant: of one name, version, language and jurisdiction there is one text.
 * @module
 */
import type { Kysely } from 'kysely'
import { NOTICE_BYTES_MAX, noticeSchema, termFault, type Notice } from '../core/consent.ts'
import { sha256Text } from '../core/digest.ts'
import { utf8 } from '../core/encoding.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { assertFewWait } from './waiting.ts'

export const noticeApproval: ApprovalTerms<'notice.approved'> = {
  type: 'notice.approved',
  notOwn: 'who proposed a notice does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const row = await db.selectFrom('notices').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new RegistryError('UNKNOWN_NOTICE', 'no such notice')
    const { status, proposal, proposer } = row
    if (status !== 'waiting') throw new RegistryError('STATE_CONFLICT', `this notice is ${status}`)
    return { act: { act: 'notice.approve', notice: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, approval }) => settleNotice(tx.db, key.id, approval),
}

/**
 * @throws {RegistryError} `TERM_UNKNOWN`; `NOTICE_INVALID`: the text is not the one that the hash is of, or too long;
 * `NOTICE_CONFLICT`: there is one of that name, version, language and jurisdiction; `STATE_CONFLICT`: too many wait
 */
export function proposeNotice(
  ctx: RegistryContext,
  proposer: string,
  { notice, text }: { readonly notice: Notice; readonly text: string },
): Promise<{ notice: string; proposal: number }> {
  if (termFault(notice) !== null) throw unknownTerm()
  assertText(ctx, notice, text)
  return ctx.store.write(async (tx) => {
    await assertFewWait(tx, 'notices', 'notices')
    const { name, version, language, jurisdiction } = notice
    const there = await tx.db
      .selectFrom('notices')
      .select('id')
      .where('name', '=', name)
      .where('version', '=', version)
      .where('language', '=', language)
      .where('jurisdiction', '=', jurisdiction)
      .executeTakeFirst()
    if (there)
      throw new RegistryError(
        'NOTICE_CONFLICT',
        `${there.id} has this name, version, language and jurisdiction: a new text takes a new version`,
      )
    const id = newId(ctx.crypto, 'ntc', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'notice.proposed', actor, subject: id, body: { notice } })
    await insertNotice(tx.db, { id, notice, proposer, proposal, text })
    return { notice: id, proposal }
  })
}

export function unknownTerm(): RegistryError {
  return new RegistryError(
    'TERM_UNKNOWN',
    'a purpose or a category is no term of DPV 2.3: see "countersign consent terms"',
  )
}

function assertText(ctx: Pick<RegistryContext, 'crypto'>, notice: Notice, text: string): void {
  if (sha256Text(ctx.crypto, text) !== notice.text_hash)
    throw new RegistryError('NOTICE_INVALID', 'text_hash is not that of the text')
  if (utf8(text).length > NOTICE_BYTES_MAX)
    throw new RegistryError('NOTICE_INVALID', `the text is over ${NOTICE_BYTES_MAX} bytes`)
}

export async function insertNotice(
  db: Kysely<Schema>,
  row: Pick<Schema['notices'], 'id' | 'proposer' | 'proposal' | 'text'> & { readonly notice: Notice },
): Promise<void> {
  const { notice, ...rest } = row
  const { name, version, language, jurisdiction } = notice
  const named = { name, version, language, jurisdiction, notice_json: canonicalize(notice) }
  await db
    .insertInto('notices')
    .values({ ...rest, ...named, status: 'waiting', approval: null })
    .execute()
}

export async function settleNotice(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  await db.updateTable('notices').set({ status: 'approved', approval }).where('id', '=', id).execute()
}

/** A text that a rebuilt database does without, given again. @throws {RegistryError} `UNKNOWN_NOTICE`, `NOTICE_INVALID` */
export function restoreText(ctx: RegistryContext, id: string, text: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    assertText(ctx, (await findNotice(tx.db, id)).notice, text)
    await tx.db.updateTable('notices').set({ text }).where('id', '=', id).execute()
  })
}

export interface NoticeView {
  readonly id: string
  readonly status: Schema['notices']['status']
  readonly proposer: string
  readonly proposal: number
  readonly approval: number | null
  readonly notice: Notice
  /** Null: this database was rebuilt from the log, which has its hash. */
  readonly text: string | null
}

/** @throws {RegistryError} `UNKNOWN_NOTICE` */
export async function findNotice(db: Kysely<Schema>, id: string): Promise<NoticeView> {
  const row = await db.selectFrom('notices').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_NOTICE', 'no such notice')
  return viewOf(row)
}

/** The newest first. */
export async function listNotices(db: Kysely<Schema>): Promise<NoticeView[]> {
  return (await db.selectFrom('notices').selectAll().orderBy('proposal', 'desc').execute()).map(viewOf)
}

function viewOf({
  id,
  status,
  proposer,
  proposal,
  approval,
  notice_json,
  text,
}: Schema['notices']): NoticeView {
  const notice = noticeSchema.parse(parseJson(notice_json))
  return { id, status, proposer, proposal, approval, notice, text }
}
