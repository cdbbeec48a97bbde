/**
 * The shapes of a person's approval of one call, as points, the control plane and log entries carry it.
 * spec/approvals.md (APR-7, APR-11). `src/token/approval.ts` says when one holds.
 * @module
 */
import { z } from 'zod'
import { gestureSchema } from './gesture.ts'
import { jwkSchema } from './jwk.ts'

const id = z.string().min(1).max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
/** Milliseconds since 1970. */
const t = z.int().nonnegative()

/** What the approver signs. */
export const approvalActSchema = z.strictObject({
  v: z.literal(1),
  approval: id,
  point: id,
  action: id,
  /** Of the chain's root. */
  jti: id,
  /** Digest of the asking grant. */
  grant: digest,
  server: z.string().max(256),
  tool: z.string().max(256),
  args_commit: digest,
  decision: z.enum(['approve', 'refuse']),
  expires: t,
  /** Digest of the statement that the same gesture attests (ATT-6). */
  statement: digest.exactOptional(),
})

/** Whose key a key is, by the control plane's word. */
export const approverSchema = z.strictObject({
  v: z.literal(1),
  iss: z.string().min(1).max(256),
  rev: id,
  jwk: jwkSchema,
  /** Index of the log entry that registered that key. */
  registration: z.int().nonnegative(),
  t,
})
export const signedApproverSchema = z.strictObject({ approver: approverSchema, sig: z.string().max(128) })

/** What a point is given. */
export const approvalSchema = z.strictObject({
  act: approvalActSchema,
  gesture: gestureSchema,
  approver: signedApproverSchema,
  /** What `act.statement` is the digest of, without act and gesture (OUT-6). */
  statement: z.record(z.string(), z.unknown()).exactOptional(),
})

export type ApprovalAct = z.infer<typeof approvalActSchema>
export type Approver = z.infer<typeof approverSchema>
export type SignedApprover = z.infer<typeof signedApproverSchema>
export type Approval = z.infer<typeof approvalSchema>
