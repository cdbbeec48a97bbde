/** The manifest of a pack: what it claims about its log, period, files and populations. spec/pack.md. @module */
import { z } from 'zod'
import { parseJson } from '../../core/json.ts'
import { PackError } from '../errors.ts'
import type { Period } from '../populations/definition.ts'
import { secondSourceSchema } from '../populations/second-source.ts'

export const MANIFEST_FILE = 'manifest.json'
/** Over the manifest, so not in it. */
export const SIGNATURE_FILE = 'manifest.dsse'
export const CHECKPOINT_FILE = 'checkpoint'
export const START_CHECKPOINT_FILE = 'checkpoint.start'
export const GENERATOR = 'countersign/0.1.0'

/** One a month for longer than a log lives. */
const PRUNINGS_MAX = 10_000
/** Enforcement points that a manifest names, and populations. */
const POINTS_MAX = 100_000
const POPULATIONS_MAX = 256
const SOURCES_MAX = 10_000
/** Of a population: a pack has 34 in all. */
const TESTS_MAX = 64
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const name = z.string().min(1).max(256)

const time = z.iso.datetime()
/** base64, as checkpoints have it. */
const root = z.string().max(64)

/** POP-2 to POP-4. */
const populationSchema = z.strictObject({
  name,
  definition: z.string().max(1024),
  query: z.string().max(1024),
  /** Types of entries that may be items of it. */
  types: z.array(name).max(64),
  period: z.strictObject({ from: time, to: time, zone: z.literal('UTC') }),
  /** Entries that the query ran over: from the first to the end of the tree. */
  range: z.strictObject({
    first: z.literal(0),
    end: z.int().positive(),
    root,
    start: z.strictObject({ size: z.int().nonnegative(), root }).nullable(),
  }),
  count: z.int().nonnegative(),
  sha256,
  file: name,
  /** The same rows to read in a spreadsheet. */
  csv: name,
  generator: name,
  /** What is not in it, in words and as numbers of entries. */
  exclusions: z
    .array(
      z.strictObject({
        code: z.enum(['OUTSIDE_PERIOD', 'NO_ITEM', 'PRUNED']),
        words: z.string().max(256),
        entries: z.int().positive(),
      }),
    )
    .max(8),
  /** Sources that are not ours, each by the test that wants it (POP-10). */
  reconciliations: z.array(secondSourceSchema).max(TESTS_MAX),
})

export const manifestSchema = z.strictObject({
  v: z.literal(1),
  origin: name,
  simulated: z.boolean(),
  /** RFC 3339 UTC, half-open. */
  period: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
  /** Tree sizes: entries at the start checkpoint (null when the log began later) and at the end. */
  log: z.strictObject({
    start: z.int().nonnegative().nullable(),
    end: z.int().positive(),
    /** The `log.pruned` entries of which something is gone; absent when nothing is (RET-8). */
    pruned: z.array(z.int().nonnegative()).min(1).max(PRUNINGS_MAX).exactOptional(),
  }),
  generator: name,
  files: z.record(name, sha256),
  /** What was handed in of other sources, with what opens each commitment (RCN-4). */
  sources: z
    .array(z.strictObject({ id: name, file: name, salt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }))
    .max(SOURCES_MAX),
  /** Whether the log goes on past the end of the period (POP-5). */
  state: z.enum(['interim', 'final']),
  /** Points that did not bring all of the period (POP-6). */
  limitations: z
    .array(
      z.strictObject({
        point: name,
        index: z.int().nonnegative(),
        until: z.iso.datetime().nullable(),
        wanted: z.iso.datetime(),
      }),
    )
    .max(POINTS_MAX),
  populations: z.array(populationSchema).max(POPULATIONS_MAX),
})

export type Manifest = z.infer<typeof manifestSchema>

const MANIFEST_BYTES_MAX = 64 * 1024 * 1024

/** @throws {PackError} `PACK_MANIFEST_INVALID`, `PACK_NEWER` */
export function readManifest(bytes: Uint8Array): Manifest {
  let value: unknown
  try {
    value = parseJson(bytes, { bytes_max: MANIFEST_BYTES_MAX, depth_max: 16 })
  } catch (cause) {
    throw new PackError('PACK_MANIFEST_INVALID', 'the manifest is not strict JSON', { cause })
  }
  const version = z.object({ v: z.int() }).safeParse(value)
  if (version.success && version.data.v > 1) {
    const message = `the pack is of version ${version.data.v}, and this verifier knows 1: get a newer verifier`
    throw new PackError('PACK_NEWER', message)
  }
  const manifest = manifestSchema.safeParse(value)
  if (!manifest.success) throw new PackError('PACK_MANIFEST_INVALID', 'the manifest does not fit its schema')
  return manifest.data
}

/** Of what the pack is. */
export function periodOf({ period }: Pick<Manifest, 'period'>): Period {
  return { from_ms: Date.parse(period.from), to_ms: Date.parse(period.to) }
}
