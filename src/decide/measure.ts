/** What a call weighs and touches (GRT-4, GRT-6). Pure. @module */
import { utf8 } from '../core/encoding.ts'
import { isAmbiguous } from '../core/fold.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Limit } from '../token/grant.ts'

/** By name: `path` is a JSON Pointer (RFC 6901) into the arguments. */
export type Measures = Readonly<
  Record<string, { readonly path: string; readonly of: 'number' | 'bytes' | 'items'; readonly unit: string }>
>

/** The measure that needs no registration: each call is 1. */
const CALLS = { measure: 'calls', unit: '1' } as const

/** @returns a non-negative integer, or null when the call cannot be measured: then it must not be allowed. */
export function measure(
  limit: Pick<Limit, 'measure' | 'unit'>,
  args: JsonObject,
  measures: Measures,
): number | null {
  if (limit.measure === CALLS.measure && limit.unit === CALLS.unit) return 1
  const definition = Object.hasOwn(measures, limit.measure) ? measures[limit.measure] : undefined
  if (definition === undefined || definition.unit !== limit.unit) return null
  const value = pointer(args, definition.path)
  switch (definition.of) {
    case 'number':
      return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
    case 'bytes':
      return typeof value === 'string' ? utf8(value).length : null
    case 'items':
      return Array.isArray(value) ? value.length : null
  }
}

/**
 * What a call touches (GRT-6).
 * @param pointers of the tool's registration
 * @returns null when the registration names none, or one of them holds something else than text or may hold two things
 */
export function resourcesOf(
  args: JsonObject,
  pointers: readonly string[] | undefined,
): readonly string[] | null {
  if (pointers === undefined || pointers.length === 0) return null
  const resources: string[] = []
  for (const path of pointers) {
    const value = pointer(args, path)
    if (value === undefined) continue
    for (const item of Array.isArray(value) ? (value as readonly JsonValue[]) : [value]) {
      if (typeof item !== 'string') return null
      resources.push(item)
    }
  }
  return resources
}

/** RFC 6901. @returns null, which is neither a measure nor a resource, where readers may see different values (GRT-2) */
function pointer(root: JsonValue, path: string): JsonValue | undefined {
  if (path === '') return root
  let value: JsonValue | undefined = root
  for (const raw of path.split('/').slice(1)) {
    const name = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined
    else if (isJsonObject(value)) {
      if (isAmbiguous(Object.keys(value), name)) return null
      value = Object.hasOwn(value, name) ? value[name] : undefined
    } else return undefined
  }
  return value
}
