/**
 * The {@link RevocationSource} port over HTTP and server-sent events: a control plane, or a relay. Either may be hostile
 * or broken, so whatever it sends is bounded before it is parsed.
 * @module
 */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { parseJson, type JsonValue } from '../../core/json.ts'
import type { ResumeAt, RevocationSource, StreamEvent } from '../../ports/control-plane.ts'
import { signedFrameSchema, signedHeartbeatSchema, signedTimeSchema } from '../../revoke/frame.ts'
import { pollAnswerSchema } from '../../revoke/poll.ts'
import {
  HEADER_BYTES_MAX,
  signedSnapshotSchema,
  snapshotAnswerSchema,
  type SignedSnapshot,
} from '../../revoke/snapshot.ts'
import { statementSchema } from '../../revoke/statement.ts'
import { readBody } from './body.ts'
import { ApiError, refusal, type ApiClient } from './client.ts'

/** One event: the header of a snapshot is the largest by far. */
const EVENT_LIMITS = { bytes_max: HEADER_BYTES_MAX, depth_max: 32 }
/** How long an answer that is not a stream may take, in milliseconds: as long as a stream may be silent. */
const ANSWER_MS_MAX = 5_000
/** A time that comes later makes a state so old that asking again is the better chance. */
const TIME_MS_MAX = 3_000
/** The body of a snapshot has 64 MiB at the most. */
const SNAPSHOT_MS_MAX = 120_000

export interface HttpRevocations extends RevocationSource {
  /** The header of a snapshot, for whoever passes them on (REV-16). */
  snapshotHeader(signal: AbortSignal): Promise<SignedSnapshot>
}

export function httpRevocations(client: ApiClient): HttpRevocations {
  return {
    snapshotHeader: async (signal) =>
      snapshotAnswerSchema.parse(await json(client, '/v1/revocations/snapshot', signal)).snapshot,
    time: async (nonce, signal) =>
      signedTimeSchema.parse(await json(client, `/v1/time?nonce=${nonce}`, signal, TIME_MS_MAX)),
    stream: (from, signal) => streamEvents(client, from, signal),
    poll: async (from, signal) =>
      pollAnswerSchema.parse(await json(client, `/v1/revocations/poll${queryOf(from)}`, signal)),
    snapshot: async (digest, bytes_max, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(SNAPSHOT_MS_MAX)])
      return readBody(await good(client, `/v1/revocations/snapshots/${digest}`, limit), bytes_max)
    },
  }
}

function queryOf({ epoch, after, nonce }: ResumeAt & { readonly nonce?: string }): string {
  return `?epoch=${epoch}&after=${after}${nonce === undefined ? '' : `&nonce=${nonce}`}`
}

/** @throws {ApiError} */
async function good(client: ApiClient, path: string, signal: AbortSignal): Promise<Response> {
  const response = await client.send('GET', path, null, signal)
  if (!response.ok) throw await refusal(response)
  return response
}

async function json(
  client: ApiClient,
  path: string,
  signal: AbortSignal,
  ms_max = ANSWER_MS_MAX,
): Promise<JsonValue> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ms_max)])
  const body = await readBody(await good(client, path, limit), EVENT_LIMITS.bytes_max)
  return parseJson(body, EVENT_LIMITS)
}

async function* streamEvents(
  client: ApiClient,
  from: ResumeAt & { readonly nonce: string },
  signal: AbortSignal,
): AsyncIterable<StreamEvent> {
  const response = await client.send('GET', `/v1/revocations/stream${queryOf(from)}`, null, signal)
  if (!response.ok || response.body === null) {
    throw new ApiError('API_REFUSED', 'the revocation stream was refused', { status: response.status })
  }
  const parser = new EventSourceParserStream({ maxBufferSize: EVENT_LIMITS.bytes_max })
  for await (const event of response.body.pipeThrough(new TextDecoderStream()).pipeThrough(parser)) {
    const parsed = parseEvent(event.event, parseJson(event.data, EVENT_LIMITS))
    if (parsed !== null) yield parsed
  }
}

/** Null for a kind that we do not know: a newer control plane may send more. */
function parseEvent(type: string | undefined, data: JsonValue): StreamEvent | null {
  switch (type) {
    case 'time':
      return { type, data: signedTimeSchema.parse(data) }
    case 'frame':
      return { type, data: signedFrameSchema.parse(data) }
    case 'heartbeat':
      return { type, data: signedHeartbeatSchema.parse(data) }
    case 'snapshot':
      return { type, data: signedSnapshotSchema.parse(data) }
    case 'statement':
      return { type, data: statementSchema.parse(data) }
    case undefined:
    default:
      return null
  }
}
