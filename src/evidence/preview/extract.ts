/**
 * What an auditor takes with them of a preview: populations and results in scope, and the entries that they name with
 * proofs that they are in the log. spec/preview.md (PRV-14, PRV-15).
 * Invariant: nothing in an extract is out of scope; what it does not show is said by who checks it.
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../../core/crypto.ts'
import { base64, fromBase64, fromUtf8, hex, utf8 } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import { canonicalBytes, canonicalize, parseJson } from '../../core/json.ts'
import { openCheckpoint, type Checkpoint } from '../../log/checkpoint.ts'
import { leafHash, verifyInclusion } from '../../log/merkle.ts'
import { previewScopeSchema } from '../../log/preview-bodies.ts'
import { PackError } from '../errors.ts'
import { readArchive, writeArchive } from '../pack/archive.ts'
import { CHECKPOINT_FILE } from '../pack/manifest.ts'
import { csvFile } from '../populations/csv.ts'
import { populationFile, POPULATIONS } from '../populations/populations.ts'
import { countsOf, RESULTS_FILE } from '../tests/result.ts'
import type { PreviewBook } from './book.ts'

type Files = ReadonlyMap<string, Uint8Array>

export const EXTRACT_FILE = 'extract.json'
export const ENTRIES_FILE = 'entries.jsonl'
/** PRV-14: some 1.5 kB each, with its proof. */
export const EXTRACT_ENTRIES_MAX = 20_000
const LIMITS = { bytes_max: 64 * 1024 * 1024, depth_max: 16 }

/** All that one may have: what else a list names, nobody checks. */
const FILES: ReadonlySet<string> = new Set([
  EXTRACT_FILE,
  ENTRIES_FILE,
  CHECKPOINT_FILE,
  RESULTS_FILE,
  ...POPULATIONS.flatMap(({ name }) => [csvFile(name), populationFile(name)]),
])

const extractSchema = z.strictObject({
  v: z.literal(1),
  origin: z.string().max(256),
  simulated: z.boolean(),
  preview: z.string().max(64),
  period: previewScopeSchema.shape.period,
  interim: z.boolean(),
  criteria: previewScopeSchema.shape.criteria,
  log: z.strictObject({ end: z.int().positive(), root: z.string().max(64) }),
  generator: z.string().max(256),
  files: z.record(z.string().max(256), z.string().regex(/^[0-9a-f]{64}$/)),
  entries_n: z.int().nonnegative(),
  left_out: z.int().nonnegative(),
})
export type Extract = z.infer<typeof extractSchema>

const entrySchema = z.strictObject({
  index: z.int().nonnegative(),
  entry: z.string(),
  proof: z.array(z.string().max(64)).max(64),
})

const rowSchema = z.looseObject({ index: z.int().nonnegative() })

export interface MadeExtract {
  readonly bytes: Uint8Array
  readonly entries_n: number
}

export async function makeExtract(
  crypto: Crypto,
  book: PreviewBook,
  preview: string,
  criteria: readonly string[],
): Promise<MadeExtract> {
  const scope = book.scope(criteria)
  const files = new Map<string, Uint8Array>([[CHECKPOINT_FILE, book.checkpoint]])
  const { tree } = book
  const results = { v: 1, period: tree.period, counts: countsOf(scope.tests), tests: [...scope.tests] }
  files.set(RESULTS_FILE, canonicalBytes(results))
  for (const name of scope.populations)
    for (const [format, file] of [
      ['csv', csvFile(name)],
      ['jsonl', populationFile(name)],
    ] as const) {
      const bytes = book.file(criteria, name, format)
      if (bytes !== null) files.set(file, bytes)
    }
  const named = [...book.named(scope)].sort((a, b) => a - b)
  const lines: string[] = []
  for await (const { index, text, proof } of book.entries(named.slice(0, EXTRACT_ENTRIES_MAX)))
    lines.push(`${canonicalize({ index, entry: text, proof: [...proof] })}\n`)
  files.set(ENTRIES_FILE, utf8(lines.join('')))
  const extract: Extract = {
    v: 1,
    origin: tree.origin,
    simulated: tree.simulated,
    preview,
    period: { ...tree.period },
    interim: tree.interim,
    criteria: [...criteria],
    log: { end: tree.end, root: tree.root },
    generator: book.generator,
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, hex(crypto.sha256(bytes))])),
    entries_n: lines.length,
    left_out: named.length - lines.length,
  }
  files.set(EXTRACT_FILE, canonicalBytes(extract))
  return { bytes: writeArchive(files), entries_n: lines.length }
}

export interface CheckedExtract {
  readonly extract: Extract
  /** Each a sentence; none: it holds. */
  readonly faults: readonly string[]
  /** What it cannot show. */
  readonly not_shown: readonly string[]
}

/**
 * PRV-15.
 * @param vkey the log's verifier key, from a source other than the file
 * @throws {PackError} `PACK_ARCHIVE_INVALID`, `PACK_MANIFEST_INVALID`: no extract, or one of a newer version
 */
