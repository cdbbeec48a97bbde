/**
 * Reads `ExportTraceServiceRequest` of opentelemetry-proto 1.x in protobuf: what is wanted of a span, nothing else is
 * kept. spec/telemetry.md (TEL-16). Invariant: every length is held against what is left, so nothing is read outside.
 * @module
 */
import { fromUtf8, hex } from '../../core/encoding.ts'
import { OtlpError, SPANS_MAX, type SeenSpan } from './seen.ts'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
const VARINT_BYTES_MAX = 10

interface Field {
  readonly number: number
  /** Of a length-delimited field. */
  readonly bytes: Uint8Array
  /** Of any other. */
  readonly value: bigint
}

const NOTHING = new Uint8Array(0)

/** @throws {OtlpError} */
export function spansOfProtobuf(request: Uint8Array): SeenSpan[] {
  const spans: SeenSpan[] = []
  for (const resourceSpans of messages(request, 1)) {
    const resource = new Map<string, string>()
    for (const one of messages(resourceSpans, 1)) attributesInto(resource, one, 1)
    for (const scopeSpans of messages(resourceSpans, 2))
      for (const span of messages(scopeSpans, 2)) {
        if (spans.length >= SPANS_MAX) throw new OtlpError('OTLP_TOO_MANY', `over ${SPANS_MAX} spans`)
        spans.push(spanOf(span, resource))
      }
  }
  return spans
}

function spanOf(bytes: Uint8Array, resource: ReadonlyMap<string, string>): SeenSpan {
  const attributes = new Map(resource)
  attributesInto(attributes, bytes, 9)
  let [trace, span, parent] = ['', '', '']
  let [start_ns, end_ns] = [0n, 0n]
  for (const { number, bytes: value, value: word } of fields(bytes)) {
    if (number === 1) trace = hex(value)
    else if (number === 2) span = hex(value)
    else if (number === 4) parent = hex(value)
    else if (number === 7) start_ns = word
    else if (number === 8) end_ns = word
  }
  const [start_ms, end_ms] = [start_ns, end_ns].map((nanos) => Number(nanos / 1_000_000n)) as [number, number]
  return { trace, span, parent, start_ms, end_ms, attributes }
}

/** Those with a text for a value. @param number of the field that holds each `KeyValue` */
function attributesInto(into: Map<string, string>, bytes: Uint8Array, number: number): void {
  for (const keyValue of messages(bytes, number)) {
    const [key] = messages(keyValue, 1)
    const [value] = messages(keyValue, 2)
    const [text] = value === undefined ? [] : messages(value, 1)
    if (key !== undefined && text !== undefined) into.set(textOf(key), textOf(text))
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new OtlpError('OTLP_INVALID', 'a text is not UTF-8', { cause })
  }
}

function* messages(bytes: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of fields(bytes)) if (field.number === number) yield field.bytes
}

function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = bytes[at++]
      if (byte === undefined) break
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return value
    }
    throw new OtlpError('OTLP_INVALID', 'a number does not end')
  }
  const slice = (length: number): Uint8Array => {
    if (length > bytes.length - at)
      throw new OtlpError('OTLP_INVALID', 'a field is longer than what holds it')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const [number, type] = [Number(tag >> 3n), Number(tag & 7n)]
    if (type === VARINT) yield { number, bytes: NOTHING, value: varint() }
    else if (type === BYTES) yield { number, bytes: slice(Number(varint())), value: 0n }
    else if (type === FIXED64) yield { number, bytes: NOTHING, value: littleEndian(slice(8)) }
    else if (type === FIXED32) yield { number, bytes: NOTHING, value: littleEndian(slice(4)) }
    else throw new OtlpError('OTLP_INVALID', 'a field has an unknown type')
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
