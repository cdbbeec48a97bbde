/** What a point asks of data subjects and bases, over HTTP. spec/consent.md (CNS-19). @module */
import { z } from 'zod'
import { basisSchema, SUBJECT_KEY_BYTES } from '../../core/consent.ts'
import { parseJson } from '../../core/json.ts'
import type { SubjectPage } from '../../ports/subjects.ts'
import { readBody } from './body.ts'
import { refusal, type ApiClient } from './client.ts'

const WAIT_MS_MAX = 10_000
/** A thousand rows with as many identifiers and consents as they may have. */
const ANSWER_LIMITS = { bytes_max: 64 * 1024 * 1024, depth_max: 8 }
const INDEX_KEY_BYTES = 32

const base64urlOf = (bytes: number): z.ZodString =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`))
const time_s = z.int().nonnegative()
const terms = z.array(z.string()).max(16)

const consentSchema = z.strictObject({
  id: z.string(),
  rev: z.string(),
  purposes: terms,
  categories: terms,
  exp: time_s,
  explicit: z.literal(true).exactOptional(),
  withdrawn: z.union([z.literal(true), terms]).exactOptional(),
})
const rowSchema = z.strictObject({
  subject: z.string(),
  jurisdiction: z.string(),
  keys: z.array(base64urlOf(SUBJECT_KEY_BYTES)).max(16),
  alike: z.array(base64urlOf(SUBJECT_KEY_BYTES)).max(16).exactOptional(),
  consents: z.array(consentSchema).max(32),
  minor: time_s.exactOptional(),
})
const { v: _v, expires: _expires, ...ofBasis } = basisSchema.shape
const pageSchema = z.strictObject({
  index_key: base64urlOf(INDEX_KEY_BYTES).nullable(),
  rows: z.array(rowSchema).max(1000),
  bases: z.array(z.strictObject({ ...ofBasis, id: z.string(), exp: time_s })).nullable(),
  next: z.int().min(-1),
  more: z.boolean(),
})

export function httpSubjects(client: ApiClient): { subjects(after: number): Promise<SubjectPage> } {
  return {
    subjects: async (after) => {
      const path = `/v1/points/self/subjects?after=${after}`
      const response = await client.send('GET', path, null, AbortSignal.timeout(WAIT_MS_MAX))
      if (!response.ok) throw await refusal(response)
      return pageSchema.parse(parseJson(await readBody(response, ANSWER_LIMITS.bytes_max), ANSWER_LIMITS))
    },
  }
}
