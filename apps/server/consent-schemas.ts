/** What the answers about consents and data subjects look like. spec/consent.md. @module */
import { z } from '@hono/zod-openapi'
import { consentRecordSchema, jurisdictionSchema, noticeSchema } from '../../src/core/consent.ts'
import { REQUEST_KINDS } from '../../src/core/jurisdiction.ts'
import { TERM_LENGTH_MAX } from '../../src/core/dpv.ts'

const index = z.int().nonnegative()
export const term = z.string().min(1).max(TERM_LENGTH_MAX)
export const identifier = z.strictObject({
  system: z.string().max(64).nullable(),
  value: z.string().min(1).max(1024),
})
export const jurisdiction = jurisdictionSchema
export const requestKind = z.enum(REQUEST_KINDS)
/** Free text: it goes to the erasable store. */
export const words = z.string().min(1).max(2048)

export const consentShown = z.object({
  id: z.string(),
  record: consentRecordSchema,
  proof: z.enum(['passkey', 'manager', 'imported']),
  asserted: z.boolean(),
  given: index,
  state: z.enum(['live', 'withdrawn', 'expired']),
  withdrawn: z.array(z.string()).readonly(),
  notice: noticeSchema,
  text: z.string().nullable(),
})

export const requestShown = z.object({
  id: z.string(),
  subject: z.string(),
  kind: z.string(),
  jurisdiction: z.string(),
  status: z.enum(['open', 'closed']),
  opened: z.string(),
  due: z.string(),
  late: z.boolean(),
  outcome: z.string().nullable(),
  text: z.string().nullable(),
  answer: z.string().nullable(),
})

export const disclosureShown = z.object({
  entry: index,
  time: z.string(),
  agent: z.string().nullable(),
  server: z.string(),
  tool: z.string(),
  purpose: z.string().nullable(),
  basis: z.string().nullable(),
  reason: z.string().nullable(),
  n: z.int(),
})

export const subjectShown = z.object({
  subject: z.string(),
  jurisdiction: z.string(),
  identifiers: z.array(identifier.extend({ entry: index })).readonly(),
  hasPasskey: z.boolean(),
  consents: z.array(consentShown).readonly(),
  objections: z
    .array(z.object({ entry: index, time: z.string(), purposes: z.array(z.string()).readonly().nullable() }))
    .readonly(),
  disclosures: z.array(disclosureShown).readonly(),
  requests: z.array(requestShown).readonly(),
})

export const cascadeShown = z.object({
  entry: index,
  consent: z.string().nullable(),
  subject: z.string(),
  purposes: z.array(z.string()).readonly().nullable(),
  time: z.string(),
  frames: z
    .array(
      z.object({
        seq: z.int(),
        handle: z.string(),
        committed: z.string(),
        points: z.object({
          of: z.int(),
          acknowledged: z.int(),
          missing: z
            .array(z.object({ point: z.string(), name: z.string(), head: z.int().nullable() }))
            .readonly(),
        }),
        heard: z.array(z.object({ point: z.string(), name: z.string(), at: z.string() })).readonly(),
        listeners: z.array(z.object({ listener: z.string(), taken: z.string().nullable() })).readonly(),
      }),
    )
    .readonly(),
  delegations: z.array(z.string()).readonly(),
})
