/**
 * An earlier pack of the same log, rolled forward to a later one: what its populations and tests say since.
 * spec/populations.md (POP-8).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64, base64url, fromUtf8 } from '../../core/encoding.ts'
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts'
import type { Codec } from '../../ports/codec.ts'
import { PackError } from '../errors.ts'
import { CHECKPOINT_FILE } from '../pack/manifest.ts'
import { POPULATIONS, populationFile } from '../populations/populations.ts'
import type { TestResult } from '../tests/result.ts'
import { FAULTS_MAX, type Fault, type PackReport } from './report.ts'
import { ROLLED_LISTED_MAX, type Outcome, type RolledForward, type RolledPopulation } from './rolled.ts'
import { verifyPack, type VerifiedPack, type VerifyOptions } from './verify.ts'

/** Of a row that a verifier made itself: as large as a few entries, of which it is made. */
const ROW_LIMITS = { bytes_max: 1024 * 1024 * 1024, depth_max: 64 }

export interface EarlierPack {
  /** As the reader calls it. */
  readonly name: string
  readonly archive: Uint8Array
}

export interface RollOptions extends VerifyOptions {
  /** A pack that the reader was given before; null: none. */
  readonly earlier?: EarlierPack | null
}

/** As {@link verifyPack}, with an earlier pack of the same log rolled forward to this one, where one is given. */
export async function verifyRolled(
  crypto: Crypto,
  archive: Uint8Array,
  vkey: string,
  { earlier = null, ...options }: RollOptions = {},
): Promise<VerifiedPack> {
  if (earlier === null) return verifyPack(crypto, archive, vkey, options)
  const { name } = earlier
  const before = await verifyEarlier(crypto, earlier, vkey, options.codec)
  const note = 'code' in before ? undefined : before.files.get(CHECKPOINT_FILE)
  const held = [...(options.held ?? []), ...(note === undefined ? [] : [{ name, note }])]
  const pack = await verifyPack(crypto, archive, vkey, { ...options, held })
  if ('code' in before) return { ...pack, report: failedBy(pack.report, before) }
  const why = whyNot(before.report, pack.report)
  if (why !== null) return { ...pack, report: failedBy(pack.report, faultOf(name, why)) }
  const rolled_forward = pack.report.integrity ? rollForward(crypto, before, pack) : null
  return { ...pack, report: { ...pack.report, rolled_forward } }
}

async function verifyEarlier(
  crypto: Crypto,
  { name, archive }: EarlierPack,
  vkey: string,
  codec: Codec | undefined,
): Promise<VerifiedPack | Fault> {
  try {
    return await verifyPack(crypto, archive, vkey, codec === undefined ? {} : { codec })
  } catch (error) {
    if (!(error instanceof PackError)) throw error
    return faultOf(name, `it is no pack: ${error.message}`)
  }
}

function faultOf(name: string, why: string): Fault {
  const message = `${name} does not roll forward to this pack: ${why}`
  return { code: 'EARLIER_PACK_INVALID', message, file: name }
}

/** In front of all others: what rests on the earlier pack is not to be believed. */
function failedBy(report: PackReport, fault: Fault): PackReport {
  const faults = [fault, ...report.faults].slice(0, FAULTS_MAX)
  return { ...report, ok: false, faults, faults_n: report.faults_n + 1 }
}

/** Null: it does. */
function whyNot(earlier: PackReport, later: PackReport): string | null {
  if (!earlier.integrity) return `it does not verify itself (${earlier.faults[0]?.code ?? 'unknown'})`
  if (earlier.period.from !== later.period.from)
    return `its period begins at ${earlier.period.from}, and not at ${later.period.from}`
  if (Date.parse(earlier.period.to) > Date.parse(later.period.to))
    return `its period ends at ${earlier.period.to}, which is later`
  if (earlier.log.end > later.log.end)
    return `its log has ${earlier.log.end} entries, and that of this pack ${later.log.end}`
  return null
}

/** Both verify, and the later tree grows out of the earlier one. */
function rollForward(crypto: Crypto, earlier: VerifiedPack, later: VerifiedPack): RolledForward {
  const { state, period, log } = earlier.report
  const root = base64(earlier.checkpoint?.root ?? new Uint8Array())
  const populations: Record<string, RolledPopulation> = {}
  for (const { name } of POPULATIONS) {
    const [before, now] = [earlier, later].map(({ files }) => files.get(populationFile(name)))
    if (before !== undefined && now !== undefined) populations[name] = rolled(crypto, before, now)
  }
  const tests: Record<string, { before: Outcome; now: Outcome }> = {}
  for (const [number, was] of Object.entries(earlier.report.results)) {
    const is = later.report.results[number]
    if (is !== undefined && !isSameResult(was, is))
      tests[number] = { before: outcomeOf(was), now: outcomeOf(is) }
  }
  return { earlier: { state, period, end: log.end, root }, populations, tests }
}

function rolled(crypto: Crypto, before: Uint8Array, now: Uint8Array): RolledPopulation {
  const was = rowsOf(crypto, before)
  const is = rowsOf(crypto, now)
  const added = [...is.byEntry.keys()].filter((index) => !was.byEntry.has(index))
  const gone = [...was.byEntry.keys()].filter((index) => !is.byEntry.has(index))
  const changed = [...is.byEntry].flatMap(([index, rows]) => {
    const old = was.byEntry.get(index)
    return old === undefined || old.join() === rows.join() ? [] : [index]
  })
  let same = 0
  for (const [index, rows] of is.byEntry) {
    const left = [...(was.byEntry.get(index) ?? [])]
    for (const row of rows) {
      const at = left.indexOf(row)
      if (at === -1) continue
      left.splice(at, 1)
      same++
    }
  }
  const listed = (indices: readonly number[]): number[] =>
    indices.toSorted((a, b) => a - b).slice(0, ROLLED_LISTED_MAX)
  return {
    before: was.count,
    now: is.count,
    same,
    added: added.length,
    changed: changed.length,
    gone: gone.length,
    entries: { added: listed(added), changed: listed(changed), gone: listed(gone) },
  }
}

interface Rows {
  readonly count: number
  /** Digests of the rows that are about one entry, in their order. */
  readonly byEntry: ReadonlyMap<number, readonly string[]>
}

function rowsOf(crypto: Crypto, lines: Uint8Array): Rows {
  const byEntry = new Map<number, string[]>()
  let count = 0
  for (let from = 0; from < lines.length;) {
    const at = lines.indexOf(0x0a, from)
    const end = at === -1 ? lines.length : at
    const line = lines.subarray(from, end)
    from = end + 1
    count++
    const digest = base64url(crypto.sha256(line))
    const index = indexOf(parseJson(fromUtf8(line), ROW_LIMITS))
    const rows = byEntry.get(index)
    if (rows === undefined) byEntry.set(index, [digest])
    else rows.push(digest)
  }
  return { count, byEntry }
}

/** Every row says which entry it is about (PCK-1). */
function indexOf(row: JsonValue): number {
  const index = isJsonObject(row) ? row.index : undefined
  if (typeof index !== 'number') throw new TypeError('a population that verified has rows with an index')
  return index
}

function outcomeOf({ result, items, deviations_n }: TestResult): Outcome {
  return { result, items, deviations: deviations_n }
}

function isSameResult(a: TestResult, b: TestResult): boolean {
  return a.result === b.result && JSON.stringify(a.deviations) === JSON.stringify(b.deviations)
}
