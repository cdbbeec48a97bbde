/** Reads the entries of one log, one after the other, each strictly. What it read before makes receipts cheap. @module */
import { utf8 } from '../core/encoding.ts'
import { decodeText, entryText, type AnyEntry } from './entries.ts'
import { ReceiptTexts, type OwnMembers } from './receipt-texts.ts'

export interface ReadEntry {
  /** Of a receipt, what one before it said besides its own members. */
  readonly entry: AnyEntry
  /** Null: the entry says it all. Good until the next is read. */
  readonly own: OwnMembers | null
  /** The body, in canonical form: what a receipt's hash is of. */
  readonly body: Uint8Array
}

export class EntryReader {
  readonly #receipts = new ReceiptTexts()

  /** @param text of the bytes, where the caller has it @throws {LogError} `ENTRY_INVALID` */
  read(bytes: Uint8Array, text: string = entryText(bytes)): ReadEntry {
    const own = this.#receipts.read(text)
    if (own !== null && own.kind !== null) {
      // One byte a character, or nothing is known of where the body stands.
      const isPlain = text.length === bytes.length
      const { begin, end } = own
      const body = isPlain ? bytes.subarray(begin, end) : utf8(text.slice(begin, end))
      return { entry: own.kind.entry, own, body }
    }
    const { entry, body } = decodeText(text)
    if (entry.type === 'receipt') this.#receipts.learn(text, entry, body)
    return { entry, own: null, body: utf8(body) }
  }
}
