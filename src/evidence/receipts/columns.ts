/** Columns of numbers, texts and hashes for millions of rows: no object a row, and growing copies nothing. @module */

type Numbers = Uint8Array | Uint32Array | Float64Array

const CHUNK_BITS = 14
const CHUNK = 2 ** CHUNK_BITS
const WITHIN = CHUNK - 1
const COUNT_MAX = 2 ** 32 - 1

export class Column<N extends Numbers = Numbers> {
  #make: (length: number) => N
  readonly #chunks: N[] = []
  #size = 0
  /** What fits, where larger numbers may come. */
  #most: number

  constructor(make: (length: number) => N, most = Infinity) {
    this.#make = make
    this.#most = most
  }

  static bytes(): Column<Uint8Array> {
    return new Column((length) => new Uint8Array(length))
  }

  /** Of whole numbers below 2^32. */
  static counts(): Column<Uint32Array> {
    return new Column((length) => new Uint32Array(length))
  }

  static numbers(): Column<Float64Array> {
    return new Column((length) => new Float64Array(length))
  }

  /** Of whole numbers: those below 2^32 take half the memory, until there is another among them. */
  static wholes(): Column {
    return new Column<Numbers>((length) => new Uint32Array(length), COUNT_MAX)
  }

  get size(): number {
    return this.#size
  }

  push(value: number): void {
    if (value > this.#most) this.#widen()
    const at = this.#size++
    if ((at & WITHIN) === 0) this.#chunks.push(this.#make(CHUNK))
    const chunk = this.#chunks[at >>> CHUNK_BITS]
    if (chunk !== undefined) chunk[at & WITHIN] = value
  }

  /** Later chunks hold any number. The one that is being filled is copied. */
  #widen(): void {
    this.#most = Infinity
    this.#make = (length) => new Float64Array(length) as unknown as N
    const last = this.#chunks.length - 1
    const chunk = this.#chunks[last]
    if (chunk === undefined || (this.#size & WITHIN) === 0) return
    const wide = this.#make(CHUNK)
    wide.set(chunk)
    this.#chunks[last] = wide
  }

  /** @param row below {@link size} */
  at(row: number): number {
    return this.#chunks[row >>> CHUNK_BITS]?.[row & WITHIN] ?? Number.NaN
  }

  set(row: number, value: number): void {
    const chunk = this.#chunks[row >>> CHUNK_BITS]
    if (chunk !== undefined) chunk[row & WITHIN] = value
  }
}

/** The first place of an ascending column whose value is not below this. */
export function firstFrom(ascending: Column, value: number): number {
  let [low, high] = [0, ascending.size]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending.at(middle) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Byte strings of one length. */
export class FixedColumn {
  readonly #length: number
  readonly #chunks: Uint8Array[] = []
  #size = 0

  constructor(length: number) {
    this.#length = length
  }

  push(bytes: Uint8Array): void {
    const at = this.#size++
    if ((at & WITHIN) === 0) this.#chunks.push(new Uint8Array(CHUNK * this.#length))
    this.#chunks[at >>> CHUNK_BITS]?.set(bytes, (at & WITHIN) * this.#length)
  }

  /** A view. */
  at(row: number): Uint8Array {
    const start = (row & WITHIN) * this.#length
    return this.#chunks[row >>> CHUNK_BITS]?.subarray(start, start + this.#length) ?? new Uint8Array(0)
  }
}

const ARENA_BYTES = 2 ** 20
const BYTES_MAX = 255

/** Texts by number. Those that are one character a byte, and short, take no memory but that; others are kept as they are. */
export class TextColumn {
  readonly #arenas: Uint8Array[] = []
  /** Where the next goes, counted over all arenas. */
  #end = 0
  readonly #starts = Column.wholes()
  readonly #lengths = Column.bytes()
  readonly #others = new Map<number, string>()

  get size(): number {
    return this.#starts.size
  }

  /** @returns its number */
  push(text: string): number {
    const id = this.size
    if (!isPlain(text)) {
      this.#others.set(id, text)
      this.#starts.push(0)
      this.#lengths.push(0)
      return id
    }
    const { length } = text
    if (this.#end + length > this.#arenas.length * ARENA_BYTES) {
      this.#end = this.#arenas.length * ARENA_BYTES
      this.#arenas.push(new Uint8Array(ARENA_BYTES))
    }
    const arena = this.#arenas.at(-1)
    const start = this.#end % ARENA_BYTES
    for (let i = 0; i < length; i++) if (arena !== undefined) arena[start + i] = text.charCodeAt(i)
    this.#starts.push(this.#end)
    this.#lengths.push(length)
    this.#end += length
    return id
  }

  at(id: number): string {
    const other = this.#others.size === 0 ? undefined : this.#others.get(id)
    if (other !== undefined) return other
    const start = this.#starts.at(id)
    const within = start % ARENA_BYTES
    const bytes = this.#arenas[Math.floor(start / ARENA_BYTES)]?.subarray(
      within,
      within + this.#lengths.at(id),
    )
    return bytes === undefined ? '' : String.fromCharCode.apply(null, bytes as unknown as number[])
  }

  is(id: number, text: string): boolean {
    const other = this.#others.size === 0 ? undefined : this.#others.get(id)
    if (other !== undefined) return other === text
    const { length } = text
    if (this.#lengths.at(id) !== length) return false
    const start = this.#starts.at(id)
    const arena = this.#arenas[Math.floor(start / ARENA_BYTES)]
    const within = start % ARENA_BYTES
    for (let i = 0; i < length; i++) if (arena?.[within + i] !== text.charCodeAt(i)) return false
    return true
  }
}

function isPlain(text: string): boolean {
  if (text.length > BYTES_MAX) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

const FREE = 0xffff_ffff

/** Texts that are each there once. */
export class TextSet {
  readonly texts = new TextColumn()
  readonly #hashes = Column.counts()
  #slots = new Uint32Array(1024).fill(FREE)

  /** @returns the number that it has, or has from now on */
  add(text: string): number {
    const hash = hashOf(text)
    let slot = hash & (this.#slots.length - 1)
    for (;;) {
      const id = this.#slots[slot] ?? FREE
      if (id === FREE) break
      if (this.#hashes.at(id) === hash && this.texts.is(id, text)) return id
      slot = (slot + 1) & (this.#slots.length - 1)
    }
    const id = this.texts.push(text)
    this.#hashes.push(hash)
    this.#slots[slot] = id
    if (id * 2 > this.#slots.length) this.#grow()
    return id
  }

  /** @returns its number; null: it is not there */
  find(text: string): number | null {
    const hash = hashOf(text)
    for (let slot = hash & (this.#slots.length - 1); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const id = this.#slots[slot] ?? FREE
      if (id === FREE) return null
      if (this.#hashes.at(id) === hash && this.texts.is(id, text)) return id
    }
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2).fill(FREE)
    for (let id = 0; id < this.texts.size; id++) {
      let slot = this.#hashes.at(id) & (slots.length - 1)
      while (slots[slot] !== FREE) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = id
    }
    this.#slots = slots
  }
}

/** FNV-1a, over UTF-16 units: it only has to spread. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
