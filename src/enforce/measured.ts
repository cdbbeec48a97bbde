/** An output as an agent hands it over: its form, its digest, what people can look at. spec/outputs.md (OUT-9). @module */
import type { Crypto } from '../core/crypto.ts'
import { fromUtf8, hex, utf8 } from '../core/encoding.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Form } from '../core/output.ts'
import type { OutputSubject } from '../ports/outputs.ts'
import { formBytes } from '../provenance/digest.ts'
import { SdkError } from './sdk-errors.ts'

/** What the review desk shows, in characters: more is released without it, and nobody can review it there. */
const CONTENT_CHARS_MAX = 64 * 1024
const JSON_LIMITS = { bytes_max: 16 * 1024 * 1024, depth_max: 60 }

export interface OutputOptions {
  /** As the output policy calls it. */
  readonly kind: string
  /** What it is called; the kind unless told otherwise. */
  readonly name?: string
  /** ATT-3. Text is `text`, bytes are `file`, anything else is `json` unless told otherwise. */
  readonly form?: Form
  /** The output that it was made from. */
  readonly draft?: string
  /** Told where people review it, if it is held. */
  readonly onReview?: (held: { readonly output: string; readonly url: string }) => void
  /** How long it waits for them, in milliseconds; 5 minutes unless told otherwise. */
  readonly ttl_ms?: number
}

/** @throws {SdkError} `ARGUMENTS_INVALID`: no text, JSON or bytes; {ProvenanceError} `FORM_INVALID` */
export function measured(
  crypto: Crypto,
  output: unknown,
  { kind, name = kind, form }: OutputOptions,
): { readonly subject: readonly OutputSubject[]; readonly content?: string } {
  const { bytes, usual } = bytesOf(output)
  const as = form ?? usual
  const formed = formBytes(as, bytes)
  const subject = {
    name,
    digest: { sha256: hex(crypto.sha256(formed)) },
    annotations: { form: as, bytes: formed.length },
  }
  const content = textOf(formed)
  return content === null || content.length > CONTENT_CHARS_MAX
    ? { subject: [subject] }
    : { subject: [subject], content }
}

function bytesOf(output: unknown): { bytes: Uint8Array; usual: Form } {
  if (typeof output === 'string') return { bytes: utf8(output), usual: 'text' }
  if (output instanceof Uint8Array) return { bytes: output, usual: 'file' }
  const text = JSON.stringify(output) as string | undefined
  if (text === undefined) throw new SdkError('ARGUMENTS_INVALID', 'an output is text, JSON or bytes')
  return { bytes: utf8(canonicalize(parseJson(text, JSON_LIMITS))), usual: 'json' }
}

/** What was digested, where it is characters: people look at that, and at nothing else (ATT-22). */
function textOf(formed: Uint8Array): string | null {
  try {
    return fromUtf8(formed)
  } catch {
    return null
  }
}
