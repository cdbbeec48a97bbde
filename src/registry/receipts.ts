/**
 * Intake of receipts: gapless streams in, gaps and forks said out loud. spec/enforcement.md (RCP-1 to RCP-3).
 * Invariants: a place of a stream is logged once; what leaves a gap is kept, and so is the alert about it; a fork is
 * refused and its alert stays.
 * @module
 */
import { gapKey } from '../core/alert.ts'
import { fromBase64url } from '../core/encoding.ts'
import { parseJson, type JsonValue } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import { commitmentOf, SALT_BYTES } from '../log/commitment.ts'
import type { Actor } from '../log/entries.ts'
import { receiptHash, verifyHead, type Receipt, type SignedHead } from '../log/receipt.ts'
import type { Tx } from '../ports/store.ts'
import type { ChainSegment } from '../token/segment.ts'
import { raise } from './alerts.ts'
import type { RegistryContext } from './context.ts'
import { recordDisclosures } from './disclosures.ts'
import { RegistryError } from './errors.ts'
import { isWorthAnEntry, noteHeard } from './heads.ts'
import { accountedFor, recalledOf, settle } from './leases.ts'
import { recordDebits } from './ledgers.ts'
import { findPoint, type PointRow } from './points.ts'
import { isOpen, keep } from './personal.ts'
import { prunedUpTo } from './pruned-streams.ts'
import { recordCalls } from './spans.ts'
import { insertSegments, subjectOfSegment } from './segments.ts'

/** Receipts in one batch: about 1 MiB of entries and well under a second in one transaction. */
export const RECEIPTS_MAX = 1_000

export interface Opening {
  readonly args_commit: string
  readonly action: string
  /** base64url of the salt. */
  readonly salt: string
  /** null: the point keeps no arguments. */
  readonly args: JsonValue
}

export interface ReceiptBatch {
  readonly receipts: readonly Receipt[]
  readonly head: SignedHead
  readonly segments: readonly ChainSegment[]
  readonly openings: readonly Opening[]
}

export interface Acknowledged {
  readonly epoch: number
  readonly seq: number
  readonly recalled: readonly string[]
  readonly now_ms: number
}

interface Gap {
  readonly from: number
  readonly to: number
}

/** What a batch does to the stream, worked out before anything is written. */
type Plan =
  | {
      readonly kind: 'accept'
      readonly fresh: readonly { readonly receipt: Receipt; readonly hash: string }[]
      readonly gaps: readonly Gap[]
      readonly seq: number
      readonly hash: string
    }
  | { readonly kind: 'fork'; readonly seq: number }

/**
 * Takes a batch in. Idempotent: receipts that are known already are skipped.
 * @returns the last receipt of the epoch that is durable, leases that the point is asked to return, and the time here.
 * @throws {RegistryError} `RECEIPT_INVALID`, `RECEIPT_EPOCH` (not the open epoch: ask for a new one), `RECEIPT_FORK`,
 * `SEGMENT_INVALID`, `OPENING_INVALID`, `LIMIT_EXCEEDED`, `UNKNOWN_POINT`
 */
export async function takeReceipts(
  ctx: RegistryContext,
  point: string,
  batch: ReceiptBatch,
): Promise<Acknowledged> {
  if (batch.receipts.length > RECEIPTS_MAX || batch.openings.length > RECEIPTS_MAX) {
    throw new RegistryError('LIMIT_EXCEEDED', `a batch has at most ${RECEIPTS_MAX} receipts`)
  }
  for (const opening of batch.openings) assertOpening(ctx, opening)
  const outcome = await ctx.store.write(async (tx) => {
    const row = await findPoint(tx.db, point)
    assertHead(ctx, row, batch)
    const plan = await planOf(ctx, tx, row, batch)
    if (plan.kind === 'fork') {
      await raiseFork(tx, row, plan.seq)
      return null
    }
    await insertSegments(ctx.crypto, tx, actorOf(point), batch.segments)
    await keepArguments(ctx, tx, row, batch)
    await appendReceipts(tx, row, plan, batch.head)
    const recalled = await recalledOf(tx, point)
    return { epoch: row.epoch, seq: plan.seq, recalled, now_ms: tx.now }
  })
  // The alert is committed; only now is the batch refused.
  if (outcome === null) {
    throw new RegistryError(
      'RECEIPT_FORK',
      'another receipt stands at this place of the stream: an alert was raised',
    )
  }
  return outcome
}

