/** Bodies of log entries: the closed set of types, and the schema of each. spec/entries.md says what they mean. @module */
import { z } from 'zod'
import { approvalActSchema } from '../core/approval.ts'
import { gestureSchema } from '../core/gesture.ts'
import { foreignIssuerSchema } from '../core/issuer.ts'
import { jwkSchema } from '../core/jwk.ts'
import { manifestSchema } from '../core/manifest.ts'
import { frameSchema } from '../revoke/frame.ts'
import {
  killSchema,
  killScopeSchema,
  signedFrameKeySchema,
  signedKillSchema,
  signedLiftSchema,
  signedRosterSchema,
} from '../revoke/statement.ts'
import { alertBodies, alertPolicyBodies } from './alert-bodies.ts'
import { anchoredSchema } from './anchored.ts'
import { attestationBodies } from './attestation-bodies.ts'
import { consentBodies } from './consent-bodies.ts'
import { domainBodies } from './domain-bodies.ts'
import { driftBodies } from './drift-bodies.ts'
import { drillModeSchema, drillReportSchema } from './drill-report.ts'
import { erasureBodies, REASON_CODE } from './erasure-bodies.ts'
import { governanceBodies } from './governance-bodies.ts'
import { personBodies } from './person-bodies.ts'
import { previewBodies } from './preview-bodies.ts'
import { probeBodies } from './probe-bodies.ts'
import { inventoryBodies } from './inventory-bodies.ts'
import { labelBodies } from './label-bodies.ts'
import { registerBodies } from './register-bodies.ts'
import { responseBodies } from './response-bodies.ts'
import { telemetryBodies } from './telemetry-bodies.ts'
import { toolBodies } from './tool-bodies.ts'
import { leaseSchema, receiptSchema, RESERVATIONS_MAX, reservedSchema, signedHeadSchema } from './receipt.ts'
import { flowRecordSchema } from './receipt-flow.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const text = z.string().max(512)
const reason = z.string().regex(REASON_CODE)

/** Leases that one entry settles or recalls. */
const LEASES_MAX = 256
/** Tool servers of one enforcement point (GWY-1). */
export const SERVERS_MAX = 64

/** TPL-1. Grants are those of spec/grants.md; `src/token/template.ts` reads them. */
export const templateSchema = z.strictObject({
  class: z.string().min(1).max(64),
  ttl_s_max: z.int().positive(),
  depth_max: z.int().min(0).max(8),
  grants: z.array(z.record(z.string(), z.json())).max(64).nullable(),
  approvals: z.strictObject({ m: z.int().min(1).max(15), of: z.array(id).min(1).max(15) }).nullable(),
})

