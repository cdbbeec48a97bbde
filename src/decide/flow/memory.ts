/**
 * What was read in one memory domain: the join of all labels, and the texts themselves within a bound. spec/flow.md, FLW-2
 * to FLW-6. Invariant: nothing that is noted, forgotten or raised makes a later answer milder.
 * @module
 */
import { BOTTOM, join, UNLABELLED, type DataLabel, type ToolLabel } from '../../core/label.ts'
import { echoOf, isEchoed } from './echo.ts'
import { Forgotten } from './forgotten.ts'
import { eachLeaf, isTakenOut } from './leaves.ts'
import { eachAt, fold, formsOf, hasInvisible, isWhole, shortestDecimal, stands } from './text.ts'
import { END, Texts, type Chunk } from './texts.ts'
import type { Basis, Found, MemoryView, ReadResult } from './types.ts'

/** Texts of one domain, in characters after folding. */
export const MEMORY_BYTES_DEFAULT = 256 * 1024
/** Characters of a call's own arguments. Of one that says more, no answer is trusted. */
const ECHO_CHARS_MAX = 16 * 1024
const END_CODE = END.charCodeAt(0)
/** A result is kept in parts of about so many characters, unless a leaf has more. */
const CHUNK_CHARS = 4096

export interface MemoryOptions {
  readonly bytes_max?: number
  /** Of the domain as it was handed over, or of the domain that made the hop (FLW-1). */
  readonly taint?: DataLabel
  /** Texts were lost with the last holder (FLW-14). */
  readonly forgot?: boolean
}

export class FlowMemory implements MemoryView {
  readonly #forgotten: Forgotten
  readonly #texts: Texts
  #taint: DataLabel

  constructor({ bytes_max = MEMORY_BYTES_DEFAULT, taint = BOTTOM, forgot = false }: MemoryOptions = {}) {
    this.#taint = taint
    this.#forgotten = new Forgotten(forgot)
    // FLW-6. A trusted text goes without a trace: what nobody remembers as trusted is not.
    this.#texts = new Texts(bytes_max, ({ kind, text }) => {
      if (kind !== 'trusted') this.#forgotten.add(text)
    })
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
    return this.#texts.bytes
  }

  /** Bytes that it takes, with what finds texts in it; no less than in truth. */
  get room(): number {
    return this.#texts.room + this.#forgotten.room
  }

  /** Of what another domain handed on. */
  raise(label: DataLabel): void {
    this.#taint = join(this.#taint, label)
  }

  /** Texts were lost: whatever is asked about may have stood in them. */
  forget(): void {
    this.#texts.clear()
    this.#forgotten.forgetEverything()
  }

  /** Before the agent sees it (FLW-2). What was taken out of it is not there any more. */
  note(result: ReadResult): void {
    const label = result.label ?? UNLABELLED
    const echo = echoOf(result.args, ECHO_CHARS_MAX)
    const distrusted = this.#isDistrusted(result, label, echo)
    const source = { action: result.action, server: result.server, tool: result.tool, path: '' }
    if (this.#taint.integrity === 'untrusted' && echo !== '')
      this.#texts.add({ kind: 'said', text: `${END}${echo}${END}`, paths: [], source, echo: '' })
    const leaves = {
      untrusted: new Leaves((text, paths) => ({ kind: 'untrusted', text, paths, source, echo: '' })),
      trusted: new Leaves((text, paths) => ({ kind: 'trusted', text, paths, source, echo })),
    }
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
    for (const chunk of [...leaves.untrusted.chunks(), ...leaves.trusted.chunks()]) this.#texts.add(chunk)
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
    const { field, prose, trusted, composed } = this.#places(forms)
    const also = { trusted: trusted !== null, field: field !== null, composed }
    if (prose !== null) return { provenance: 'prose', source: sourceOf(prose), ...also }
    // It looks like another value, so it is not what that one is.
    if (hasInvisible(value) || (trusted === null && field === null)) return null
    if (this.#forgotten.any && forms.some((form) => this.#forgotten.mayHold(form)))
      return { provenance: 'prose', source: sourceOf(field ?? trusted), ...also }
    return {
      provenance: trusted === null ? 'field' : 'trusted',
      source: sourceOf(trusted ?? field),
      ...also,
    }
  }

  #places(forms: readonly string[]): Places {
    const places: Places = { field: null, prose: null, trusted: null, composed: false }
    this.#texts.eachHolding(forms, (chunk, form) => {
      if (chunk.kind === 'said') {
        // FLW-3: what the agent said before any result held it comes from the agent, wherever it is read back from.
        places.composed ||= places.field === null && places.prose === null && stands(chunk.text, form)
      } else if (chunk.kind === 'untrusted') lookUntrusted(places, chunk, form)
      else if (places.trusted === null) lookTrusted(places, chunk, form)
      return places.prose !== null && places.trusted !== null && (places.field !== null || places.composed)
    })
    return places
  }
}

