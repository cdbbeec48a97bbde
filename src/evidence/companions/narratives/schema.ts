/**
 * `narratives.json` as a schema, and the one of an earlier pack to compare with. spec/narratives.md (NAR-5, NAR-7).
 * @module
 */
import { z } from 'zod'
import { parseJson } from '../../../core/json.ts'
import { CONTROLS_MAX } from '../../controls/schema.ts'
import { PackError } from '../../errors.ts'
import type { Period } from '../../populations/definition.ts'

export const NARRATIVES_FILE = 'narratives.json'
/** As the earlier pack had it. */
export const EARLIER_FILE = 'narratives.earlier.json'
/** A thousand controls with all that a template may say. */
const BYTES_MAX = 32 * 1024 * 1024

const name = z.string().min(1).max(256)
const text = z.string().max(16_384)
const index = z.int().nonnegative()
const names = z.array(name).max(256)
const pieces = z.array(
  z.array(z.strictObject({ kind: z.enum(['kept', 'removed', 'added']), text })).max(4096),
)

const narrativesSchema = z.strictObject({
  v: z.literal(1),
  origin: name,
  simulated: z.boolean(),
  period: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
  log: z.strictObject({ end: index, root: name }),
  controls: z
    .array(
      z.strictObject({
        control: name,
        title: text,
        digest: z.string().regex(/^[0-9a-f]{64}$/),
        approval: z
          .strictObject({ entry: index, approver: name, time: z.iso.datetime(), current: z.boolean() })
          .nullable(),
        sentences: z
          .array(
            z.strictObject({
              text,
              evidence: z
                .strictObject({
                  populations: names,
                  tests: z.array(index).max(256),
                  entries: z.array(index).max(256),
                  entries_n: index,
                  files: names,
                })
                .nullable(),
            }),
          )
          .max(64),
        in_period: pieces.nullable(),
        since_earlier: z.union([pieces, z.literal('new')]).nullable(),
      }),
    )
    .max(CONTROLS_MAX),
})
export type NarrativesFile = z.infer<typeof narrativesSchema>

/** @throws {PackError} `PACK_EARLIER_INVALID`: bytes that anyone may have made */
export function readNarratives(bytes: Uint8Array): NarrativesFile {
  let value: unknown
  try {
    value = parseJson(bytes, { bytes_max: BYTES_MAX, depth_max: 16 })
  } catch (cause) {
    throw new PackError('PACK_EARLIER_INVALID', `${EARLIER_FILE} is not strict JSON`, { cause })
  }
  const parsed = narrativesSchema.safeParse(value)
  if (!parsed.success) throw new PackError('PACK_EARLIER_INVALID', `${EARLIER_FILE} does not fit its schema`)
  return parsed.data
}

/** @throws {PackError} `PACK_EARLIER_INVALID`: of another log, or not earlier */
export function assertEarlier(
  earlier: NarrativesFile,
  input: { readonly origin: string; readonly end: number; readonly period: Period },
): void {
  if (earlier.origin !== input.origin)
    throw new PackError('PACK_EARLIER_INVALID', `the earlier pack is of another log: ${earlier.origin}`)
  if (earlier.log.end > input.end || Date.parse(earlier.period.from) >= input.period.to_ms)
    throw new PackError('PACK_EARLIER_INVALID', 'the pack to compare with is not an earlier one')
}
