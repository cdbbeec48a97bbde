/**
 * What `doctor` asks of those outside: how old the last anchors are, who cosigned the published checkpoint, and whether the
 * witnesses answer. spec/backup.md (DOC-1), spec/witness.md. Verified: cosignatures, by the keys in the settings. Not
 * verified: the index of anchors, which nobody signs; "countersign log verify … --anchored" does.
 * @module
 */
import { join } from 'node:path'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { readAnchorIndex } from '../../../src/log/anchor-files.ts'
import type { IndexLine } from '../../../src/log/anchored.ts'
import { ANCHOR_LIMITS } from '../../../src/log/anchors.ts'
import { openCosignatures } from '../../../src/log/cosignature.ts'
import { LogError } from '../../../src/log/entries.ts'
import type { PolicyWitness } from '../../../src/log/policy.ts'
import type { AnchorSettings } from '../../server/anchor-settings.ts'
import { fail, ok, warn, type Check } from './check.ts'

const ANSWER_MS_MAX = 3_000
const HOUR_MS = 3_600_000
const OUTPUT = 'see the output of the control plane for why'

export interface OutsideParts {
  readonly data: string
  /** The published checkpoint. */
  readonly note: Uint8Array | null
  /** Of `start --anchors`; null: the folder alone says what there was. */
  readonly settings: AnchorSettings | null
  readonly now_ms: number
}

export async function outsideChecks(parts: OutsideParts): Promise<Check[]> {
  const { data, note, settings, now_ms } = parts
  const witnesses = settings?.witnesses?.witnesses ?? []
  return [
    await anchorsCheck(data, settings, now_ms),
    ...(await Promise.all(witnesses.map((witness) => witnessCheck(witness, note, now_ms)))),
  ]
}

async function anchorsCheck(data: string, settings: AnchorSettings | null, now_ms: number): Promise<Check> {
  const name = 'anchors'
  let lines: readonly IndexLine[]
  try {
    lines = await readAnchorIndex(fsTileStore(join(data, 'log')))
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    return fail(
      name,
      'ANCHORS_DAMAGED',
      cause.message,
      'put log/anchor/index back from a backup, or an export',
    )
  }
  const wanted = (settings?.anchors ?? []).map((anchor) => {
    return { kind: anchor.kind, by: anchor.kind === 'cosignature' ? anchor.witness : anchor.name }
  })
  if (lines.length === 0 && wanted.length === 0)
    return warn(
      name,
      'ANCHORS_NONE',
      'nothing outside dates this log',
      'start with --anchors FILE (spec/witness.md), and name that file here',
    )
  const late = wanted.filter((one) => now_ms - lastOf(lines, one) > ANCHOR_LIMITS.gap_ms)
  const found = said(lines, now_ms)
  if (late.length === 0 && now_ms - lastOf(lines) <= ANCHOR_LIMITS.gap_ms) return ok(name, found)
  const named = late.map(({ kind, by }) => `${kind} by ${by}`).join(', ')
  const gap = `for more than ${ANCHOR_LIMITS.gap_ms / HOUR_MS} hours none${named === '' ? '' : `: ${named}`}`
  return warn(name, 'ANCHOR_OLD', `${gap}; ${found}`, OUTPUT)
}

/** Milliseconds; -Infinity: never. */
function lastOf(lines: readonly IndexLine[], of: Partial<Pick<IndexLine, 'by' | 'kind'>> = {}): number {
  const own = lines.filter(({ kind, by }) => kind === (of.kind ?? kind) && by === (of.by ?? by))
  return own.reduce((last, { at }) => Math.max(last, at * 1000), -Infinity)
}

function said(lines: readonly IndexLine[], now_ms: number): string {
  if (lines.length === 0) return 'there was none ever'
  const times = lines.map(({ at }) => at * 1000).sort((a, b) => a - b)
  const gaps = times.flatMap((at, i) => {
    const before = times[i - 1] ?? at
    return at - before > ANCHOR_LIMITS.gap_ms ? [`${rfc3339(before)} to ${rfc3339(at)}`] : []
  })
  const past = gaps.length === 0 ? '' : `; ${gaps.length} earlier gaps, the last from ${gaps.at(-1)}`
  return `${lines.length}, the last ${age(lastOf(lines), now_ms)} ago${past}`
}

async function witnessCheck(
  { key, url }: PolicyWitness,
  note: Uint8Array | null,
  now_ms: number,
): Promise<Check> {
  const name = `witness ${key.name}`
  const time_ms = cosignedAt(note, key)
  const last =
    time_ms === null ? 'the published checkpoint is not cosigned' : `cosigned ${age(time_ms, now_ms)} ago`
  if (!(await answers(url)))
    return warn(name, 'WITNESS_UNREACHABLE', `nothing answers at ${url}; ${last}`, 'ask who runs it')
  if (time_ms === null) return warn(name, 'WITNESS_MISSING', `it answers, and ${last}`, OUTPUT)
  return now_ms - time_ms > ANCHOR_LIMITS.gap_ms
    ? warn(name, 'WITNESS_OLD', `it answers, ${last}`, OUTPUT)
    : ok(name, `it answers, ${last}`)
}

function cosignedAt(note: Uint8Array | null, key: PolicyWitness['key']): number | null {
  try {
    const [found] = note === null ? [] : openCosignatures(nodeCrypto, note, [key])
    return found === undefined ? null : found.time_s * 1000
  } catch (cause) {
    if (cause instanceof LogError) return null // by this key, and wrong
    throw cause
  }
}

/** Whatever the answer is: somebody is there. */
async function answers(url: string | null): Promise<boolean> {
  if (url === null) return false
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS_MAX) })
    await response.body?.cancel()
    return true
  } catch {
    return false
  }
}

function age(then_ms: number, now_ms: number): string {
  const minutes = Math.max(0, Math.round((now_ms - then_ms) / 60_000))
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}
