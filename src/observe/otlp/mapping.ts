/**
 * The one place that says what our records are called in OpenTelemetry: GenAI and MCP semantic conventions of
 * open-telemetry/semantic-conventions-genai v0.1.0 (status: development), `error.type` and `service.*` of semantic
 * conventions v1.45.0. What they have no name for begins with `countersign.`. spec/telemetry.md (TEL-13).
 * Invariant: no value here is personal or secret; arguments and results are never exported.
 * @module
 */
import type { DecisionReceipt, OutcomeReceipt } from '../../log/receipt.ts'

export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0'
export const SCOPE = 'countersign'

export const NAMES = {
  operation: 'gen_ai.operation.name',
  agent: 'gen_ai.agent.id',
  tool: 'gen_ai.tool.name',
  call: 'gen_ai.tool.call.id',
  method: 'mcp.method.name',
  error: 'error.type',
  server: 'countersign.server',
  point: 'countersign.point',
  decision: 'countersign.decision',
  outcome: 'countersign.outcome',
  reasons: 'countersign.reasons',
  binding: 'countersign.binding',
  placement: 'countersign.placement',
  entry: 'countersign.entry',
  reason: 'countersign.reason',
} as const

export const EXECUTE_TOOL = 'execute_tool'
export const TOOLS_CALL = 'tools/call'

export const METRICS = {
  duration: { name: 'mcp.server.operation.duration', unit: 's' },
  decisions: { name: 'countersign.decisions', unit: '{decision}' },
  outcomes: { name: 'countersign.outcomes', unit: '{outcome}' },
  reasons: { name: 'countersign.reasons', unit: '{reason}' },
} as const

/** Of MCP itself: an action with such a name is a method, anything else a tool. */
const METHOD = /^(completion|elicitation|logging|prompts|resources|sampling|tasks)\//

export type Value = string | number | readonly string[]
export type Attributes = Readonly<Record<string, Value>>

/** The name of the span of a call. */
export function spanName({ tool }: Pick<DecisionReceipt, 'tool'>): string {
  return METHOD.test(tool) ? tool : `${EXECUTE_TOOL} ${tool}`
}

/** @param entry index of the decision in the log: where the evidence is */
export function spanAttributes(
  decision: DecisionReceipt,
  outcome: OutcomeReceipt['outcome'] | null,
  entry: number,
): Attributes {
  const { agent, server, tool, point, reasons, binding, placement, action } = decision
  const isMethod = METHOD.test(tool)
  const error = errorType(decision, outcome)
  return {
    [NAMES.method]: isMethod ? tool : TOOLS_CALL,
    ...(isMethod ? {} : { [NAMES.operation]: EXECUTE_TOOL, [NAMES.tool]: tool, [NAMES.call]: action }),
    ...(agent === null ? {} : { [NAMES.agent]: agent }),
    [NAMES.server]: server,
    [NAMES.point]: point,
    [NAMES.decision]: decision.decision,
    ...(outcome === null ? {} : { [NAMES.outcome]: outcome }),
    ...(reasons.length === 0 ? {} : { [NAMES.reasons]: reasons }),
    [NAMES.binding]: binding,
    [NAMES.placement]: placement,
    [NAMES.entry]: entry,
    ...(error === null ? {} : { [NAMES.error]: error }),
  }
}

/** A denial is named by its reason, a failure by its outcome. */
export function errorType(
  decision: DecisionReceipt,
  outcome: OutcomeReceipt['outcome'] | null,
): string | null {
  if (decision.decision !== 'allow') return decision.reasons[0] ?? decision.decision
  return outcome === null || outcome === 'finished' ? null : outcome === 'failed' ? 'tool_error' : outcome
}