function actorOf(point: string): Actor {
  return { kind: 'point', id: point }
}

function assertOpening(ctx: RegistryContext, opening: Opening): void {
  const { args_commit, salt, args: value } = opening
  if (value === null) return
  const isSalt = fromBase64url(salt).length === SALT_BYTES
  if (!isSalt || commitmentOf(ctx.crypto, { salt, value }) !== args_commit) {
    throw new RegistryError('OPENING_INVALID', 'an opening does not match its commitment')
  }
}

function assertHead(ctx: RegistryContext, row: PointRow, { head: signed, receipts }: ReceiptBatch): void {
  const { head } = signed
  if (head.point !== row.id || receipts.some((one) => one.point !== row.id)) {
    throw new RegistryError('RECEIPT_INVALID', 'head or receipt of another point')
  }
  if (head.epoch !== row.epoch || receipts.some((one) => one.epoch !== row.epoch)) {
    throw new RegistryError('RECEIPT_EPOCH', `the open epoch is ${row.epoch}: ask for a new one`)
  }
  if (!verifyHead(ctx.crypto, publicJwk(parseJson(row.jwk_json)), signed)) {
    throw new RegistryError('RECEIPT_INVALID', 'the signature of the head does not verify')
  }
  const last = receipts.at(-1)
  if (last === undefined) return
  if (last.seq > head.seq) throw new RegistryError('RECEIPT_INVALID', 'the head does not cover the receipts')
  if (last.seq === head.seq && receiptHash(ctx.crypto, last) !== head.hash) {
    throw new RegistryError('RECEIPT_INVALID', 'the head is not that of the last receipt')
  }
}

async function planOf(ctx: RegistryContext, tx: Tx, row: PointRow, batch: ReceiptBatch): Promise<Plan> {
  const known = await knownHashes(tx, row, batch.receipts)
  const isOld = (batch.receipts[0]?.seq ?? Infinity) <= row.seq
  const pruned = isOld ? await prunedUpTo(tx.db, row.id, row.epoch) : 0
  const fresh: { receipt: Receipt; hash: string }[] = []
  const gaps: Gap[] = []
  let { seq, hash } = row
  let before = 0
  for (const receipt of batch.receipts) {
    if (receipt.seq <= before) throw new RegistryError('RECEIPT_INVALID', 'receipts are not in order')
    before = receipt.seq
    const own = receiptHash(ctx.crypto, receipt)
    const there = known.get(receipt.seq)
    if (there === own) continue
    if (there === undefined && receipt.seq < pruned) continue // RET-8
    if (there !== undefined) return { kind: 'fork', seq: receipt.seq }
    const previous = receipt.seq === 1 ? '' : known.get(receipt.seq - 1)
    if (previous !== undefined && previous !== receipt.prev_hash)
      return { kind: 'fork', seq: receipt.seq - 1 }
    if (receipt.seq > seq + 1) gaps.push({ from: seq + 1, to: receipt.seq - 1 })
    known.set(receipt.seq, own)
    fresh.push({ receipt, hash: own })
    if (receipt.seq > seq) {
      seq = receipt.seq
      hash = own
    }
  }
  const { head } = batch.head
  if (head.seq === seq && head.hash !== hash) return { kind: 'fork', seq }
  return { kind: 'accept', fresh, gaps, seq, hash }
}

