/** Bodies of the entries about tools and their pinned definitions. spec/entries.md, spec/mcp.md (MCP-12 to MCP-14). @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const text = z.string().max(512)

/** How a tool's call is measured: `path` is a JSON Pointer (RFC 6901) into the arguments. */
export const measuresSchema = z.record(
  z.string().max(64),
  z.strictObject({
    path: z.string().max(256),
    of: z.enum(['number', 'bytes', 'items']),
    unit: z.string().max(32),
  }),
)

/** Characters of a definition's JCS in an entry (MCP-13): room for what stands around it. */
export const DEFINITION_LENGTH_MAX = 32 * 1024

const toolSchema = z.strictObject({
  system: id,
  server: text,
  tool: text,
  definition_hash: digest,
  measures: measuresSchema,
  /** JSON Pointers to the arguments that name what a call touches (GRT-6). */
  resources: z.array(z.string().max(256)).min(1).max(16).exactOptional(),
  /** JCS of what `definition_hash` is the hash of, where whoever registered it gave it and it is not too long. */
  definition: z.string().max(DEFINITION_LENGTH_MAX).exactOptional(),
})

export const toolBodies = {
  'tool.registered': toolSchema,
  /** A registration that waits for another person (MCP-13, MCP-14). */
  'tool.changed': z.strictObject({
    /** The tool's identifier. */
    registered: id,
    /** The definition that the tool is pinned to. */
    was: digest,
    becomes: toolSchema,
  }),
  'tool.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('tool.approve'),
      change: id,
      /** Index of the `tool.changed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
}
