/**
 * What was read in one memory domain: the join of all labels, and the texts themselves within a bound. spec/flow.md, FLW-2
 * to FLW-6. Invariant: nothing that is noted, forgotten or raised makes a later answer milder.
 * @module
 */
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { BOTTOM, join, UNLABELLED, type DataLabel, type ToolLabel } from '../../core/label.ts'
import { Forgotten } from './forgotten.ts'
import { eachLeaf, isTakenOut } from './leaves.ts'
import { fold, formsOf, hasInvisible, isWhole, shortestDecimal, stands } from './text.ts'
import type { Basis, Found, MemoryView, ReadResult } from './types.ts'

/** Texts of one domain, in characters after folding. */
export const MEMORY_BYTES_DEFAULT = 256 * 1024
/** Characters of a call's own arguments. Of one that says more, no answer is trusted. */
const ECHO_CHARS_MAX = 16 * 1024

/** Stands between leaves, and in none: {@link fold} takes it out. */
const END = '\u0000'

/** Leaves of one result that have the same integrity. */
interface Chunk {
  /** Folded: each leaf between two {@link END}. */
  readonly text: string
  /** One a leaf. */
  readonly paths: readonly string[]
  readonly source: NonNullable<Basis['source']>
  /** What the call itself said, folded: its answer may only repeat it. Trusted chunks alone. */
  readonly echo: string
}

export interface MemoryOptions {
  readonly bytes_max?: number
  /** Of the domain as it was handed over, or of the domain that made the hop (FLW-1). */
  readonly taint?: DataLabel
  /** Texts were lost with the last holder (FLW-14). */
  readonly forgot?: boolean
}

export class FlowMemory implements MemoryView {
  readonly #bytes_max: number
  readonly #forgotten: Forgotten
  readonly #untrusted = new Kept()
  readonly #trusted = new Kept()
  #taint: DataLabel

  constructor({ bytes_max = MEMORY_BYTES_DEFAULT, taint = BOTTOM, forgot = false }: MemoryOptions = {}) {
    this.#bytes_max = bytes_max
    this.#taint = taint
    this.#forgotten = new Forgotten(forgot)
  }

  get taint(): DataLabel {
    return this.#taint
  }

  /** Whether texts were forgotten. */
  get forgot(): boolean {
    return this.#forgotten.any
  }

  /** Characters of text that are held: never more than the bound. */
  get bytes(): number {
    return this.#untrusted.bytes + this.#trusted.bytes
  }

  /** Of what another domain handed on. */
  raise(label: DataLabel): void {
    this.#taint = join(this.#taint, label)
  }

  /** Texts were lost: whatever is asked about may have stood in them. */
  forget(): void {
    this.#untrusted.clear()
    this.#trusted.clear()
    this.#forgotten.forgetEverything()
  }

  /** Before the agent sees it (FLW-2). What was taken out of it is not there any more. */
  note(result: ReadResult): void {
    const label = result.label ?? UNLABELLED
    const echo = echoOf(result.args)
    const distrusted = this.#isDistrusted(result, label, echo)
    const leaves = { untrusted: new Leaves(), trusted: new Leaves() }
    let said: DataLabel | null = null
    let empty = true
    for (const content of result.content) {
      eachLeaf(content, label.result, (leaf) => {
        empty = false
        const taken_out = isTakenOut(leaf.text)
        const own = taken_out ? { ...BOTTOM, integrity: leaf.label.integrity } : leaf.label
        if (said === null || !isSame(said, own)) said = said === null ? own : join(said, own)
        if (taken_out) return
        leaves[distrusted || own.integrity === 'untrusted' ? 'untrusted' : 'trusted'].add(
          leaf.text,
          leaf.path,
        )
      })
    }
    this.raise(empty || said === null ? wholeOf(label) : said)
    if (distrusted) this.raise({ ...BOTTOM, integrity: 'untrusted' })
    if (result.raised !== undefined) this.raise(result.raised)
    const source = { action: result.action, server: result.server, tool: result.tool, path: '' }
    this.#untrusted.push(leaves.untrusted.chunk(source, ''))
    this.#trusted.push(leaves.trusted.chunk(source, echo))
    this.#forgetBeyond()
  }

  /** FLW-3: an effect's answer may echo its arguments. */
  #isDistrusted(result: ReadResult, label: ToolLabel, echo: string): boolean {
    if (result.integrity === 'untrusted' || result.raised?.integrity === 'untrusted') return true
    if (this.#taint.integrity === 'trusted') return false
    return label.effect !== 'none' || echo.length > ECHO_CHARS_MAX
  }

