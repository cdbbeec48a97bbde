/** Bodies of the entries about telemetry from outside, and what it was held against. spec/telemetry.md. @module */
import { z } from 'zod'

const id = z.string().max(64)
const hex = (length: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`))

export const telemetryBodies = {
  /** Who may hand in spans, of one agent or of all, or read metrics (TEL-15). */
  'source.added': z.strictObject({ kind: z.enum(['otlp', 'metrics']), agent: id.nullable() }),
  'source.removed': z.strictObject({}),
  /** A tool call that a span tells of and no receipt (TEL-17). Times in milliseconds since 1970. */
  'span.unmatched': z.strictObject({
    source: id,
    agent: id,
    server: z.string().max(256).nullable(),
    tool: z.string().max(256),
    trace: hex(32),
    span: hex(16),
    start: z.int().nonnegative(),
    end: z.int().nonnegative(),
  }),
  /** Of one day (UTC), by when spans came in. `unknown`: of no agent or tool that is registered. */
  'spans.reconciled': z.strictObject({
    day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
    matched: z.int().nonnegative(),
    unmatched: z.int().nonnegative(),
    unknown: z.int().nonnegative(),
  }),
}