/** Of each type. */
export const bodies = {
  'log.created': z.strictObject({
    origin: text,
    simulated: z.boolean(),
    separation: z.enum(['independent', 'after']),
    /** Milliseconds: after this an enforcement point denies for want of fresh revocations (REV-8). */
    bound_ms: z.int().positive(),
    rp_id: text,
    origins: z.array(text).min(1).max(8),
  }),
  'key.created': z.strictObject({ use: z.enum(['issuer', 'frame', 'log']), kid: digest, jwk: jwkSchema }),
  ...personBodies,
  'key.retired': z.strictObject({ use: z.literal('issuer'), kid: digest, retired_at: z.int() }),
  'key.compromised': z.strictObject({ use: z.literal('issuer'), kid: digest, reason }),
  'issuer.proposed': z.strictObject({ issuer: foreignIssuerSchema }),
  'issuer.trusted': z.strictObject({
    act: z.strictObject({
      act: z.literal('issuer.trust'),
      approver: id,
      /** As it was proposed: the gesture is over the record itself. */
      issuer: foreignIssuerSchema,
      /** Index of the `issuer.proposed` entry. */
      proposal: z.int().nonnegative(),
      /** Of the trust list that the entry makes: the gesture is good for this one place. */
      seq: z.int().positive(),
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'issuer.dropped': z.strictObject({ iss: text, reason }),
  /** The template of every class without one of its own, at the first start. */
  'template.preset': z.strictObject({ template: templateSchema }),
  'template.proposed': z.strictObject({ template: templateSchema }),
  'template.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('template.approve'),
      template: id,
      /** Index of the `template.proposed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'system.added': z.strictObject({ name: text }),
  ...toolBodies,
  ...labelBodies,
  ...consentBodies,
  'agent.proposed': z.strictObject({
    /** Absent in logs that began before it was logged. */
    name: text.exactOptional(),
    owner: id,
    class: z.string().max(64),
    purpose: text,
    systems: z.array(id).max(64),
    manifest: digest,
    /** What `manifest` is the digest of. Absent in logs that began before it was logged. */
    document: manifestSchema.exactOptional(),
  }),
  'agent.approved': z.strictObject({
    /** What was shown and signed: `{act: "agent.approve", agent, proposal, approver, time}`. */
    act: z.strictObject({
      act: z.literal('agent.approve'),
      agent: id,
      /** Index of the entry that proposed the agent. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'agent.activated': z.strictObject({ reason }),
  'agent.suspended': z.strictObject({ reason }),
  'agent.retired': z.strictObject({ reason }),
  'agent.key_added': z.strictObject({
    jwk: jwkSchema,
    /** The point that holds it in the agent's place (OAU-16). */
    point: id.exactOptional(),
  }),
  'agent.statement_issued': z.strictObject({ jkt: digest, exp: z.int() }),
  'point.enrolled': z.strictObject({
    /** Absent in logs that began before it was logged. */
    name: text.exactOptional(),
    jwk: jwkSchema,
    placement: z.enum(['in_process', 'gateway', 'tool_side']),
    /** The tool servers that it guards, each once (GWY-1). */
    servers: z.array(text).min(1).max(SERVERS_MAX),
  }),
  /** What a point took from cumulative limits before it let a call through, receipt or not: before there were leases. */
  'budget.reserved': z.strictObject({ debits: z.array(reservedSchema).min(1).max(RESERVATIONS_MAX) }),
  /** Taken out of what is left, for every ancestor of a call at once (LIM-4). */
  'lease.granted': z.strictObject({
    epoch: z.int().positive(),
    leases: z.array(leaseSchema).min(1).max(RESERVATIONS_MAX),
  }),
  /** Somebody needs what these still hold: the point is asked to return them (LIM-10). */
  'lease.recalled': z.strictObject({ leases: z.array(id).min(1).max(LEASES_MAX) }),
  /** What the receipts left of each is given back (LIM-8). */
  'lease.settled': z.strictObject({
    /** Of the `receipt.head` that accounts for them. */
    head: z.int().nonnegative(),
    leases: z
      .array(z.strictObject({ id, debited: z.int().nonnegative(), credited: z.int().nonnegative() }))
      .min(1)
      .max(LEASES_MAX),
  }),
  ...domainBodies,
  /** LIM-12. */
  'topup.requested': z.strictObject({
    agent: id,
    delegation: id,
    grant: digest,
    limit: z.strictObject({ measure: text, unit: text, per: text, period: text, max: z.int().nonnegative() }),
    /** What was needed at once. */
    asked: z.int().nonnegative(),
  }),
  'topup.granted': z.strictObject({ delegation: id }),
  'topup.declined': z.strictObject({ reason }),
  /** A call waits for a person (APR-5): what it would do, but for its arguments. */
  'approval.requested': z.strictObject({
    action: id,
    agent: id,
    /** Issuer and identifier of the chain's root. */
    iss: z.string().min(1).max(256),
    jti: id,
    grant: digest,
    server: z.string().max(256),
    tool: z.string().max(256),
    definition_hash: digest.nullable(),
    args_commit: digest,
    /** Milliseconds since 1970. */
    expires: z.int().nonnegative(),
    /** What rules on flow object to (FLW-12). */
    flow: flowRecordSchema.exactOptional(),
  }),
  'approval.decided': z.strictObject({
    act: approvalActSchema,
    gesture: gestureSchema,
    /** The approver stands behind the delegation (APR-9). */
    acted_alone: z.boolean(),
  }),
  /** A backup was restored apart from the log, and its entries recomputed this root (BAK-7). */
  'restore.tested': z.strictObject({
    size: z.int().nonnegative(),
    root: digest,
    /** RFC 3339 UTC: when the backup was taken. */
    taken_at: z.iso.datetime(),
    ok: z.boolean(),
  }),
  'point.epoch_opened': z.strictObject({
    epoch: z.int().positive(),
    reason: z.enum(['first', 'empty', 'unreadable', 'refused']),
  }),
  'delegation.issued': z.strictObject({
    jti: id,
    agent: id,
    rev: z.array(id).min(1).max(16),
    exp: z.int(),
    segment: digest,
    /** Index of the entry that put the template in force (TPL-2). */
    template: z.int().nonnegative(),
    /** The emergency access by which nobody else had to approve it (EMA-2). */
    emergency: id.exactOptional(),
  }),
  'token.exchanged': z.strictObject({
    jti: id,
    delegation: id,
    /** The last segment of the chain that it was given for. */
    segment: digest,
    agent: id,
    jkt: digest,
    aud: id,
    exp: z.int(),
  }),
  'token.revoked': z.strictObject({ reason }),
  'chain.segment': z.strictObject({ id: digest, parent: digest.nullable(), segment: z.string().max(41_000) }),
  receipt: receiptSchema,
  'receipt.head': signedHeadSchema,
  revocation: z.strictObject({
    frame: frameSchema,
    sig: z.string().max(128),
    /** The delegation, agent, person or key that the operator named; a cascade has several frames and one target. */
    target: id,
  }),
  /** KIL-7: the public half; the private one is taken offline. */
  'break_glass.created': z.strictObject({ kid: digest, jwk: jwkSchema }),
  'roster.set': signedRosterSchema,
  /** With the act and the gesture of who pulled it here; without, it came signed from outside (KIL-13). */
  'kill.pulled': z.strictObject({
    statement: signedKillSchema,
    act: z.strictObject({ act: z.literal('kill.pull'), person: id, kill: killSchema }).exactOptional(),
    gesture: gestureSchema.exactOptional(),
  }),
  'kill.lifted': z.strictObject({ statement: signedLiftSchema }),
  'frame_key.replaced': signedFrameKeySchema,
  ...probeBodies,
  /** KIL-17. `at`: when it is meant to be run. */
  'drill.planned': z.strictObject({ mode: drillModeSchema, scope: killScopeSchema, at: z.iso.datetime() }),
  /** `kill` is null for a tabletop. */
  'drill.started': z.strictObject({ kill: id.nullable() }),
  /** KIL-19: computed from the entries below `size`. */
  'drill.closed': z.strictObject({ size: z.int().nonnegative(), report: drillReportSchema }),
  'log.anchored': anchoredSchema,
  ...erasureBodies,
  ...inventoryBodies,
  ...attestationBodies,
  ...alertPolicyBodies,
  ...alertBodies,
  ...driftBodies,
  ...responseBodies,
  ...governanceBodies,
  ...registerBodies,
  ...previewBodies,
  ...telemetryBodies,
} as const
