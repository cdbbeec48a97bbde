/**
 * Labels as a file: what `countersign label suggest` writes, people edit, and `label propose` and `replay` read.
 * spec/labels.md (LBL-8).
 * @module
 */
import { z } from 'zod'
import { toolLabelSchema } from '../core/label.ts'

/** Tools of one file: those of many servers. */
const TOOLS_MAX = 4096
/** Reasons of one label, and places to look at; characters of one. */
const WORDS_MAX = 128
const WORD_LENGTH_MAX = 1024

const name = z.string().min(1).max(256)
const words = z.array(z.string().max(WORD_LENGTH_MAX)).max(WORDS_MAX)

export const labelFileSchema = z.strictObject({
  v: z.literal(1),
  tools: z
    .array(
      z.strictObject({
        /** Absent: of whatever server. */
        server: name.exactOptional(),
        tool: name,
        label: toolLabelSchema,
        /** For people: why, and where one of them should look. Nothing is decided by them. */
        reasons: words.exactOptional(),
        look: words.exactOptional(),
      }),
    )
    .max(TOOLS_MAX),
})
export type LabelFile = z.infer<typeof labelFileSchema>
