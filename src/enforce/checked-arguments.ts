/** Arguments of a call as every reader reads them alike. spec/sdk.md (SDK-6), spec/mcp.md (MCP-5). @module */
import { parseJson, type JsonObject } from '../core/json.ts'
import { hasCaseTwins } from './adapters/mcp/frames.ts'
import { SdkError } from './sdk-errors.ts'

/** As in a frame of the gateway. */
const ARGUMENT_LIMITS = { bytes_max: 4 * 1024 * 1024, depth_max: 60 }

/** A copy, as every reader reads it (MCP-5). */
export function checkedArguments(args: unknown): JsonObject {
  const text = JSON.stringify(args ?? {}) as string | undefined
  const copy = parseJson(text ?? '', ARGUMENT_LIMITS)
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy))
    throw new SdkError('ARGUMENTS_INVALID', 'the arguments of a call are one object')
  if (hasCaseTwins(copy)) throw new SdkError('ARGUMENTS_INVALID', 'two arguments differ by case alone')
  if (hasProto(copy)) throw new SdkError('ARGUMENTS_INVALID', '__proto__ is no argument')
  return copy as JsonObject
}

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto)
}
