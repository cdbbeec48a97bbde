/** Text as bytes that come in pieces: its byte order mark, its line endings, whether it is UTF-8. spec/attestation.md (ATT-3). @module */
import { concat } from '../core/encoding.ts'
import { ProvenanceError } from './errors.ts'

const CR = 0x0d
const LF = 0x0a
const MARK = [0xef, 0xbb, 0xbf]
const NOTHING = new Uint8Array()

/** What becomes of bytes on their way into a hash. */
export interface Step {
  push(bytes: Uint8Array): Uint8Array
  /** What was held back. */
  end(): Uint8Array
}

/** CRLF and CR become LF. */
export class LineEndingsForm implements Step {
  /** The last byte was a CR: an LF behind it is of the same line ending. */
  #afterCr = false

  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes
    const from = this.#afterCr && bytes[0] === LF ? 1 : 0
    this.#afterCr = bytes.at(-1) === CR
    if (!bytes.includes(CR)) return bytes.subarray(from)
    const out = new Uint8Array(bytes.length)
    let at = 0
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0
      if (byte === LF && i > 0 && bytes[i - 1] === CR) continue
      out[at++] = byte === CR ? LF : byte
    }
    return out.subarray(0, at)
  }

  end(): Uint8Array {
    return NOTHING
  }
}

/** LF becomes CRLF. @see LineEndingsForm, which goes before it */
export class WithCrlf implements Step {
  push(bytes: Uint8Array): Uint8Array {
    let lines = 0
    for (const byte of bytes) if (byte === LF) lines++
    if (lines === 0) return bytes
    const out = new Uint8Array(bytes.length + lines)
    let at = 0
    for (const byte of bytes) {
      if (byte === LF) out[at++] = CR
      out[at++] = byte
    }
    return out
  }

  end(): Uint8Array {
    return NOTHING
  }
}

/** Takes a byte order mark off the start. */
export class WithoutMark implements Step {
  #held: Uint8Array = NOTHING
  #isPast = false

  push(bytes: Uint8Array): Uint8Array {
    if (this.#isPast) return bytes
    const start = concat(this.#held, bytes)
    const isMark = MARK.every((byte, i) => i >= start.length || start[i] === byte)
    if (isMark && start.length < MARK.length) {
      this.#held = start
      return NOTHING
    }
    this.#isPast = true
    this.#held = NOTHING
    return isMark ? start.subarray(MARK.length) : start
  }

  end(): Uint8Array {
    return this.#held
  }
}

export class Utf8Check implements Step {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  push(bytes: Uint8Array): Uint8Array {
    this.#decode(() => this.#decoder.decode(bytes, { stream: true }))
    return bytes
  }

  end(): Uint8Array {
    this.#decode(() => this.#decoder.decode())
    return NOTHING
  }

  #decode(work: () => string): void {
    try {
      work()
    } catch (cause) {
      throw new ProvenanceError('FORM_INVALID', 'a text is UTF-8, and this is not', { cause })
    }
  }
}
