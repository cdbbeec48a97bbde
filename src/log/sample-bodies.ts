/** Bodies of the entries about samples. spec/entries.md, spec/samples.md. @module */
import { z } from 'zod'

const name = z.string().min(1).max(128)
const time = z.iso.datetime()
/** Of entries. */
const index = z.int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

/** Populations that one freezing names. */
const POPULATIONS_MAX = 128
/** Items of one sample: what a person reads. */
export const SAMPLE_MAX = 1000
/** Hex digits of the auditor's nonce: at least 128 bits, so that nobody tries them all. */
const NONCE = /^(?:[0-9a-f]{2}){16,64}$/

export const FREQUENCY_NAMES = [
  'annual',
  'quarterly',
  'monthly',
  'weekly',
  'daily',
  'many_times_a_day',
  'on_occurrence',
] as const
export type FrequencyName = (typeof FREQUENCY_NAMES)[number]

/** A tree of this log. */
export const treeSchema = z.strictObject({ size: z.int().positive(), root: digest })

export const frozenSchema = z.strictObject({
  engagement: name,
  from: time,
  to: time,
  tree: treeSchema,
  /** By name, as they are over that tree. */
  populations: z
    .array(z.strictObject({ name, count: z.int().nonnegative(), sha256 }))
    .min(1)
    .max(POPULATIONS_MAX),
})
export type Frozen = z.infer<typeof frozenSchema>

export const drawnSchema = z.strictObject({
  /** Index of the `population.frozen` entry. */
  frozen: index,
  /** What is sampled: a control of the catalogue, or `test N`. */
  control: name,
  test: z.int().min(1).max(34),
  population: name,
  /** A tree that has the freezing. */
  tree: treeSchema,
  /** Index of the `log.anchored` entry that says that it was seen outside; null: none does. */
  anchor: index.nullable(),
  /** Hex, the auditor's; null: management's sample. */
  nonce: z.string().regex(NONCE).nullable(),
  /** How often the control runs, where the size comes from that; null: somebody asked for this size. */
  frequency: z.enum(FREQUENCY_NAMES).nullable(),
  size: z.int().nonnegative().max(SAMPLE_MAX),
  /** Rows of the frozen population, from 0, ascending. */
  rows: z.array(index).max(SAMPLE_MAX),
})
export type Drawn = z.infer<typeof drawnSchema>

export const sampleBodies = {
  'population.frozen': frozenSchema,
  'sample.drawn': drawnSchema,
}
