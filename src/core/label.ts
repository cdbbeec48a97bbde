/**
 * What a tool is to the flow of data: how sensitive and how trustworthy its results are, what it does, where it sends.
 * spec/labels.md. Pure: registered by people, decided on at the point, recomputed by the verifier.
 * @module
 */
import { z } from 'zod'

/** LBL-1. Lowest first. */
export const LEVELS = ['public', 'internal', 'confidential', 'restricted'] as const
export type Level = (typeof LEVELS)[number]

/** LBL-2. `untrusted`: somebody else than the principal and the system may have written it. */
export type Integrity = 'trusted' | 'untrusted'

/** LBL-6. What a call does: nothing, within the system, beyond it, or something that cannot be taken back. */
export const EFFECTS = ['none', 'internal', 'external', 'destructive'] as const
export type Effect = (typeof EFFECTS)[number]

/** Categories of one label, and characters of one. */
const CATEGORIES_MAX = 16
const CATEGORY_LENGTH_MAX = 128
/** Fields, destinations and categories of one label; characters of a path. */
const PATHS_MAX = 64
/** Pointers to whom the arguments are about. */
const SUBJECTS_MAX = 8
const PATH_LENGTH_MAX = 256

const level = z.enum(LEVELS)
const integrity = z.enum(['trusted', 'untrusted'])
const categories = z.array(z.string().min(1).max(CATEGORY_LENGTH_MAX)).max(CATEGORIES_MAX)
/** RFC 6901, into the arguments. `*` as a token stands for every item or member (LBL-4). */
export const pointer = z
  .string()
  .max(PATH_LENGTH_MAX)
  .regex(/^(?:\/(?:[^~/]|~[01])*)*$/)

/** LBL-3. What stands in data: of a result, or of all that was read. */
export const dataLabelSchema = z.strictObject({ level, integrity, categories })
export type DataLabel = z.infer<typeof dataLabelSchema>

const fieldSchema = z.strictObject({
  level: level.exactOptional(),
  integrity: integrity.exactOptional(),
  categories: categories.exactOptional(),
})

/** LBL-3 to LBL-7. */
export const toolLabelSchema = z.strictObject({
  v: z.literal(1),
  result: dataLabelSchema.extend({
    /** Where in a result the data subject's identifier stands. */
    subject: pointer.exactOptional(),
    /** Of parts of the result, by pointer; what is not said is as the whole. */
    fields: z
      .record(pointer, fieldSchema)
      .refine((fields) => Object.keys(fields).length <= PATHS_MAX)
      .exactOptional(),
  }),
  effect: z.enum(EFFECTS),
  /** The most sensitive data that may go into its arguments. */
  accepts: level,
  /** Arguments that say where it goes, to whom, or what it acts on. */
  destination: z.array(pointer).max(PATHS_MAX),
  /** Arguments that hold identifiers of data subjects (LBL-15). */
  subject: z.array(pointer).min(1).max(SUBJECTS_MAX).exactOptional(),
})
export type ToolLabel = z.infer<typeof toolLabelSchema>

/** LBL-5: a tool that nobody labelled. Every argument is a destination. */
export const UNLABELLED: ToolLabel = {
  v: 1,
  result: { level: 'restricted', integrity: 'untrusted', categories: ['*'] },
  effect: 'destructive',
  accepts: 'public',
  destination: [''],
}

/** LBL-2: nothing was read. */
export const BOTTOM: DataLabel = { level: 'public', integrity: 'trusted', categories: [] }
/** LBL-2: whatever may be was read. */
export const TOP: DataLabel = { level: 'restricted', integrity: 'untrusted', categories: ['*'] }

export function isAbove(level: Level, other: Level): boolean {
  return LEVELS.indexOf(level) > LEVELS.indexOf(other)
}

/** LBL-2. The least that is as strict as both. `*` stands for every category. */
export function join(a: DataLabel, b: DataLabel): DataLabel {
  const all = [...new Set([...a.categories, ...b.categories])].sort()
  return {
    level: isAbove(a.level, b.level) ? a.level : b.level,
    integrity: a.integrity === 'untrusted' ? a.integrity : b.integrity,
    categories: all.includes('*') || all.length > CATEGORIES_MAX ? ['*'] : all,
  }
}

/** Whether joining `b` would change nothing. */
export function covers(a: DataLabel, b: DataLabel): boolean {
  const has = (category: string): boolean => a.categories.includes('*') || a.categories.includes(category)
  return (
    !isAbove(b.level, a.level) &&
    (a.integrity === 'untrusted' || b.integrity === 'trusted') &&
    b.categories.every(has)
  )
}
