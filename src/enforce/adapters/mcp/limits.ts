/** What an operator may set of an MCP gateway's limits. spec/mcp.md (MCP-16). @module */
import { z } from 'zod'

/** For the gateway's own listings: calls wait for them. */
export const LISTING_MS = 30_000
/** Tasks of allowed calls that a connection may go on with: the oldest go first. */
export const TASKS_MAX = 1024

const COUNT_MAX = 4096
const CALL_MS_MAX = 86_400_000

/** As `countersign.yaml` has them. */
export const mcpLimitsSchema = z.strictObject({
  /** Requests without an answer, in either direction, each. */
  in_flight: z.int().min(1).max(COUNT_MAX).default(256),
  /** How long a request may go without an answer. Subscriptions may for ever. */
  call_ms: z.int().min(1000).max(CALL_MS_MAX).default(1_800_000),
  /** Subscriptions of one connection. */
  subscriptions: z.int().min(1).max(COUNT_MAX).default(256),
})

export type McpLimits = z.infer<typeof mcpLimitsSchema>

export const MCP_LIMITS: McpLimits = mcpLimitsSchema.parse({})