/** Hashes of the places that the batch touches, and of the one before it. */
async function knownHashes(
  tx: Tx,
  row: PointRow,
  receipts: readonly Receipt[],
): Promise<Map<number, string>> {
  const first = receipts[0]
  const last = receipts.at(-1)
  if (!first || !last) return new Map()
  const rows = await tx.db
    .selectFrom('receipts')
    .select(['seq', 'hash'])
    .where('point', '=', row.id)
    .where('epoch', '=', row.epoch)
    .where('seq', '>=', first.seq - 1)
    .where('seq', '<=', last.seq)
    .execute()
  return new Map(rows.map((one) => [one.seq, one.hash]))
}

async function appendReceipts(
  tx: Tx,
  row: PointRow,
  plan: Extract<Plan, { kind: 'accept' }>,
  head: SignedHead,
): Promise<void> {
  const actor = actorOf(row.id)
  for (const { from, to } of plan.gaps) {
    const detail = { epoch: row.epoch, from, to }
    const key = gapKey(row.id, row.epoch, from)
    await raise(tx, { rule: 'SEQUENCE_GAP', key, subject: row.id, detail, entries: [] })
  }
  for (const { receipt, hash } of plan.fresh) {
    const agent = receipt.kind === 'decision' ? receipt.agent : null
    const about = agent === null ? {} : { subject: agent }
    const entry = await tx.append({ type: 'receipt', actor, ...about, body: receipt })
    await recordDisclosures(tx.db, entry, receipt)
    await tx.db
      .insertInto('receipts')
      .values({ point: row.id, epoch: row.epoch, seq: receipt.seq, hash })
      .execute()
  }
  const fresh = plan.fresh.map(({ receipt }) => receipt)
  await recordDebits(tx.db, fresh)
  await recordCalls(tx, fresh)
  const over = await accountedFor(tx, row, head.head)
  // A head that says nothing new is not worth an entry, but for a few: points report one every 10 s.
  const isNew = plan.fresh.length > 0 || head.head.seq > row.seq || over.length > 0
  const isLogged = isNew || (await isWorthAnEntry(tx, head.head))
  if (isLogged) {
    const at = await tx.append({ type: 'receipt.head', actor, subject: row.id, body: head })
    await settle(tx, row.id, over, at)
  }
  await tx.db.updateTable('points').set({ seq: plan.seq, hash: plan.hash }).where('id', '=', row.id).execute()
  await noteHeard(tx, head.head, { behind: head.head.seq - plan.seq, isLogged })
}

export function forkName(point: string, epoch: number, seq: number): string {
  return `fork/${point}/${epoch}/${seq}`
}

/** Once a place: a point that retries for ever must not fill the log. */
async function raiseFork(tx: Tx, row: PointRow, seq: number): Promise<void> {
  const name = forkName(row.id, row.epoch, seq)
  const known = await tx.db.selectFrom('meta').select('name').where('name', '=', name).executeTakeFirst()
  if (known) return
  await tx.db
    .insertInto('meta')
    .values({ name, value: String(tx.now) })
    .execute()
  const about = { rule: 'SEQUENCE_FORK', subject: row.id, entries: [] } as const
  await raise(tx, { ...about, key: name, detail: { epoch: row.epoch, seq }, isEveryLogged: true })
}

/**
 * Under the delegation that the call came with, or under the point when its chain did not verify. What no receipt of
 * the batch commits to is nobody's evidence, and not kept.
 */
async function keepArguments(
  ctx: RegistryContext,
  tx: Tx,
  point: PointRow,
  batch: ReceiptBatch,
): Promise<void> {
  const chains = new Map<string, string | null>()
  for (const receipt of batch.receipts) {
    if (receipt.kind === 'decision' && receipt.args_commit !== null)
      chains.set(receipt.args_commit, receipt.chain)
  }
  const kept = new Map<string, boolean>()
  for (const { args_commit, salt, args: value } of batch.openings) {
    const chain = chains.get(args_commit)
    if (value === null || chain === undefined) continue
    const subject = (chain === null ? null : await subjectOfSegment(tx, chain)) ?? point.id
    const isKept = kept.get(subject) ?? (await isOpen(tx, subject))
    kept.set(subject, isKept)
    if (isKept) await keep(ctx, tx, subject, 'args', { commitment: args_commit, opening: { salt, value } })
  }
}
