/**
 * What people outside say of a log, as rules of `verifyLog`: who cosigned its checkpoint, and what its anchors bind.
 * spec/log.md, LOG-41 and LOG-42; spec/witness.md, ANC-5 to ANC-7.
 * Invariant: a statement counts only by a key or a root that the reader named; what nobody it trusts says is no fault.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { fromBase64url } from '../core/encoding.ts'
import { rfc3339 } from '../core/time.ts'
import type { TileStore } from '../ports/tile-store.ts'
import {
  anchorPath,
  INDEX_PATH,
  openAnchors,
  readAnchorIndex,
  type AnchorTrust,
  type OpenedAnchors,
  type RefusedAnchor,
} from './anchor-files.ts'
import type { IndexLine } from './anchored.ts'
import { AnchorLines } from './anchor-lines.ts'
import {
  ANCHOR_LIMITS,
  AnchorCheck,
  type AnchorReport,
  type DatedEntry,
  type OutsideAnchor,
  type TrustedAnchor,
} from './anchors.ts'
import { openCosignatures, type Cosignature, type CosignerKey } from './cosignature.ts'
import { LogError, type AnyEntry } from './entries.ts'
import { isQuorum, type Policy } from './policy.ts'
import { CHECKPOINT_PATH } from './tiles.ts'
import type { Beginning, CheckpointRule, EntryRule, LogFault } from './verify.ts'

/**
 * `COSIGNATURE_INVALID`: of a key that the reader knows, and wrong. `COSIGNATURE_MISSING`: those there are make no
 * quorum. `ANCHOR_REFUSED`: a token that somebody trusted should speak for does not verify, or the index is malformed.
 * `ANCHOR_STRANGE`: the anchor is of another tree. `ANCHOR_OUTSIDE`: an entry gives a time that an anchor disproves.
 * `ANCHOR_UNKNOWN`: the log names an anchor that is not in the index as it names it. Where anchors are wanted: `ANCHOR_MISSING`, there is
 * none that proves anything to the reader, and `ANCHOR_GAP`, there is none for more than a day.
 */
export type OutsideFaultCode =
  | 'ANCHOR_GAP'
  | 'ANCHOR_MISSING'
  | 'ANCHOR_OUTSIDE'
  | 'ANCHOR_REFUSED'
  | 'ANCHOR_STRANGE'
  | 'ANCHOR_UNKNOWN'
  | 'COSIGNATURE_INVALID'
  | 'COSIGNATURE_MISSING'

type OutsideFault = LogFault<OutsideFaultCode>

/** LOG-41. @param onCosigned hears who cosigned, before the rule answers */
export function cosignedBy(
  crypto: Crypto,
  { witnesses, quorum }: Pick<Policy, 'quorum' | 'witnesses'>,
  onCosigned: (cosignatures: readonly Cosignature[]) => void = () => undefined,
): CheckpointRule {
  return (note) => {
    const faults: OutsideFault[] = []
    const found = witnesses.flatMap(({ key }) => {
      try {
        return openCosignatures(crypto, note, [key])
      } catch (cause) {
        if (!(cause instanceof LogError)) throw cause
        faults.push({ code: 'COSIGNATURE_INVALID', message: cause.message, path: CHECKPOINT_PATH })
        return []
      }
    })
    onCosigned(found)
    const keys = found.map(({ by }) => by)
    if (!isQuorum(quorum, keys)) faults.push(tooFew(witnesses, keys))
    return faults
  }
}

function tooFew(witnesses: Policy['witnesses'], found: readonly CosignerKey[]): OutsideFault {
  const missing = witnesses.flatMap(({ key }) => (found.includes(key) ? [] : [key.name]))
  const message = `the checkpoint has too few cosignatures: ${found.length} of ${witnesses.length}, none by ${missing.join(', ')}`
  return { code: 'COSIGNATURE_MISSING', message, path: CHECKPOINT_PATH }
}

export interface AnchorRuleOptions {
  readonly trust: AnchorTrust
  /** Whether a log without an anchor, or with a gap, is at fault. */
  readonly required: boolean
  /** Up to when anchors are wanted, milliseconds; the last entry's time unless given. */
  readonly end_ms?: number
}

/** The anchors of a log, opened, and what they ask of it. */
export interface AnchorRules {
  readonly trusted: readonly TrustedAnchor[]
  readonly refused: readonly RefusedAnchor[]
  readonly checkpointRule: CheckpointRule
  readonly entryRule: EntryRule
  readonly beginnings: readonly Beginning[]
  /** Once the log was verified; null when its tree did not. */
  readonly report: () => AnchorReport | null
}

