/** Spans that others hand in, and which of them tell of a tool call. spec/telemetry.md (TEL-16). @module */
import { z } from 'zod'
import { CoreError, CountersignError } from '../../core/errors.ts'
import { parseJson } from '../../core/json.ts'
import { EXECUTE_TOOL, NAMES, TOOLS_CALL } from './mapping.ts'

export type OtlpErrorCode = 'OTLP_INVALID' | 'OTLP_TOO_MANY'
export class OtlpError extends CountersignError<OtlpErrorCode> {}

/** The largest request, in bytes: exporters send 512 spans at a time. */
export const OTLP_BYTES_MAX = 4 * 1024 * 1024
export const SPANS_MAX = 10_000
const DEPTH_MAX = 64
const NAME_MAX = 256
const TIME_MS_MAX = 8.64e15

export interface SeenSpan {
  /** Hexadecimal. */
  readonly trace: string
  readonly span: string
  /** Empty without one. */
  readonly parent: string
  readonly start_ms: number
  readonly end_ms: number
  /** Texts of the resource and of the span. */
  readonly attributes: ReadonlyMap<string, string>
}

const keyValues = z
  .array(
    z.looseObject({
      key: z.string(),
      value: z.looseObject({ stringValue: z.unknown().optional() }).exactOptional(),
    }),
  )
  .default([])
const nanos = z.union([z.string().regex(/^\d{1,20}$/), z.number().nonnegative()]).default('0')
const request = z.looseObject({
  resourceSpans: z
    .array(
      z.looseObject({
        resource: z.looseObject({ attributes: keyValues }).default({ attributes: [] }),
        scopeSpans: z
          .array(
            z.looseObject({
              spans: z
                .array(
                  z.looseObject({
                    traceId: z.string(),
                    spanId: z.string(),
                    parentSpanId: z.string().default(''),
                    startTimeUnixNano: nanos,
                    endTimeUnixNano: nanos,
                    attributes: keyValues,
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
})

/** @throws {OtlpError} */
export function spansOfJson(bytes: Uint8Array): SeenSpan[] {
  const parsed = request.safeParse(jsonOf(bytes))
  if (!parsed.success) throw new OtlpError('OTLP_INVALID', 'the request is not one of OTLP traces')
  const spans = parsed.data.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(
        ({ traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, attributes }) => ({
          trace: traceId.toLowerCase(),
          span: spanId.toLowerCase(),
          parent: parentSpanId.toLowerCase(),
          start_ms: millis(startTimeUnixNano),
          end_ms: millis(endTimeUnixNano),
          attributes: new Map([...texts(resource.attributes), ...texts(attributes)]),
        }),
      ),
    ),
  )
  if (spans.length > SPANS_MAX) throw new OtlpError('OTLP_TOO_MANY', `over ${SPANS_MAX} spans`)
  return spans
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, { bytes_max: OTLP_BYTES_MAX, depth_max: DEPTH_MAX })
  } catch (cause) {
    if (cause instanceof CoreError) throw new OtlpError('OTLP_INVALID', 'the request is not JSON', { cause })
    throw cause
  }
}

function millis(nanos: string | number): number {
  return Number(BigInt(typeof nanos === 'number' ? Math.floor(nanos) : nanos) / 1_000_000n)
}

function texts(keyValues: readonly { key: string; value?: { stringValue?: unknown } }[]): [string, string][] {
  return keyValues.flatMap(({ key, value }) =>
    typeof value?.stringValue === 'string' ? [[key, value.stringValue] as [string, string]] : [],
  )
}

/** A tool call, as telemetry tells of it. Times in milliseconds since 1970. */
export interface ToolSpan {
  readonly trace: string
  readonly span: string
  readonly parent: string
  readonly agent: string | null
  readonly server: string | null
  readonly tool: string
  readonly start: number
  readonly end: number
}

/** A tool call by the conventions of GenAI or of MCP; null for any other span. */
export function toolCallOf(seen: SeenSpan): ToolSpan | null {
  const { attributes, trace, span, parent, start_ms, end_ms } = seen
  const isCall =
    attributes.get(NAMES.operation) === EXECUTE_TOOL || attributes.get(NAMES.method) === TOOLS_CALL
  const tool = attributes.get(NAMES.tool)
  if (!isCall || tool === undefined || tool === '' || tool.length > NAME_MAX) return null
  if (!/^[0-9a-f]{32}$/.test(trace) || !/^[0-9a-f]{16}$/.test(span)) return null
  const [start, end] = [Math.floor(start_ms), Math.floor(Math.max(start_ms, end_ms))]
  if (!(end <= TIME_MS_MAX)) return null
  const server = attributes.get(NAMES.server)?.slice(0, NAME_MAX) ?? null
  const agent = attributes.get(NAMES.agent) ?? null
  return { trace, span, parent: parent.slice(0, 16), agent, server, tool, start, end }
}
