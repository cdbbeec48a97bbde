/** One line of a spool: a receipt, with what its stream carries for the first time. spec/enforcement.md (RCP-1). @module */
import { z } from 'zod'
import { parseJson } from '../core/json.ts'
import { receiptSchema } from '../log/receipt.ts'

const spoolLineSchema = z.strictObject({
  receipt: receiptSchema,
  segments: z.array(z.strictObject({ id: z.string(), parent: z.string().nullable(), segment: z.string() })),
  opening: z
    .strictObject({
      args_commit: z.string(),
      action: z.string(),
      salt: z.string(),
      args: z.record(z.string(), z.json()).nullable(),
    })
    .nullable(),
})
export type SpoolLine = z.infer<typeof spoolLineSchema>

/** A receipt, up to nine segments and an opening. */
const LINE_LIMITS = { bytes_max: 1024 * 1024, depth_max: 72 }

export function readSpoolLine(text: string): SpoolLine {
  return spoolLineSchema.parse(parseJson(text, LINE_LIMITS))
}

/** The same of a line on its way to the control plane, which reads it strictly itself. */
export function ownSpoolLine(text: string): SpoolLine {
  // JSON.parse may take an escaped name for another one (nodejs/node#63785).
  return (text.includes('\\') ? parseJson(text, LINE_LIMITS) : JSON.parse(text)) as SpoolLine
}
