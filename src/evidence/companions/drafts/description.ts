/**
 * What a company says of itself, for the drafts of what management signs: no log knows it. spec/drafts.md (DFT-2).
 * @module
 */
import { z } from 'zod'
import { parseJson } from '../../../core/json.ts'
import { PackError } from '../../errors.ts'

/** Where a pack holds it. */
export const DESCRIPTION_FILE = 'drafts/description.json'
/** Far more than a description takes. */
export const DESCRIPTION_BYTES_MAX = 1024 * 1024
const LINES_MAX = 100

const line = z.string().min(1).max(2000)
const lines = z.array(line).min(1).max(LINES_MAX).exactOptional()
const day = z.iso.date()

const subserviceSchema = z.strictObject({
  name: line,
  service: line,
  /** Whether its controls are left out of the description, or are part of it. */
  method: z.enum(['carve_out', 'inclusive']),
  report: z
    .strictObject({ kind: line, from: day, to: day, exceptions: z.array(line).max(LINES_MAX) })
    .exactOptional(),
  /** What management relies on it for. */
  expected: lines,
})

export const descriptionSchema = z.strictObject({
  company: line.exactOptional(),
  system: line.exactOptional(),
  services: lines,
  /** To customers. */
  commitments: lines,
  /** What the system has to do to keep them. */
  requirements: lines,
  infrastructure: lines,
  included: lines,
  excluded: lines,
  people: lines,
  procedures: lines,
  data: lines,
  incidents: lines,
  changes: lines,
  subservice_organizations: z.array(subserviceSchema).min(1).max(LINES_MAX).exactOptional(),
  /** Whoever signs: a role. */
  signatory: line.exactOptional(),
})
export type Description = z.infer<typeof descriptionSchema>

/** @throws {PackError} `PACK_DESCRIPTION_INVALID`: bytes of a pack, which anyone may have made */
export function readDescription(bytes: Uint8Array): Description {
  let value: unknown
  try {
    value = parseJson(bytes, { bytes_max: DESCRIPTION_BYTES_MAX, depth_max: 16 })
  } catch (cause) {
    throw new PackError('PACK_DESCRIPTION_INVALID', `${DESCRIPTION_FILE} is not strict JSON`, { cause })
  }
  const parsed = descriptionSchema.safeParse(value)
  if (!parsed.success)
    throw new PackError('PACK_DESCRIPTION_INVALID', `${DESCRIPTION_FILE} does not fit its schema`)
  return parsed.data
}