  find(value: string): Found | null {
    const forms = formsOf(value)
    if (forms.length === 0) return null
    const { field, prose } = this.#inUntrusted(forms)
    const trusted = this.#inTrusted(forms)
    const also = { trusted: trusted !== null, field: field !== null }
    if (prose !== null) return { provenance: 'prose', source: prose, ...also }
    // It looks like another value, so it is not what that one is.
    if (hasInvisible(value) || (trusted === null && field === null)) return null
    if (this.#forgotten.any && forms.some((form) => this.#forgotten.mayHold(form)))
      return { provenance: 'prose', source: field ?? trusted, ...also }
    return { provenance: trusted === null ? 'field' : 'trusted', source: trusted ?? field, ...also }
  }

  #inUntrusted(forms: readonly string[]): { field: Basis['source']; prose: Basis['source'] } {
    let field: Basis['source'] = null
    let prose: Basis['source'] = null
    for (const chunk of this.#untrusted.chunks) {
      for (const form of forms) {
        const { text } = chunk
        for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + form.length)) {
          const to = at + form.length
          const is_field = text[at - 1] === END && text[to] === END
          if (is_field) field ??= sourceAt(chunk, at)
          else if (prose === null && isWhole(text, at, to)) prose = sourceAt(chunk, at)
          if (field !== null && prose !== null) return { field, prose }
        }
      }
    }
    return { field, prose }
  }

  #inTrusted(forms: readonly string[]): Basis['source'] {
    for (const chunk of this.#trusted.chunks) {
      for (const form of forms) {
        if (stands(chunk.echo, form)) continue
        const { text } = chunk
        for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1))
          if (isWhole(text, at, at + form.length)) return sourceAt(chunk, at)
      }
    }
    return null
  }

  /** FLW-6. A trusted text goes without a trace: what nobody remembers as trusted is not. */
  #forgetBeyond(): void {
    while (this.bytes > this.#bytes_max) {
      const most = this.#untrusted.bytes >= this.#trusted.bytes ? this.#untrusted : this.#trusted
      const oldest = most.shift()
      if (oldest !== undefined && most === this.#untrusted) this.#forgotten.add(oldest.text)
    }
  }
}

/** Texts of one integrity, oldest first. */
class Kept {
  readonly chunks: Chunk[] = []
  bytes = 0

  push(chunk: Chunk | null): void {
    if (chunk === null) return
    this.chunks.push(chunk)
    this.bytes += chunk.text.length
  }

  shift(): Chunk | undefined {
    const oldest = this.chunks.shift()
    this.bytes -= oldest?.text.length ?? 0
    return oldest
  }

  clear(): void {
    this.chunks.length = 0
    this.bytes = 0
  }
}

class Leaves {
  readonly #texts: string[] = []
  readonly #paths: string[] = []

  add(text: string, path: string): void {
    const folded = fold(text)
    if (folded === '') return
    this.#put(folded, path)
    const shortest = shortestDecimal(folded)
    if (shortest !== null) this.#put(shortest, path)
  }

  #put(folded: string, path: string): void {
    this.#texts.push(folded)
    this.#paths.push(path)
  }

  chunk(source: Chunk['source'], echo: string): Chunk | null {
    if (this.#texts.length === 0) return null
    return { text: `${END}${this.#texts.join(END)}${END}`, paths: this.#paths, source, echo }
  }
}

function isSame(a: DataLabel, b: DataLabel): boolean {
  return a.level === b.level && a.integrity === b.integrity && a.categories === b.categories
}

function wholeOf({ result }: ToolLabel): DataLabel {
  return { level: result.level, integrity: result.integrity, categories: result.categories }
}

/** Where in a result, by how many leaves end before it. */
function sourceAt(chunk: Chunk, at: number): NonNullable<Basis['source']> {
  let leaf = -1
  for (let end = chunk.text.indexOf(END); end !== -1 && end < at; end = chunk.text.indexOf(END, end + 1))
    leaf += 1
  return { ...chunk.source, path: chunk.paths[leaf] ?? '' }
}

function echoOf(args: JsonObject | undefined): string {
  if (args === undefined) return ''
  const texts: string[] = []
  const walk = (value: JsonValue): void => {
    if (typeof value === 'string' || typeof value === 'number') texts.push(fold(String(value)))
    else if (typeof value === 'object' && value !== null)
      for (const item of Object.values(value)) walk(item as JsonValue)
  }
  walk(args)
  return texts.join(END)
}
