/** The {@link ControlPlane} port of an enforcement point, over HTTP and server-sent events. @module */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'
import { parseJson, type JsonObject, type JsonValue } from '../../core/json.ts'
import { measuresSchema } from '../../log/entries.ts'
import { StreamRefused, type ControlPlane, type StreamEvent } from '../../ports/control-plane.ts'
import { signedFrameSchema, signedHeartbeatSchema, signedTimeSchema } from '../../revoke/frame.ts'
import { statementSchema } from '../../revoke/statement.ts'
import { signedTrustListSchema } from '../../revoke/trust-list.ts'
import { ApiError, type ApiClient } from './client.ts'

const acknowledgedSchema = z.object({ acknowledged: z.object({ epoch: z.int(), seq: z.int() }) })
const toolsSchema = z.object({
  tools: z.array(
    z.object({
      server: z.string(),
      tool: z.string(),
      system: z.string(),
      definition_hash: z.string(),
      measures: measuresSchema,
      resources: z.array(z.string()).exactOptional(),
    }),
  ),
})
const statementsSchema = z.object({ statements: z.array(statementSchema), next: z.int().nonnegative() })
/** Answers that mean: this stream is not the one that the control plane knows. */
/** Answers that mean: this statement does not hold there. */
const FINAL = new Set(['STATEMENT_REFUSED', 'REQUEST_INVALID'])
const REFUSALS = new Set(['RECEIPT_FORK', 'RECEIPT_EPOCH'])

export function httpControlPlane(client: ApiClient): ControlPlane {
  return {
    openEpoch: async (reason) =>
      z.object({ epoch: z.int().positive() }).parse(await client.post('/v1/points/self/epochs', { reason }))
        .epoch,

    ship: async (shipment) => {
      try {
        const answer = await client.post('/v1/points/self/receipts', asJson(shipment))
        return acknowledgedSchema.parse(answer).acknowledged.seq
      } catch (error) {
        if (error instanceof ApiError && REFUSALS.has(error.remote)) {
          throw new StreamRefused('STREAM_REFUSED', error.message, { cause: error })
        }
        throw error
      }
    },

    reserve: async (reservations) => {
      const answer = await client.post('/v1/points/self/reservations', asJson({ debits: reservations }))
      return z.object({ reserved: z.boolean() }).parse(answer).reserved
    },

    tools: async () => toolsSchema.parse(await client.get('/v1/points/self/tools')).tools,

    trust: async () => signedTrustListSchema.parse(await client.get('/v1/points/self/trust')),

    statements: async (after) =>
      statementsSchema.parse(await client.get(`/v1/points/self/statements?after=${after}`)),

    handIn: async (statement) => {
      try {
        await client.post('/v1/statements', asJson(statement))
        return true
      } catch (error) {
        if (error instanceof ApiError && FINAL.has(error.remote)) return false
        throw error
      }
    },

    time: async (nonce) => signedTimeSchema.parse(await client.get(`/v1/time?nonce=${nonce}`)),

    stream: (from, signal) => streamEvents(client, from, signal),
  }
}

async function* streamEvents(
  client: ApiClient,
  from: { epoch: number; after: number; nonce: string },
  signal: AbortSignal,
): AsyncIterable<StreamEvent> {
  const path = `/v1/revocations/stream?epoch=${from.epoch}&after=${from.after}&nonce=${from.nonce}`
  const response = await client.send('GET', path, null, signal)
  if (!response.ok || response.body === null) {
    throw new ApiError('API_REFUSED', 'the revocation stream was refused', { status: response.status })
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const event of events) {
    const parsed = parseEvent(event.event, parseJson(event.data))
    if (parsed !== null) yield parsed
  }
}

/** Null for a kind that we do not know: a newer control plane may send more. */
function parseEvent(type: string | undefined, data: JsonValue): StreamEvent | null {
  if (type === 'time') return { type, data: signedTimeSchema.parse(data) }
  if (type === 'frame') return { type, data: signedFrameSchema.parse(data) }
  if (type === 'heartbeat') return { type, data: signedHeartbeatSchema.parse(data) }
  return null
}

/** Values of our own types are JSON by construction; this says so to the compiler. */
function asJson(value: object): JsonObject {
  return value as JsonObject
}