/** LOG-42. @throws {LogError} `LOG_UNAVAILABLE` */
export async function anchorRules(
  tiles: Pick<TileStore, 'read'>,
  { trust, required, end_ms }: AnchorRuleOptions,
): Promise<AnchorRules> {
  const { opened, fault } = await open(trust, tiles)
  const { lines, trusted, refused } = opened
  const broken = refused.flatMap((each) => (each.isFault ? [refusedFault(each)] : []))
  const check = new AnchorCheck(trusted)
  let report: AnchorReport | null = null
  const signed = new AnchorLines(lines)
  const end = async (): Promise<OutsideFault[]> => {
    report = check.end(end_ms)
    // A malformed index is one fault.
    const unlisted = fault === null ? await signed.end(() => linesOf(tiles)) : []
    return [
      ...report.outside.map(outsideFault),
      ...moreOutside(report),
      ...unlisted,
      ...(required ? report.gaps.map(gapFault) : []),
    ]
  }
  return {
    trusted,
    refused,
    report: () => report,
    checkpointRule: () => [
      ...(fault === null ? [] : [fault]),
      ...broken,
      ...(required && trusted.length === 0 ? [noneFault()] : []),
    ],
    entryRule: {
      entry: (index, checked) => {
        const entry = checked.read()
        if (entry.type === 'log.anchored') signed.entry(index, entry.body)
        check.entry(dated(index, entry))
        return null
      },
      end,
    },
    beginnings: trusted.map(beginningOf),
  }
}

async function open(
  trust: AnchorTrust,
  tiles: Pick<TileStore, 'read'>,
): Promise<{ opened: OpenedAnchors; fault: OutsideFault | null }> {
  try {
    return { opened: await openAnchors(trust, tiles), fault: null }
  } catch (cause) {
    if (!(cause instanceof LogError) || cause.code !== 'ANCHOR_INVALID') throw cause
    const fault = { code: 'ANCHOR_REFUSED', message: cause.message, path: INDEX_PATH } as const
    return { opened: { lines: [], trusted: [], refused: [] }, fault }
  }
}

/** None of one that is malformed by now: it was not when it was opened, and lists nothing that was missed. */
async function linesOf(tiles: Pick<TileStore, 'read'>): Promise<readonly IndexLine[]> {
  try {
    return await readAnchorIndex(tiles)
  } catch (cause) {
    if (cause instanceof LogError && cause.code === 'ANCHOR_INVALID') return []
    throw cause
  }
}

function dated(index: number, entry: AnyEntry): DatedEntry {
  return {
    index,
    time_ms: Date.parse(entry.time),
    ...(entry.type === 'receipt' ? { made_ms: Date.parse(entry.body.time) } : {}),
    ...(entry.type === 'log.anchored' ? { anchored: entry.body.sha256 } : {}),
  }
}

function pathOf({ sha256 }: { readonly sha256: string | null }): { path?: string } {
  return sha256 === null ? {} : { path: anchorPath(fromBase64url(sha256)) }
}

function named({ kind, by }: Pick<TrustedAnchor, 'by' | 'kind'>): string {
  return `the ${kind} by ${by}`
}

function refusedFault({ line, why }: RefusedAnchor): OutsideFault {
  return { code: 'ANCHOR_REFUSED', message: `${named(line)} does not count: ${why}`, ...pathOf(line) }
}

function beginningOf(anchor: TrustedAnchor): Beginning {
  const { size, root } = anchor
  const fault = (why: 'ahead' | 'forked'): OutsideFault => {
    const what = why === 'ahead' ? 'which the log does not have' : 'which are not those of the log'
    const message = `${named(anchor)} is of a tree of ${size} entries, ${what}: history was changed`
    return { code: 'ANCHOR_STRANGE', message, ...pathOf(anchor) }
  }
  return { size, root, fault }
}

function outsideFault({ code, index, what, time_ms, anchor }: OutsideAnchor): OutsideFault {
  const says = what === 'time' ? `entry ${index} is of` : `the receipt in entry ${index} says it was made at`
  const than =
    code === 'LATER' ? 'later than an anchor that covers it' : 'earlier than one that is logged before it'
  const message = `${says} ${rfc3339(time_ms)}, ${than}: ${named(anchor)} of ${rfc3339(anchor.at_ms)}`
  return { code: 'ANCHOR_OUTSIDE', message, index, ...pathOf(anchor) }
}

function moreOutside({ outside, outside_count }: AnchorReport): OutsideFault[] {
  const more = outside_count - outside.length
  return more === 0
    ? []
    : [{ code: 'ANCHOR_OUTSIDE', message: `${more} more times are outside their anchors` }]
}

function gapFault({ from_ms, to_ms }: AnchorReport['gaps'][number]): OutsideFault {
  const hours = ANCHOR_LIMITS.gap_ms / 3_600_000
  const message = `no anchor for more than ${hours} hours: from ${rfc3339(from_ms)} to ${rfc3339(to_ms)}`
  return { code: 'ANCHOR_GAP', message }
}

function noneFault(): OutsideFault {
  const message = 'no anchor proves anything by the keys and roots that you trust'
  return { code: 'ANCHOR_MISSING', message, path: INDEX_PATH }
}