export function checkExtract(crypto: Crypto, bytes: Uint8Array, vkey: string): CheckedExtract {
  const files = readArchive(bytes)
  const extract = readExtract(files)
  const faults = [...fileFaults(crypto, files, extract)]
  const checkpoint = openedCheckpoint(crypto, files, vkey)
  if (typeof checkpoint === 'string') faults.push(checkpoint)
  else {
    const { size, origin, root } = checkpoint
    if (size !== extract.log.end || origin !== extract.origin || base64(root) !== extract.log.root)
      faults.push('extract.json names another tree than its checkpoint')
    const entries = provenEntries(crypto, files, checkpoint, faults)
    if (entries.size !== extract.entries_n)
      faults.push(`entries are not as many as extract.json says: ${entries.size}, and ${extract.entries_n}`)
    faults.push(...rowFaults(files, extract, entries))
  }
  const not_shown = [
    'that nothing is missing: an extract is a part, and completeness is shown by the pack alone',
    'what the tests came to, and what rows say of the entries that they name: these are here as the control plane computed them',
    `that the log is ${extract.simulated ? '' : 'not '}simulated, nor what its period is: these are the word of who made the extract`,
    ...(extract.left_out === 0 ? [] : [`${extract.left_out} entries that rows name are not in it`]),
  ]
  return { extract, faults, not_shown }
}

function readExtract(files: Files): Extract {
  const bytes = files.get(EXTRACT_FILE)
  const parsed = bytes === undefined ? null : extractSchema.safeParse(parsedJson(bytes))
  if (parsed?.success === true) return parsed.data
  throw new PackError('PACK_MANIFEST_INVALID', 'the file is no extract of a preview, or of a newer version')
}

function parsedJson(text: Uint8Array | string): unknown {
  try {
    return parseJson(text, LIMITS)
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

function* fileFaults(crypto: Crypto, files: Files, extract: Extract): Generator<string> {
  for (const [name, sha256] of Object.entries(extract.files)) {
    const bytes = files.get(name)
    if (bytes === undefined) yield `${name} is missing`
    else if (hex(crypto.sha256(bytes)) !== sha256) yield `${name} is not the file that was exported`
  }
  for (const name of files.keys())
    if (name !== EXTRACT_FILE && !Object.hasOwn(extract.files, name)) yield `${name} was added`
    else if (!FILES.has(name)) yield `${name} is no file of an extract`
}

function openedCheckpoint(crypto: Crypto, files: Files, vkey: string): Checkpoint | string {
  try {
    return openCheckpoint(crypto, files.get(CHECKPOINT_FILE) ?? new Uint8Array(0), vkey)
  } catch (error) {
    if (error instanceof CountersignError) return `the checkpoint is not of the key given: ${error.message}`
    throw error
  }
}

/** @returns indices of the entries that are in the tree */
function provenEntries(
  crypto: Crypto,
  files: Files,
  { size, root }: Checkpoint,
  faults: string[],
): ReadonlySet<number> {
  const proven = new Set<number>()
  for (const [i, line] of linesOf(files, ENTRIES_FILE).entries()) {
    const parsed = entrySchema.safeParse(parsedJson(line))
    if (!parsed.success) {
      faults.push(`line ${i + 1} of ${ENTRIES_FILE} does not fit`)
      continue
    }
    const { index, entry, proof } = parsed.data
    const leaf = leafHash(crypto, utf8(entry))
    if (isIn(crypto, { size, root, index, leaf }, proof)) proven.add(index)
    else faults.push(`entry ${index} is not in the tree of the checkpoint`)
  }
  return proven
}

interface Leaf {
  readonly size: number
  readonly root: Uint8Array
  readonly index: number
  readonly leaf: Uint8Array
}

function isIn(crypto: Crypto, at: Leaf, proof: readonly string[]): boolean {
  try {
    return verifyInclusion(crypto, { ...at, proof: proof.map(fromBase64) })
  } catch (error) {
    if (error instanceof CountersignError) return false
    throw error
  }
}

/** Every row names an entry that is there, but for as many as were left out. */
function* rowFaults(files: Files, extract: Extract, entries: ReadonlySet<number>): Generator<string> {
  const missing = new Set<number>()
  for (const name of Object.keys(extract.files)) {
    if (!/^populations\/.*\.jsonl$/.test(name)) continue
    for (const line of linesOf(files, name)) {
      const row = rowSchema.safeParse(parsedJson(line))
      if (!row.success) yield `a row of ${name} names no entry`
      else if (!entries.has(row.data.index)) missing.add(row.data.index)
    }
  }
  if (missing.size > extract.left_out)
    yield `rows name ${missing.size} entries that are not in it, and ${extract.left_out} were left out`
}

function linesOf(files: Files, name: string): string[] {
  return fromUtf8(files.get(name) ?? new Uint8Array(0))
    .split('\n')
    .filter((line) => line !== '')
}
