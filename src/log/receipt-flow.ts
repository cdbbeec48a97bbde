/**
 * What a receipt says of flow: what its memory domain had read, and what the rules went by. spec/enforcement.md (RCP-11).
 * Neither arguments nor results stand in it: pointers, identifiers and labels alone.
 * @module
 */
import { z } from 'zod'
import { dataLabelSchema } from '../core/label.ts'

/** Values that rules looked at, as far as a receipt keeps them: those that speak against the call first. */
export const BASIS_MAX = 12
/** Characters of a name or a pointer in it. */
export const BASIS_TEXT_MAX = 128

const text = z.string().max(BASIS_TEXT_MAX)

const basisSchema = z.strictObject({
  /** A JSON Pointer; null for a rule about the call as a whole. */
  argument: text.nullable(),
  provenance: z.enum(['instruction', 'trusted', 'field', 'prose', 'nowhere']).nullable(),
  rule: z.enum(['sink', 'destination', 'influence']),
  /** The call whose result it came from. */
  source: z.strictObject({ action: z.string().max(64), path: text, server: text, tool: text }).nullable(),
  verdict: z.enum(['passes', 'objects']).or(z.strictObject({ endorsed_by: text })),
})

export const flowRecordSchema = z.strictObject({
  basis: z.array(basisSchema).max(BASIS_MAX),
  /** More values were looked at than have room. */
  left_out: z.int().positive().exactOptional(),
  /** Of the domain when it was decided, this call's own result not among it. */
  taint: dataLabelSchema,
})

export type BasisRecord = z.infer<typeof basisSchema>
export type FlowRecord = z.infer<typeof flowRecordSchema>
