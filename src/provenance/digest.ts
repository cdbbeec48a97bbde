/**
 * Outputs as bytes: one form each, one digest, computed as bytes come. spec/attestation.md (ATT-3, ATT-4).
 * Invariant: `file`, `stream` and `text` take memory that does not grow with the output.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { concat, hex } from '../core/encoding.ts'
import type { Form } from '../core/output.ts'
import { ProvenanceError } from './errors.ts'
import { LineEndingsForm, Utf8Check, WithCrlf, WithoutMark, type Step } from './line-endings.ts'
import { canonicalCommit, canonicalJson, canonicalMail } from './whole-forms.ts'

/** An incremental SHA-256: `createHash('sha256')` of node:crypto is one. */
export interface ByteHash {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}
export type NewHash = () => ByteHash

/** An output of one form. */
export interface Measured {
  readonly form: Form
  /** Hex. */
  readonly sha256: string
  /** Of the form. */
  readonly bytes: number
}

/** Hex digests of a file with each of its line endings made one kind. */
export interface LineEndings {
  readonly lf: string
  readonly crlf: string
}

/** The largest output of a form that is held whole (ATT-4), in bytes. */
export const WHOLE_BYTES_MAX = 16 * 1024 * 1024
const NOTHING: Uint8Array = new Uint8Array()

/** Digests one output of one form. */
export class Measurer {
  readonly #form: Form
  readonly #hash: ByteHash
  readonly #steps: readonly Step[]
  #bytes = 0

  constructor(form: Form, newHash: NewHash) {
    this.#form = form
    this.#hash = newHash()
    this.#steps = stepsOf(form)
  }

  /** @throws {ProvenanceError} `FORM_INVALID` */
  update(bytes: Uint8Array): void {
    this.#take(this.#steps.reduce((rest, step) => step.push(rest), bytes))
  }

  /** Call it once. @throws {ProvenanceError} `FORM_INVALID` */
  end(): Measured {
    this.#take(endOf(this.#steps))
    return { form: this.#form, sha256: hex(this.#hash.digest()), bytes: this.#bytes }
  }

  #take(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (bytes.length > 0) this.#hash.update(bytes)
  }
}

/** For a file whose digest is another: whether line endings are all that changed. */
export class LineMeasurer {
  readonly #lf: ByteHash
  readonly #crlf: ByteHash
  readonly #toLf = new LineEndingsForm()
  readonly #toCrlf = new WithCrlf()

  constructor(newHash: NewHash) {
    this.#lf = newHash()
    this.#crlf = newHash()
  }

  update(bytes: Uint8Array): void {
    this.#take(this.#toLf.push(bytes))
  }

  end(): LineEndings {
    this.#take(this.#toLf.end())
    return { lf: hex(this.#lf.digest()), crlf: hex(this.#crlf.digest()) }
  }

  #take(bytes: Uint8Array): void {
    this.#lf.update(bytes)
    this.#crlf.update(this.#toCrlf.push(bytes))
  }
}

function stepsOf(form: Form): readonly Step[] {
  switch (form) {
    case 'file':
    case 'stream':
      return []
    case 'text':
      return [new Utf8Check(), new WithoutMark(), new LineEndingsForm()]
    case 'json':
      return [new Whole(canonicalJson)]
    case 'git':
      return [new Whole(canonicalCommit)]
    case 'mail':
      return [new Whole(canonicalMail)]
  }
}

/** What each step held back goes through those behind it. */
function endOf(steps: readonly Step[]): Uint8Array {
  return steps.reduce((rest, step) => concat(step.push(rest), step.end()), NOTHING)
}

class Whole implements Step {
  readonly #parts: Uint8Array[] = []
  readonly #form: (bytes: Uint8Array) => Uint8Array
  #bytes = 0

  constructor(form: (bytes: Uint8Array) => Uint8Array) {
    this.#form = form
  }

  push(bytes: Uint8Array): Uint8Array {
    this.#bytes += bytes.length
    if (this.#bytes > WHOLE_BYTES_MAX)
      throw new ProvenanceError('FORM_INVALID', `an output of this form has at most ${WHOLE_BYTES_MAX} bytes`)
    // A reader may use its memory again.
    if (bytes.length > 0) this.#parts.push(bytes.slice())
    return NOTHING
  }

  end(): Uint8Array {
    return this.#form(concat(...this.#parts))
  }
}

/** Of bytes that are here whole. @throws {ProvenanceError} `FORM_INVALID` */
export function measure(form: Form, bytes: Uint8Array, newHash: NewHash): Measured {
  const measurer = new Measurer(form, newHash)
  measurer.update(bytes)
  return measurer.end()
}

/** The byte string of which the form's digest is. @throws {ProvenanceError} `FORM_INVALID` */
export function formBytes(form: Form, bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  measure(form, bytes, () => ({ update: (part) => parts.push(part.slice()), digest: () => NOTHING }))
  return concat(...parts)
}

/** @throws {ProvenanceError} `FORM_INVALID` */
export async function measureStream(
  form: Form,
  chunks: AsyncIterable<Uint8Array>,
  newHash: NewHash,
): Promise<Measured> {
  const measurer = new Measurer(form, newHash)
  for await (const chunk of chunks) measurer.update(chunk)
  return measurer.end()
}

/** A hash that holds what it is given, where the platform has no incremental one: for outputs of a bounded size. */
export function wholeHash(crypto: Pick<Crypto, 'sha256'>): NewHash {
  return () => {
    const parts: Uint8Array[] = []
    return {
      update: (bytes) => parts.push(bytes.slice()),
      digest: () => crypto.sha256(concat(...parts)),
    }
  }
}
