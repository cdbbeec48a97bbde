/**
 * What an organisation wants of its flow rules: whether they speak, and which destinations need no approval.
 * spec/flow.md (FLW-9, FLW-10). Not checked here: that globs are those of GRT-3.
 * @module
 */
import { z } from 'zod'
import { LEVELS, pointer } from './label.ts'

export const FLOW_MODES = ['off', 'observe', 'ask', 'deny'] as const
/** Whether bases for personal data are asked for (CNS-21). */
const BASES_MODES = ['off', 'observe', 'enforce'] as const
/** What LBL-9 looks for. */
export const DETECTORS = ['secrets', 'personal'] as const

/** Names of levels of an organisation's own. */
const ALIASES_MAX = 32
const POLICIES_MAX = 256
/** Globs of one policy: more is a directory, and its tool's results are better labelled trusted. */
const VALUES_MAX = 256
const GLOB_LENGTH_MAX = 1024
const NAME_LENGTH_MAX = 128
const CATEGORIES_MAX = 16
/** Texts that one memory domain keeps. Less would forget a single page; more costs time at every call. */
const MEMORY_BYTES_MIN = 4 * 1024
const MEMORY_BYTES_MAX = 4 * 1024 * 1024

const name = z.string().min(1).max(NAME_LENGTH_MAX)

/** FLW-9. Values at one argument of one tool that two people agreed on. */
const namedPolicySchema = z.strictObject({
  name,
  server: name,
  tool: name,
  argument: pointer,
  /** Globs (GRT-3). */
  values: z.array(z.string().min(1).max(GLOB_LENGTH_MAX)).min(1).max(VALUES_MAX),
})

/** FLW-10. */
export const flowPolicySchema = z.strictObject({
  v: z.literal(1),
  mode: z.enum(FLOW_MODES),
  /** An organisation's own names of levels. */
  aliases: z
    .record(name, z.enum(LEVELS))
    .refine((aliases) => Object.keys(aliases).length <= ALIASES_MAX, `more than ${ALIASES_MAX} aliases`)
    .refine(
      (aliases) => LEVELS.every((level) => !Object.hasOwn(aliases, level) || aliases[level] === level),
      'a level is named by itself',
    )
    .exactOptional(),
  policies: z
    .array(namedPolicySchema)
    .max(POLICIES_MAX)
    .refine(
      (all) => new Set(all.map((policy) => policy.name)).size === all.length,
      'two policies have one name',
    )
    .exactOptional(),
  /** Categories whose fields get a pseudonym where others are taken out (LBL-11); `*`: every field. None by default. */
  pseudonyms: z.array(name).max(CATEGORIES_MAX).exactOptional(),
  /** Texts of one memory domain; {@link MEMORY_BYTES} by default. */
  memory_bytes: z.int().min(MEMORY_BYTES_MIN).max(MEMORY_BYTES_MAX).exactOptional(),
  /** Which of LBL-9 look; all by default. */
  detectors: z
    .array(z.enum(DETECTORS))
    .max(DETECTORS.length)
    .refine((all) => new Set(all).size === all.length, 'a detector occurs twice')
    .exactOptional(),
  /** CNS-21; off by default. */
  bases: z.enum(BASES_MODES).exactOptional(),
})
export type FlowPolicy = z.infer<typeof flowPolicySchema>

export const MEMORY_BYTES = 256 * 1024

/** FLW-10: until one was approved. */
export const NO_FLOW_POLICY: FlowPolicy = { v: 1, mode: 'off' }
