/**
 * Lines of `anchor/index`, which nobody signs, against the `log.anchored` entries, which the log's key does.
 * spec/witness.md, ANC-7.
 * Invariant: whoever changes, drops or relabels the line of an anchor that the log names is found out.
 * @module
 */
import { keyOf, type AnchoredBody, type IndexLine } from './anchored.ts'
import { INDEX_PATH } from './anchor-files.ts'
import type { LogFault } from './verify.ts'

type UnknownFault = LogFault<'ANCHOR_UNKNOWN'>

/** Findings that are named; the others are counted. */
const NAMED_MAX = 100

interface Named {
  readonly index: number
  readonly body: AnchoredBody
}

export class AnchorLines {
  readonly #listed: Set<string>
  readonly #tokens: Set<string>
  /** The first that no line lists. */
  readonly #unlisted: Named[] = []
  #count = 0

  constructor(lines: readonly IndexLine[]) {
    this.#listed = new Set(lines.map(keyOf))
    this.#tokens = new Set(lines.map(({ sha256 }) => sha256))
  }

  /** @param body of the `log.anchored` entry at `index` */
  entry(index: number, body: AnchoredBody): void {
    if (this.#listed.has(keyOf(body))) return
    this.#count++
    if (this.#unlisted.length < NAMED_MAX) this.#unlisted.push({ index, body })
  }

  /** @param newer reads the index once more: one of a log that is written may have got a line since */
  async end(newer: () => Promise<readonly IndexLine[]>): Promise<UnknownFault[]> {
    if (this.#count === 0) return []
    for (const line of await newer()) {
      this.#listed.add(keyOf(line))
      this.#tokens.add(line.sha256)
    }
    const unknown = this.#unlisted.filter(({ body }) => !this.#listed.has(keyOf(body)))
    const found = unknown.slice(0, this.#listed.size === 0 ? 1 : NAMED_MAX).map((each) => this.#fault(each))
    const more = this.#count - (this.#unlisted.length - unknown.length) - found.length
    if (more === 0) return found
    const message = `${more} more anchors that the log names are not in the index as it names them`
    return [...found, { code: 'ANCHOR_UNKNOWN', message, path: INDEX_PATH }]
  }

  #fault({ index, body }: Named): UnknownFault {
    const how = this.#tokens.has(body.sha256)
      ? 'lists with another kind, name, size or time'
      : 'does not list'
    const message = `entry ${index} names an anchor that the index ${how}`
    return { code: 'ANCHOR_UNKNOWN', message, index, path: INDEX_PATH }
  }
}
