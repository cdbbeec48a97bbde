/** What a receipt keeps of what the caller gave: names cut to size, and what a commitment to arguments opens to. @module */
import type { JsonValue } from '../core/json.ts'
import type { Opening } from '../ports/control-plane.ts'
import type { Authenticated } from './authenticate.ts'
import type { Judged } from './judged.ts'
import type { DecisionFields } from './recorder.ts'
import type { CallRequest } from './types.ts'

/** Arguments above this are committed to but not kept, in bytes of JSON. */
const OPENING_BYTES_MAX = 64 * 1024
/** And so are deeper ones: the control plane reads 32 levels, a shipment around them included. */
const OPENING_DEPTH_MAX = 24

/** @returns null when there is nothing to open */
export function openingOf(
  request: CallRequest,
  action: string,
  authenticated: Authenticated,
): Opening | null {
  const { args_commit, salt } = authenticated
  if (args_commit === null || salt === null) return null
  const small =
    JSON.stringify(request.args).length <= OPENING_BYTES_MAX && isPlain(request.args, OPENING_DEPTH_MAX)
  return { args_commit, action, salt, args: small ? request.args : null }
}

/**
 * Whether a strict reader at the other end gets the value as it is. What it would refuse, it would refuse for ever, and
 * no receipt behind it would be shipped.
 */
function isPlain(value: JsonValue | undefined, depth: number): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  if (Array.isArray(value)) return value.every((item: JsonValue) => isPlain(item, depth - 1))
  return Object.entries(value).every(([name, item]) => name !== '__proto__' && isPlain(item, depth - 1))
}

/** Names come from the caller: a receipt holds 256 characters of them. */
function bounded(name: string): string {
  return name.toWellFormed().slice(0, 256).toWellFormed()
}

/** What the receipt of a decision says. @param state how the point stood then */
export function decisionFields(
  request: CallRequest,
  action: string,
  { authenticated, verdict, debits, flow, basis }: Judged,
  state: Pick<DecisionFields, 'placement' | 'freshness' | 'kill' | 'approval'>,
): DecisionFields {
  return {
    action,
    chain: authenticated.record?.id ?? null,
    agent: authenticated.chain?.agent ?? null,
    grant: verdict.grant,
    server: bounded(request.server),
    tool: bounded(request.tool),
    definition_hash: request.definition_hash,
    args_commit: authenticated.args_commit,
    decision: verdict.decision,
    reasons: verdict.decision === 'allow' ? [] : [...verdict.reasons],
    binding: authenticated.binding,
    debits: [...debits],
    ...(basis === undefined ? {} : { basis }),
    ...(request.canary === undefined ? {} : { canary: request.canary }),
    ...(flow === undefined ? {} : { flow }),
    ...(authenticated.manifest === null ? {} : { manifest: authenticated.manifest }),
    ...state,
  }
}
