/**
 * Lines of `anchor/index`, which nobody signs, against the `log.anchored` entries, which the log's key does.
 * spec/witness.md, ANC-7.
 * Invariant: whoever changes, drops or relabels the line of an anchor that the log names is found out.
 * @module
 */
import type { AnchoredBody, IndexLine } from './anchored.ts'
import { INDEX_PATH } from './anchor-files.ts'
import type { LogFault } from './verify.ts'

type UnknownFault = LogFault<'ANCHOR_UNKNOWN'>

/** Findings that are named; the others are counted. */
const NAMED_MAX = 100

export class AnchorLines {
  readonly #listed: ReadonlySet<string>
  readonly #tokens: ReadonlySet<string>
  readonly #found: UnknownFault[] = []
  #count = 0

  constructor(lines: readonly IndexLine[]) {
    this.#listed = new Set(lines.map(keyOf))
    this.#tokens = new Set(lines.map(({ sha256 }) => sha256))
  }

  /** @param body of the `log.anchored` entry at `index` */
  entry(index: number, body: AnchoredBody): void {
    if (this.#listed.has(keyOf(body))) return
    this.#count++
    if (this.#found.length >= (this.#listed.size === 0 ? 1 : NAMED_MAX)) return
    const how = this.#tokens.has(body.sha256)
      ? 'lists with another kind, name, size or time'
      : 'does not list'
    const message = `entry ${index} names an anchor that the index ${how}`
    this.#found.push({ code: 'ANCHOR_UNKNOWN', message, index, path: INDEX_PATH })
  }

  end(): UnknownFault[] {
    const more = this.#count - this.#found.length
    if (more === 0) return this.#found
    const message = `${more} more anchors that the log names are not in the index as it names them`
    return [...this.#found, { code: 'ANCHOR_UNKNOWN', message, path: INDEX_PATH }]
  }
}

/** One token may have several lines: a checkpoint that was mailed to two addresses. */
function keyOf({ kind, by, size, at, sha256 }: IndexLine): string {
  return JSON.stringify([kind, by, size, at, sha256])
}
