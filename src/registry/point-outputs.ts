/**
 * Outputs of points: registered once an action, attested as directed where the root says so, released, counted.
 * spec/outputs.md (OUT-2, OUT-7, OUT-8). Invariant: what has left is counted, whatever a gate says of it.
 * @module
 */
import type { Kysely } from 'kysely'
import { utf8 } from '../core/encoding.ts'
import { isAtLeast, type Role } from '../core/output.ts'
import { decodeEntry } from '../log/entries.ts'
import type { OutgoingOutput } from '../ports/outputs.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { attestDirected } from './attestations.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { kindInForce, outputPolicyInForce } from './output-policies.ts'
import { findAttestation, findOutput, putRelease, type OutputRow } from './output-rows.ts'
import { registerOutputTx, releaseOutput } from './outputs.ts'

/** How far back in the log the receipts of calls that fed an output are looked for, in entries. */
const RECEIPTS_BACK = 1_000

type Db = Kysely<Schema>

export interface PointOutput {
  readonly output: string
  readonly released: boolean
  readonly role: Role | null
  readonly attestation: string | null
}

/**
 * Idempotent by action.
 * @throws {RegistryError} as `registerOutput`; `STATE_CONFLICT`: the action is of another point's output
 */
export async function registerPointOutput(
  ctx: RegistryContext,
  point: string,
  { iss, jti, calls, subject, ...input }: OutgoingOutput,
): Promise<PointOutput> {
  const output = await ctx.store.write(async (tx) => {
    const known = await tx.db
      .selectFrom('outputs')
      .select(['id', 'registrar'])
      .where('action', '=', input.action)
      .executeTakeFirst()
    if (known !== undefined && known.registrar !== point)
      throw new RegistryError('STATE_CONFLICT', 'another point registered an output of this action')
    if (known !== undefined) return known.id
    const own = iss === ctx.iss ? { jti } : {}
    const fed = await withReceipts(tx, calls)
    const made = { ...input, ...own, subject: [...subject], calls: fed }
    return (await registerOutputTx(ctx, tx, { kind: 'point', id: point }, made)).output
  })
  await attestIfDirected(ctx, point, output)
  return ctx.store.query((db) => pointOutput(db, point, output))
}

/** Entries that are logged by now. */
async function withReceipts(
  { db }: Tx,
  actions: readonly string[],
): Promise<{ action: string; entry?: number }[]> {
  if (actions.length === 0) return []
  const found = new Map<string, number>()
  const rows = await db
    .selectFrom('entries')
    .select(['idx', 'type', 'bytes'])
    .orderBy('idx', 'desc')
    .limit(RECEIPTS_BACK)
    .execute()
  const wanted = actions.map((action) => [action, Buffer.from(utf8(action))] as const)
  for (const { idx, type, bytes } of rows) {
    if (type !== 'receipt') continue
    const text = Buffer.from(bytes)
    for (const [action, name] of wanted)
      if (text.includes(name) && isAllowOf(bytes, action)) found.set(action, idx)
  }
  return actions.map((action) => {
    const entry = found.get(action)
    return entry === undefined ? { action } : { action, entry }
  })
}

function isAllowOf(bytes: Uint8Array, action: string): boolean {
  const entry = decodeEntry(bytes)
  const isDecision = entry.type === 'receipt' && entry.body.kind === 'decision'
  return isDecision && entry.body.action === action && entry.body.decision === 'allow'
}

/** ATT-12: by the root alone, where it names the kind; not what a gate holds for people. */
async function attestIfDirected(ctx: RegistryContext, point: string, output: string): Promise<void> {
  const wanted = await ctx.store.query(async (db) => {
    const { attestation, kind } = await findOutput(db, output)
    const found = (await kindInForce(db, kind)).kind
    return attestation === null && (found.release === 'cover' || found.minimum === 'directed')
  })
  if (!wanted) return
  try {
    await attestDirected(ctx, { kind: 'point', id: point }, output)
  } catch (error) {
    const isAnswer =
      error instanceof RegistryError &&
      ['ROLE_UNPROVEN', 'STATE_CONFLICT', 'VALUE_ERASED'].includes(error.code)
    if (!isAnswer) throw error
  }
}

async function pointOutput(db: Db, point: string, output: string): Promise<PointOutput> {
  const row = await ownOutput(db, point, output)
  const role = row.attestation === null ? null : (await findAttestation(db, row.attestation)).role
  return { output, released: row.released !== null, role, attestation: row.attestation }
}

async function ownOutput(db: Db, point: string, output: string): Promise<OutputRow> {
  const row = await findOutput(db, output)
  if (row.registrar !== point) throw new RegistryError('UNKNOWN_OUTPUT', 'no such output of this point')
  return row
}

/**
 * Lets it go, if nothing holds it. Idempotent. @param left it has gone already: it is counted (OUT-8)
 * @throws {RegistryError} `UNKNOWN_OUTPUT`
 */
export async function releasePointOutput(
  ctx: RegistryContext,
  point: string,
  output: string,
  left: boolean,
): Promise<PointOutput> {
  const state = await ctx.store.query((db) => pointOutput(db, point, output))
  if (state.released) return state
  const actor = { kind: 'point' as const, id: point }
  if (left)
    await ctx.store.write(async (tx) => {
      const { released, attestation } = await ownOutput(tx.db, point, output)
      if (released !== null) return
      await tx.append({ type: 'output.released', actor, subject: output, body: { attestation } })
      await putRelease(tx.db, output, tx.now)
    })
  else if (await ctx.store.query((db) => isFree(db, output, state.role)))
    await releaseOutput(ctx, actor, output)
  return ctx.store.query((db) => pointOutput(db, point, output))
}

/** Whether the policy in force lets it go as it stands. */
async function isFree(db: Db, output: string, role: Role | null): Promise<boolean> {
  const { kind } = await findOutput(db, output)
  const found = (await outputPolicyInForce(db))?.policy.kinds.find((one) => one.kind === kind)
  if (found === undefined) return false
  return found.release === 'cover' || (role !== null && isAtLeast(role, found.minimum))
}

/** For one who waits: null while it is held. */
export async function freed(db: Db, point: string, output: string): Promise<true | null> {
  const { released, role } = await pointOutput(db, point, output)
  return released || (await isFree(db, output, role)) ? true : null
}
