/**
 * Receipts: what an enforcement point records, one JCS object a decision or an outcome. spec/enforcement.md.
 * Pure: the point builds them, the control plane logs them, the verifier recomputes their chain.
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { canonicalize } from '../core/json.ts'
import { CUMULATIVE, PERIOD_CHARS_MAX } from '../core/period.ts'
import { signTagged, verifyTagged } from '../core/sign.ts'
import { freshnessSchema } from './freshness.ts'
import { basisRecordSchema } from './receipt-basis.ts'
import { flowRecordSchema } from './receipt-flow.ts'

export const SPOOL_HEAD_TAG = 'countersign-spool-head-v1'

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const time = z.iso.datetime()
const name_max = 256

const stream = {
  v: z.literal(1),
  point: z.string().max(64),
  epoch: z.int().positive(),
  seq: z.int().positive(),
  prev_hash: digest.or(z.literal('')),
  time,
  action: z.string().max(64),
}

/** A ledger key (NRW-4) and an amount. */
const ledgerKey = {
  /** The issuer of the chain's root: another may give its delegations the identifiers of ours (KEY-8). */
  iss: z.string().min(1).max(256),
  jti: z.string().max(64),
  grant: digest,
  measure: z.string().max(64),
  unit: z.string().max(32),
  per: z.string().regex(CUMULATIVE),
  /** `2026-03`, `2026-W10`, `2026-03-01` or `2026-03-01T09` (UTC); `all` for what is no period of the calendar. */
  period: z.string().max(PERIOD_CHARS_MAX),
  amount: z.int().nonnegative(),
} as const

/** What one call takes of one limit, and the lease that it is taken from (LIM-5). */
export const debitSchema = z.strictObject({
  ...ledgerKey,
  /** Absent in logs that began before there were leases. */
  lease: z.string().max(64).exactOptional(),
})

/** What a call needs of one limit before it is allowed, with the cap that the grant sets. */
export const reservationSchema = z.strictObject({
  amount: ledgerKey.amount,
  grant: ledgerKey.grant,
  iss: ledgerKey.iss,
  jti: ledgerKey.jti,
  max: z.int().nonnegative(),
  measure: ledgerKey.measure,
  per: ledgerKey.per,
  unit: ledgerKey.unit,
})

/** What a point took of a limit before there were leases: spent, receipt or not. */
export const reservedSchema = z.strictObject({ ...ledgerKey, max: z.int().nonnegative() })
/** Debits of one call: 8 hops and a root with 16 limits each. */
export const RESERVATIONS_MAX = 144

/** LIM-4, as the log has it. */
export const leaseSchema = z.strictObject({
  ...ledgerKey,
  id: z.string().max(64),
  max: z.int().nonnegative(),
  expires: time,
})

export const decisionReceiptSchema = z.strictObject({
  ...stream,
  kind: z.literal('decision'),
  chain: digest.nullable(),
  agent: z.string().max(64).nullable(),
  grant: digest.nullable(),
  server: z.string().max(name_max),
  tool: z.string().max(name_max),
  definition_hash: digest.nullable(),
  args_commit: digest.nullable(),
  decision: z.enum(['allow', 'deny', 'step_up']),
  reasons: z.array(z.string().max(64)).max(16),
  binding: z.enum(['call', 'session', 'dpop', 'hosted', 'none']),
  placement: z.enum(['in_process', 'gateway', 'tool_side']),
  freshness: freshnessSchema.nullable(),
  debits: z.array(debitSchema).max(128),
  /** Of `countersign/kill`: the kill that came into force (KIL-18). */
  kill: z.string().max(64).exactOptional(),
  /** Of a call of nobody who is registered that the point made to itself: thumbprint of the key that it made up (ENF-9). */
  canary: digest.exactOptional(),
  /** Digest of the version manifest that the agent says it runs (VER-3). */
  manifest: digest.exactOptional(),
  /** Of a call that waits, or waited, for a person (APR-3). */
  approval: z.string().max(64).exactOptional(),
  /** Where flow rules are in force (RCP-11). */
  flow: flowRecordSchema.exactOptional(),
  /** Of a personal tool, where bases are asked for (CNS-28). */
  basis: basisRecordSchema.exactOptional(),
})

export const outcomeReceiptSchema = z.strictObject({
  ...stream,
  kind: z.literal('outcome'),
  outcome: z.enum(['finished', 'failed', 'stopped', 'unknown']),
  basis: basisRecordSchema.exactOptional(),
})

export const receiptSchema = z.discriminatedUnion('kind', [decisionReceiptSchema, outcomeReceiptSchema])

/** Leases that one head returns: what is over waits for the next. */
export const RETURNS_MAX = 128

export const spoolHeadSchema = z.strictObject({
  point: z.string().max(64),
  epoch: z.int().positive(),
  seq: z.int().nonnegative(),
  hash: digest.or(z.literal('')),
  time,
  /** Past `seq` the point debits no lease that expires by then (LIM-8). */
  settles: time.exactOptional(),
  /** Nor any of these (LIM-7). */
  returns: z.array(z.string().max(64)).min(1).max(RETURNS_MAX).exactOptional(),
})

export const signedHeadSchema = z.strictObject({ head: spoolHeadSchema, sig: z.string().max(128) })

export type Debit = z.infer<typeof debitSchema>
export type Reservation = z.infer<typeof reservationSchema>
export type Lease = z.infer<typeof leaseSchema>
export type Freshness = z.infer<typeof freshnessSchema>
export type DecisionReceipt = z.infer<typeof decisionReceiptSchema>
export type OutcomeReceipt = z.infer<typeof outcomeReceiptSchema>
export type Receipt = z.infer<typeof receiptSchema>
export type SpoolHead = z.infer<typeof spoolHeadSchema>
export type SignedHead = z.infer<typeof signedHeadSchema>

/** What the next receipt's `prev_hash` is the digest of. */
export function receiptText(receipt: Receipt): string {
  return canonicalize(receipt)
}

/** The link that the next receipt's `prev_hash` carries. */
export function receiptHash(crypto: Crypto, receipt: Receipt): string {
  return sha256Text(crypto, receiptText(receipt))
}

export function signHead(signer: Signer, head: SpoolHead): SignedHead {
  return { head, sig: signTagged(signer, SPOOL_HEAD_TAG, head) }
}

export function verifyHead(crypto: Crypto, key: PublicJwk, signed: SignedHead): boolean {
  return verifyTagged(crypto, key, SPOOL_HEAD_TAG, signed.head, signed.sig)
}
