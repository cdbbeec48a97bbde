/** Results and calls of an office as agents see them, made from a seed. @module */
import type { JsonObject } from '../../src/core/json.ts'
import type { ToolLabel } from '../../src/core/label.ts'
import type { ReadResult } from '../../src/decide/flow/types.ts'

const READ: ToolLabel = {
  v: 1,
  result: { level: 'confidential', integrity: 'untrusted', categories: ['personal'] },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
}
const CONTACTS: ToolLabel = { ...READ, result: { level: 'internal', integrity: 'trusted', categories: [] } }
const SEND: ToolLabel = { ...READ, effect: 'external', accepts: 'confidential', destination: ['/to', '/cc'] }

export interface TypicalCall {
  readonly tool: string
  readonly label: ToolLabel
  readonly args: JsonObject
}

const SYLLABLES = 'an be co da en fi go hu in ka lo ma ne or pa re si ta un vo wi ya'.split(' ')
/** As many as an office uses: of one, two or three syllables. */
const WORDS_N = 4000

/** mulberry32: the same texts on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export class Office {
  readonly #random: () => number
  readonly #words: readonly string[]
  #n = 0

  constructor(seed: number) {
    this.#random = randomOf(seed)
    const syllable = (): string => SYLLABLES[this.#pick(SYLLABLES.length)] ?? ''
    this.#words = Array.from({ length: WORDS_N }, () =>
      Array.from({ length: 1 + this.#pick(3) }, syllable).join(''),
    )
  }

  /** About a kilobyte: mails as text, rows as JSON, a page as prose, contacts; in turn. */
  result(): ReadResult {
    this.#n += 1
    const from = { action: `act_${this.#n}`, server: 'office' }
    switch (this.#n % 4) {
      case 0:
        return {
          ...from,
          tool: 'contacts',
          label: CONTACTS,
          args: { query: 'a' },
          content: [this.#contacts()],
        }
      case 1:
        return { ...from, tool: 'search_emails', label: READ, content: [this.#mails()] }
      case 2:
        return { ...from, tool: 'rows', label: READ, content: [JSON.stringify(this.#rows())] }
      default:
        return { ...from, tool: 'page', label: READ, content: [this.#prose(180)] }
    }
  }

  /** Two recipients and a text of some lines. */
  call(): TypicalCall {
    const args = { to: [this.#address(), this.#address()], subject: this.#prose(5), body: this.#prose(60) }
    return { tool: 'send_email', label: SEND, args }
  }

  #pick(of: number): number {
    return Math.floor(this.#random() * of)
  }

  #prose(words: number): string {
    return Array.from({ length: words }, () => this.#words[this.#pick(WORDS_N)] ?? '').join(' ')
  }

  #address(): string {
    return `person.${this.#pick(400)}@example.org`
  }

  #mails(): string {
    return Array.from(
      { length: 3 },
      (_, i) =>
        `- body: 'Hi,\n\n\n    ${this.#prose(30)}\n\n\n    Best'\n  id_: '${i}'\n  recipients:\n  - ${this.#address()}\n  sender: ${this.#address()}\n  subject: ${this.#prose(4)}\n`,
    ).join('')
  }

  #rows(): JsonObject {
    const row = (): JsonObject => ({
      id: this.#pick(900),
      amount: this.#pick(9000) / 100,
      to: this.#address(),
      note: this.#prose(4),
    })
    return { rows: Array.from({ length: 10 }, row) }
  }

  #contacts(): JsonObject {
    return { contacts: Array.from({ length: 12 }, () => ({ name: this.#prose(2), email: this.#address() })) }
  }
}
