/** The {@link ControlPlane} port of an enforcement point, over HTTP. @module */
import { z } from 'zod'
import { flowPolicySchema } from '../../core/flow-policy.ts'
import type { JsonObject } from '../../core/json.ts'
import { toolLabelSchema } from '../../core/label.ts'
import { leaseSchema, measuresSchema } from '../../log/entries.ts'
import { StreamRefused, type ControlPlane } from '../../ports/control-plane.ts'
import { statementSchema } from '../../revoke/statement.ts'
import { signedTrustListSchema } from '../../revoke/trust-list.ts'
import { httpApprovals } from './approvals.ts'
import { ApiError, type ApiClient } from './client.ts'
import { httpOutputs } from './outputs.ts'
import { httpDomains } from './domains.ts'
import { httpRevocations } from './revocations.ts'
import { httpSubjects } from './subjects.ts'

const acknowledgedSchema = z.object({
  acknowledged: z.object({ epoch: z.int(), seq: z.int() }),
  recalled: z.array(z.string()),
  now_ms: z.int(),
})
const leaseAnswerSchema = z.union([
  z.object({ leases: z.array(z.strictObject({ ...leaseSchema.shape, ttl_ms: z.int() })) }),
  z.object({ denied: z.enum(['LIMIT_EXCEEDED', 'LIMIT_LEASED']) }),
])
const toolsSchema = z.object({
  tools: z.array(
    z.object({
      server: z.string(),
      tool: z.string(),
      system: z.string(),
      definition_hash: z.string(),
      measures: measuresSchema,
      resources: z.array(z.string()).exactOptional(),
      label: toolLabelSchema.nullable().exactOptional(),
    }),
  ),
})
const acksSchema = z.object({ spread_ms: z.int().nonnegative() })
const statementsSchema = z.object({ statements: z.array(statementSchema), next: z.int().nonnegative() })
/** Answers that mean: this stream is not the one that the control plane knows. */
/** Answers that mean: this statement does not hold there. */
const FINAL = new Set(['STATEMENT_REFUSED', 'REQUEST_INVALID'])
const REFUSALS = new Set(['RECEIPT_FORK', 'RECEIPT_EPOCH'])

export function httpControlPlane(client: ApiClient): ControlPlane {
  const unsigned = client.unsigned()
  return {
    openEpoch: async (reason) =>
      z.object({ epoch: z.int().positive() }).parse(await client.post('/v1/points/self/epochs', { reason }))
        .epoch,

    ship: async (shipment) => {
      try {
        const answer = await client.post('/v1/points/self/receipts', asJson(shipment))
        const { acknowledged, recalled, now_ms } = acknowledgedSchema.parse(answer)
        return { seq: acknowledged.seq, recalled, now_ms }
      } catch (error) {
        if (error instanceof ApiError && REFUSALS.has(error.remote)) {
          throw new StreamRefused('STREAM_REFUSED', error.message, { cause: error })
        }
        throw error
      }
    },

    lease: async (epoch, needs) =>
      leaseAnswerSchema.parse(await client.post('/v1/points/self/leases', asJson({ epoch, needs }))),

    acknowledge: async (ack) => acksSchema.parse(await unsigned.post('/v1/acks', asJson(ack))),

    tools: async () => toolsSchema.parse(await client.get('/v1/points/self/tools')).tools,

    flowPolicy: async () =>
      z.object({ policy: flowPolicySchema }).parse(await client.get('/v1/points/self/flow-policy')).policy,

    toolChanged: async ({ server, tool, definition }) =>
      void (await client.post('/v1/points/self/tools/changes', asJson({ server, tool, definition }))),

    trust: async () => signedTrustListSchema.parse(await client.get('/v1/points/self/trust')),

    statements: async (after) =>
      statementsSchema.parse(await client.get(`/v1/points/self/statements?after=${after}`)),

    handIn: (statement) => isTaken(client.post('/v1/statements', asJson(statement))),

    answerProbe: (answered) => isTaken(client.post('/v1/probes/answers', asJson(answered))),

    ...httpApprovals(client),
    ...httpDomains(client),
    ...httpOutputs(client),
    ...httpRevocations(client),
    ...httpSubjects(client),
  }
}

async function isTaken(posted: Promise<unknown>): Promise<boolean> {
  try {
    await posted
    return true
  } catch (error) {
    if (error instanceof ApiError && FINAL.has(error.remote)) return false
    throw error
  }
}

/** Values of our own types are JSON by construction; this says so to the compiler. */
function asJson(value: object): JsonObject {
  return value as JsonObject
}
