/**
 * An auditor at a terminal: the file that holds their key, and what they ask a preview. spec/preview.md (PRV-4, PRV-5).
 * Files with the key are mode 0600.
 * @module
 */
import { z } from 'zod'
import { ApiClient, ApiError, refusal } from '../../src/adapters/http/client.ts'
import { readBody } from '../../src/adapters/http/body.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { parseJson, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { CliError } from './output.ts'
import { assertWritable, readJson, writePrivate } from './profile.ts'

const auditorFile = z.strictObject({
  v: z.literal(1),
  url: z.url(),
  preview: z.string(),
  key: z.looseObject({ kty: z.enum(['OKP', 'EC']), d: z.string() }),
})

/** The first look makes a pack: of a large log that takes minutes. */
const TIMEOUT_MS = 10 * 60_000
const ANSWER_BYTES_MAX = 256 * 1024 * 1024

export interface Auditor {
  readonly preview: string
  readonly client: ApiClient
}

function openAuditor({ url, preview, key }: z.infer<typeof auditorFile>): Auditor {
  const signer = nodeCrypto.signer(key as unknown as PrivateJwk)
  return { preview, client: new ApiClient({ url, crypto: nodeCrypto, clock: systemClock, signer }) }
}

/** @throws {CliError} `FILE_UNREADABLE`, `ARGUMENT_INVALID` */
export async function readAuditor(path: string): Promise<Auditor> {
  const parsed = auditorFile.safeParse(await readJson(path))
  if (!parsed.success)
    throw new CliError('ARGUMENT_INVALID', `${path} is not what "countersign preview enrol … -o FILE" wrote`)
  return openAuditor(parsed.data)
}

/** Makes a key, registers it with the invitation, and writes it to a file that nobody else reads. */
export async function enrolAuditor(url: string, secret: string, out: string): Promise<string> {
  await assertWritable(out)
  const key = nodeCrypto.generateKey('Ed25519')
  const { client } = openAuditor({ v: 1, url, preview: '', key: { ...key } })
  const answer = await client.post('/v1/preview/enrol-key', { secret })
  const { preview } = z.object({ preview: z.string() }).parse(answer)
  await writePrivate(out, { v: 1, url, preview, key: { ...key } })
  return preview
}

/** @throws {ApiError} */
export async function bytesAt({ client }: Auditor, path: string): Promise<Uint8Array> {
  const response = await client.send('GET', path, null, AbortSignal.timeout(TIMEOUT_MS))
  if (!response.ok) throw await refusal(response)
  try {
    return await readBody(response, ANSWER_BYTES_MAX)
  } catch (cause) {
    throw new ApiError('API_UNREACHABLE', 'the control plane broke off its answer', { cause })
  }
}

export async function lookAt(auditor: Auditor, path: string): Promise<JsonValue> {
  return parseJson(await bytesAt(auditor, path), { bytes_max: ANSWER_BYTES_MAX, depth_max: 64 })
}

export function sayAs({ client }: Auditor, path: string, body: JsonObject): Promise<JsonValue> {
  return client.post(path, body)
}