interface Place {
  readonly chunk: Chunk
  readonly at: number
}

/** Where a value was found first, by what holds it. */
interface Places {
  field: Place | null
  prose: Place | null
  trusted: Place | null
  composed: boolean
}

function lookUntrusted(places: Places, chunk: Chunk, form: string): void {
  const { text } = chunk
  eachAt(text, form, (at) => {
    const to = at + form.length
    if (text.charCodeAt(at - 1) === END_CODE && text.charCodeAt(to) === END_CODE) {
      if (!places.composed) places.field ??= { chunk, at }
    } else if (places.prose === null && isWhole(text, at, to)) places.prose = { chunk, at }
    return places.prose !== null && (places.field !== null || places.composed)
  })
}

function lookTrusted(places: Places, chunk: Chunk, form: string): void {
  const { text } = chunk
  eachAt(text, form, (at) => {
    if (!isWhole(text, at, at + form.length)) return false
    // FLW-3. It is asked last: few values stand in a trusted text at all.
    if (!isEchoed(chunk.echo, form)) places.trusted = { chunk, at }
    return true
  })
}

/** Leaves of one result that have the same integrity. */
class Leaves {
  readonly #chunkOf: (text: string, paths: readonly string[]) => Chunk
  readonly #chunks: Chunk[] = []
  #texts: string[] = []
  #paths: string[] = []
  #chars = 0

  constructor(chunkOf: (text: string, paths: readonly string[]) => Chunk) {
    this.#chunkOf = chunkOf
  }

  add(text: string, path: string): void {
    const folded = fold(text)
    if (folded === '') return
    this.#put(folded, path)
    const shortest = shortestDecimal(folded)
    if (shortest !== null) this.#put(shortest, path)
  }

  chunks(): readonly Chunk[] {
    this.#end()
    return this.#chunks
  }

  #put(folded: string, path: string): void {
    if (this.#chars > 0 && this.#chars + folded.length > CHUNK_CHARS) this.#end()
    this.#texts.push(folded)
    this.#paths.push(path)
    this.#chars += folded.length
  }

  #end(): void {
    if (this.#texts.length > 0)
      this.#chunks.push(this.#chunkOf(`${END}${this.#texts.join(END)}${END}`, this.#paths))
    this.#texts = []
    this.#paths = []
    this.#chars = 0
  }
}

function isSame(a: DataLabel, b: DataLabel): boolean {
  return a.level === b.level && a.integrity === b.integrity && a.categories === b.categories
}

function wholeOf({ result }: ToolLabel): DataLabel {
  return { level: result.level, integrity: result.integrity, categories: result.categories }
}

/** Where in a result, by how many leaves end before it. */
function sourceOf(place: Place | null): Basis['source'] {
  if (place === null) return null
  const { chunk, at } = place
  let leaf = -1
  for (let end = chunk.text.indexOf(END); end !== -1 && end < at; end = chunk.text.indexOf(END, end + 1))
    leaf += 1
  return { ...chunk.source, path: chunk.paths[leaf] ?? '' }
}
