/**
 * Outputs: registered, shown, released. spec/attestation.md (ATT-17, ATT-20, ATT-27).
 * Invariants: digests and content stand in the log as commitments alone; what a gate holds is released with a valid
 * attestation of the policy's role and never without.
 * @module
 */
import type { Kysely } from 'kysely'
import { hex, utf8 } from '../core/encoding.ts'
import { isId, newRandomId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import { isAtLeast, type Form } from '../core/output.ts'
import { commitTo } from '../log/commitment.ts'
import { decodeEntry, type Actor, type EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { Subject } from '../provenance/statement.ts'
import { differenceOf, humanShare } from '../provenance/text-difference.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { kindInForce } from './output-policies.ts'
import { findAttestation, findOutput, insertOutput, putRelease, type OutputRow } from './output-rows.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep, openingOf } from './personal.ts'
import { isSeed } from './seed-rows.ts'

/** Characters of a content that the review desk shows: with its draft it fits a request. */
export const CONTENT_CHARS_MAX = 64 * 1024

export interface OutputInput {
  readonly kind: string
  readonly subject: readonly Subject[]
  /** For the review desk; without it nobody can review it there. */
  readonly content?: string
  /** The output that this one was made from. */
  readonly draft?: string
  readonly jti?: string
  readonly system?: string
  readonly calls: readonly { readonly action: string; readonly entry?: number }[]
  /** The call by which it leaves. */
  readonly action?: string
}

export type OutputBody = EntryBody<'output.registered'>

/**
 * @throws {RegistryError} `UNKNOWN_OUTPUT_KIND`, `UNKNOWN_DELEGATION`, `UNKNOWN_SYSTEM`, `UNKNOWN_OUTPUT`,
 * `OUTPUT_INVALID`: several forms, a call that no receipt has, a draft of another kind or without content
 */
export function registerOutput(
  ctx: RegistryContext,
  registrar: Actor,
  input: OutputInput,
): Promise<{ output: string; entry: number }> {
  return ctx.store.write((tx) => registerOutputTx(ctx, tx, registrar, input))
}

export async function registerOutputTx(
  ctx: RegistryContext,
  tx: Tx,
  registrar: Actor,
  input: OutputInput,
  output = newRandomId(ctx.crypto, 'out'),
): Promise<{ output: string; entry: number }> {
  const { kind } = await kindInForce(tx.db, input.kind)
  const made = await delegationOf(tx.db, input.jti)
  const draft = input.draft === undefined ? null : await findOutput(tx.db, input.draft)
  if (draft !== null) assertDraft(registrar, draft, { kind: kind.kind, ...made })
  const body: OutputBody = {
    kind: kind.kind,
    form: formOf(input.subject),
    system: await systemOf(tx.db, input.system),
    ...made,
    draft: draft?.id ?? null,
    composition: await compositionOf(ctx, tx, registrar, input, draft),
    calls: await callsOf(tx.db, input.calls),
    ...(input.action === undefined ? {} : { action: input.action }),
  }
  const digest = commitTo(
    ctx.crypto,
    input.subject.map((one) => ({ ...one })),
  )
  const content = input.content === undefined ? null : commitTo(ctx.crypto, input.content)
  const commitments = {
    digest: digest.commitment,
    ...(content === null ? {} : { content: content.commitment }),
  }
  const entry = await tx.append({
    type: 'output.registered',
    actor: registrar,
    subject: output,
    body,
    commitments,
  })
  await insertOutput(
    tx.db,
    {
      id: output,
      entry,
      registrar: registrar.id,
      registered: tx.now,
      digest_commit: digest.commitment,
      content_commit: content?.commitment ?? null,
    },
    body,
  )
  await fileUnder(tx, { id: output, owner: null, first: entry })
  await keep(ctx, tx, output, 'digest', digest)
  if (content !== null) await keep(ctx, tx, output, 'content', content)
  return { output, entry }
}

function formOf(subject: readonly Subject[]): Form {
  const forms = new Set(subject.map(({ annotations }) => annotations.form))
  const [form] = forms
  if (form === undefined || forms.size > 1)
    throw new RegistryError('OUTPUT_INVALID', 'an output is of one form: register others for themselves')
  return form
}

async function systemOf(db: Kysely<Schema>, system: string | undefined): Promise<string | null> {
  if (system === undefined) return null
  const row = await db.selectFrom('systems').select('id').where('id', '=', system).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_SYSTEM', 'no such system')
  return row.id
}

async function delegationOf(
  db: Kysely<Schema>,
  jti: string | undefined,
): Promise<{ jti: string | null; agent: string | null }> {
  if (jti === undefined) return { jti: null, agent: null }
  const row = await db.selectFrom('delegations').select('agent').where('jti', '=', jti).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_DELEGATION', 'no such delegation')
  return { jti, agent: row.agent }
}

/**
 * ATT-17: who may review an output is shown its draft, and who registers one hears how much of it is in theirs.
 * @throws {RegistryError} `UNKNOWN_OUTPUT`: neither theirs nor of this delegation or agent; `OUTPUT_INVALID`: of another kind
 */
function assertDraft(
  registrar: Actor,
  draft: OutputRow,
  { kind, jti, agent }: Pick<OutputBody, 'kind' | 'jti' | 'agent'>,
): void {
  const isTheirs = registrar.kind === 'person' && draft.registrar === registrar.id
  const isOfDelegation = jti !== null && bodyOf(draft).jti === jti
  const isOfAgent = agent !== null && draft.agent === agent
  if (!isTheirs && !isOfDelegation && !isOfAgent)
    throw new RegistryError('UNKNOWN_OUTPUT', 'the draft is no output of yours, of this delegation or agent')
  if (draft.kind !== kind)
    throw new RegistryError('OUTPUT_INVALID', 'the draft is of another kind, which others review')
}

/** ATT-10: of what a person registers under their own key, where that content is the output. */
async function compositionOf(
  ctx: RegistryContext,
  { db }: Tx,
  registrar: Actor,
  { content, subject }: OutputInput,
  draft: OutputRow | null,
): Promise<OutputBody['composition']> {
  const before = draft === null ? '' : await contentOf(ctx, db, draft)
  if (draft !== null && before === null)
    throw new RegistryError('OUTPUT_INVALID', 'the draft has no content that is kept')
  if (registrar.kind !== 'person' || content === undefined) return null
  if (!isContent(ctx.crypto, content, subject)) return null
  const human_share = humanShare(differenceOf(before ?? '', content))
  if (human_share === null) return null
  return { by: (await findEnrolled(db, registrar.id)).rev, human_share }
}

/** Whether the content is the output itself: text and JSON are kept in their very form (ATT-3). */
export function isContent(
  crypto: RegistryContext['crypto'],
  content: string,
  subject: readonly Subject[],
): boolean {
  const sha256 = hex(crypto.sha256(utf8(content)))
  return subject.some(({ digest }) => digest.sha256 === sha256)
}

/** An entry that is named is the receipt of that action. */
async function callsOf(db: Kysely<Schema>, calls: OutputInput['calls']): Promise<OutputBody['calls']> {
  const out: OutputBody['calls'] = []
  for (const { action, entry } of calls) {
    if (entry !== undefined && (await receiptAt(db, entry))?.action !== action)
      throw new RegistryError('OUTPUT_INVALID', `entry ${entry} is no receipt of a call that is named`)
    out.push({ action, entry: entry ?? null })
  }
  return out
}

export async function receiptAt(
  db: Kysely<Schema>,
  entry: number,
): Promise<Extract<EntryBody<'receipt'>, { kind: 'decision' }> | null> {
  const row = await db
    .selectFrom('entries')
    .select('bytes')
    .where('idx', '=', entry)
    .where('type', '=', 'receipt')
    .executeTakeFirst()
  const read = row === undefined ? null : decodeEntry(row.bytes)
  return read?.type === 'receipt' && read.body.kind === 'decision' ? read.body : null
}

/** Null: not kept, or erased. */
export async function contentOf(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  { content_commit }: Pick<OutputRow, 'content_commit'>,
): Promise<string | null> {
  const found = content_commit === null ? null : await openingOf(ctx, db, content_commit)
  return found !== null && 'value' in found.opening && typeof found.opening.value === 'string'
    ? found.opening.value
    : null
}

/** @throws {RegistryError} `VALUE_ERASED` */
export async function subjectsOf(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  { digest_commit }: Pick<OutputRow, 'digest_commit'>,
): Promise<Subject[]> {
  const found = await openingOf(ctx, db, digest_commit)
  if (found === null || !('value' in found.opening))
    throw new RegistryError('VALUE_ERASED', 'the digests of this output are erased')
  return found.opening.value as unknown as Subject[]
}

export function bodyOf({ body_json }: Pick<OutputRow, 'body_json'>): OutputBody {
  return parseJson(body_json) as unknown as OutputBody
}

/**
 * What a point registered is that point's: nobody else says that it left, or who directed it. A person who could would
 * learn which outputs are seeded errors. @throws {RegistryError} `UNKNOWN_OUTPUT`; of a person: `RELEASE_HELD`
 */
export function assertOwn({ kind, id }: Actor, { registrar }: Pick<OutputRow, 'registrar'>): void {
  if (!isId(registrar, 'pnt') || registrar === id) return
  throw kind === 'point'
    ? new RegistryError('UNKNOWN_OUTPUT', 'no such output of this point')
    : new RegistryError('RELEASE_HELD', 'a point registered it: it leaves by that point alone')
}

/**
 * Lets it go (ATT-20). @throws {RegistryError} `UNKNOWN_OUTPUT`, `UNKNOWN_OUTPUT_KIND`; `STATE_CONFLICT`: it has left;
 * `RELEASE_HELD`: a gate wants an attestation of at least another role
 */
export function releaseOutput(
  ctx: RegistryContext,
  actor: Actor,
  id: string,
): Promise<{ attestation: string | null }> {
  return ctx.store.write(async (tx) => {
    const row = await findOutput(tx.db, id)
    assertOwn(actor, row)
    if (row.released !== null) throw new RegistryError('STATE_CONFLICT', 'it was released before')
    const { kind } = await kindInForce(tx.db, row.kind)
    const role = row.attestation === null ? null : (await findAttestation(tx.db, row.attestation)).role
    const held = kind.release === 'gate' && (role === null || !isAtLeast(role, kind.minimum))
    if (held || (await isSeed(ctx, tx.db, id)))
      throw new RegistryError(
        'RELEASE_HELD',
        `it is held until it has a valid attestation of at least ${kind.minimum}: have it reviewed`,
      )
    const attestation = row.attestation
    await tx.append({ type: 'output.released', actor, subject: id, body: { attestation } })
    await putRelease(tx.db, id, tx.now)
    return { attestation }
  })
}
