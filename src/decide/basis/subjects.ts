/**
 * Whom data is about: where labels say that identifiers stand. spec/consent.md (CNS-22, CNS-27). Pure.
 * @module
 */
import { foldIdentifier, USES_MAX } from '../../core/consent.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ToolLabel } from '../../core/label.ts'
import { tokensOf } from '../flow/fields.ts'
import type { Who } from './types.ts'

/** Of a folded identifier, under the tool's system. */
export type Resolve = (folded: string) => Who

/** More identifiers in one place than a receipt has room for. */
export const TOO_MANY = 'too many'

/**
 * Subjects that the arguments name, each value by itself.
 * @returns none: nothing stands there
 */
export function subjectsOfArguments(
  { subject = [] }: ToolLabel,
  args: JsonObject,
  resolve: Resolve,
): Who[] | typeof TOO_MANY {
  const found: Who[] = []
  for (const pointer of subject) {
    const more = subjectsAt(args, tokensOf(pointer), resolve)
    if (more === TOO_MANY || found.length + more.length > USES_MAX) return TOO_MANY
    found.push(...more)
  }
  return found
}

/** A list is several; what is neither text nor number names nobody. @returns none: nothing stands there */
export function subjectsAt(
  value: JsonValue,
  tokens: readonly string[],
  resolve: Resolve,
): Who[] | typeof TOO_MANY {
  const values: JsonValue[] = []
  if (!collect(value, tokens, values)) return TOO_MANY
  return values.map((each) => {
    const folded = foldIdentifier(each)
    return folded === null ? 'nobody' : resolve(folded)
  })
}

/** @returns false: there are too many */
function collect(value: JsonValue | undefined, tokens: readonly string[], into: JsonValue[]): boolean {
  if (value === undefined || value === null) return true
  const [token, ...rest] = tokens
  if (token === undefined) {
    if (Array.isArray(value)) {
      const items = value as readonly JsonValue[]
      return items.length <= USES_MAX && items.every((item) => collect(item, [], into))
    }
    into.push(value)
    return into.length <= USES_MAX
  }
  if (typeof value !== 'object') return collect({}, [], into) // nobody can tell who is in there
  if (token === '*') return Object.values(value).every((each: JsonValue) => collect(each, rest, into))
  if (!isJsonObject(value) && !/^\d+$/.test(token)) return value.length === 0 || collect({}, [], into)
  const member = Object.hasOwn(value, token) ? (value as JsonObject)[token] : undefined
  return collect(member, rest, into)
}
