/**
 * OTLP as JSON (opentelemetry-proto 1.x, the JSON encoding of OTLP/HTTP): 64-bit numbers are text, identifiers lower-case
 * hexadecimal, names in lowerCamelCase. spec/telemetry.md (TEL-13). @module
 */
import type { Attributes, Value } from './mapping.ts'

export interface OtlpSpan {
  /** 16 and 8 bytes, hexadecimal. */
  readonly traceId: string
  readonly spanId: string
  readonly name: string
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number
  readonly start_ms: number
  readonly end_ms: number
  readonly attributes: Attributes
  readonly isError: boolean
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export function nanos(time_ms: number): string {
  return `${BigInt(Math.round(time_ms)) * 1_000_000n}`
}

export function attributesJson(attributes: Attributes): Json[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueJson(value) }))
}

function valueJson(value: Value): Json {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { intValue: String(value) }
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } }
}

/** `ExportTraceServiceRequest`. */
export function tracesJson(
  resource: Attributes,
  scope: string,
  schemaUrl: string,
  spans: readonly OtlpSpan[],
): Json {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesJson(resource) },
        scopeSpans: [{ scope: { name: scope }, spans: spans.map(spanJson), schemaUrl }],
      },
    ],
  }
}

function spanJson({ traceId, spanId, name, kind, start_ms, end_ms, attributes, isError }: OtlpSpan): Json {
  return {
    traceId,
    spanId,
    name,
    kind,
    startTimeUnixNano: nanos(start_ms),
    endTimeUnixNano: nanos(end_ms),
    attributes: attributesJson(attributes),
    status: isError ? { code: 2 } : {},
  }
}

export interface SumPoint {
  readonly attributes: Attributes
  readonly value: number
}

export interface HistogramPoint {
  readonly attributes: Attributes
  readonly count: number
  readonly sum: number
  readonly bucketCounts: readonly number[]
}

export type OtlpMetric =
  | { readonly name: string; readonly unit: string; readonly sums: readonly SumPoint[] }
  | {
      readonly name: string
      readonly unit: string
      readonly bounds: readonly number[]
      readonly histograms: readonly HistogramPoint[]
    }

const CUMULATIVE = 2

/** `ExportMetricsServiceRequest`: all cumulative since `start_ms`. */
export function metricsJson(
  resource: Attributes,
  scope: string,
  schemaUrl: string,
  times: { readonly start_ms: number; readonly now_ms: number },
  metrics: readonly OtlpMetric[],
): Json {
  const time = { startTimeUnixNano: nanos(times.start_ms), timeUnixNano: nanos(times.now_ms) }
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributesJson(resource) },
        scopeMetrics: [
          { scope: { name: scope }, metrics: metrics.map((one) => metricJson(one, time)), schemaUrl },
        ],
      },
    ],
  }
}

function metricJson(metric: OtlpMetric, time: { readonly [name: string]: Json }): Json {
  const { name, unit } = metric
  if ('sums' in metric) {
    const dataPoints = metric.sums.map(({ attributes, value }) => ({
      ...time,
      attributes: attributesJson(attributes),
      asInt: String(value),
    }))
    return { name, unit, sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }
  }
  const dataPoints = metric.histograms.map(({ attributes, count, sum, bucketCounts }) => ({
    ...time,
    attributes: attributesJson(attributes),
    count: String(count),
    sum,
    bucketCounts: bucketCounts.map(String),
    explicitBounds: [...metric.bounds],
  }))
  return { name, unit, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } }
}
