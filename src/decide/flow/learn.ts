/**
 * What calls of a recurring task had in common, as grants that allow those and little more. spec/flow.md (FLW-11),
 * spec/grants.md. Pure: a person reads the grants and delegates them, or does not.
 * @module
 */
import type { JsonObject, JsonPrimitive, JsonValue } from '../../core/json.ts'
import type { ToolLabel } from '../../core/label.ts'
import type { Grant, Rule } from '../../token/grant.ts'

/** GRT-1: values of one `in`, characters of one, and actions of one grant. A task with more is no narrow one. */
const VALUES_MAX = 256
const VALUE_LENGTH_MAX = 1024
const ACTIONS_MAX = 128

export interface LearnedCall {
  readonly tool: string
  readonly args: JsonObject
}

/**
 * @param calls that were allowed and did what they should
 * @param labelOf null: nobody labelled the tool, so nothing can be learned of it
 */
export function learnGrants(
  server: string,
  calls: readonly LearnedCall[],
  labelOf: (tool: string) => ToolLabel | null,
): Grant[] {
  const byTool = Map.groupBy(calls, ({ tool }) => tool)
  const reading: string[] = []
  const grants: Grant[] = []
  for (const [tool, of] of byTool) {
    const label = labelOf(tool)
    if (label === null) continue
    if (label.effect === 'none') reading.push(tool)
    else {
      const constraints = constraintsOf(
        label.destination,
        of.map(({ args }) => givenArguments(args)),
      )
      if (constraints !== null) grants.push({ type: 'tool', server, actions: [tool], constraints })
    }
  }
  if (reading.length > 0)
    grants.unshift({ type: 'tool', server, actions: reading.sort().slice(0, ACTIONS_MAX) })
  return grants
}

/**
 * Of each destination: the values that it had.
 * @returns null where constraints cannot say that: then the task allows no call of the tool
 */
function constraintsOf(
  destination: readonly string[],
  calls: readonly JsonObject[],
): Record<string, Rule> | null {
  const rules: [string, Rule][] = []
  for (const name of new Set(destination.map(argumentOf))) {
    if (name === null) return null
    const given = calls.flatMap((args) => (Object.hasOwn(args, name) ? [args[name] ?? null] : []))
    if (given.length === 0) {
      rules.push([name, { forbidden: true }])
      continue
    }
    const values = [...new Set(given.flatMap(primitivesOf))]
    if (values.length === 0 || values.length > VALUES_MAX) return null
    if (values.some((value) => typeof value === 'string' && value.length > VALUE_LENGTH_MAX)) return null
    rules.push([name, { in: values, ...(given.length < calls.length ? { required: false } : {}) }])
  }
  return Object.fromEntries(rules)
}

/** The argument that a pointer leads to, or to items of which; null where it leads deeper than constraints do. */
function argumentOf(pointer: string): string | null {
  const [, name, item, ...more] = pointer.split('/')
  if (name === undefined || name === '' || name === '*' || more.length > 0) return null
  if (item !== undefined && item !== '*') return null
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

function primitivesOf(value: JsonValue): Exclude<JsonPrimitive, null>[] {
  const items = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return items.filter(
    (item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean',
  )
}

/** Null and an empty list say that an argument is not given: tools have them as defaults. */
export function givenArguments(args: JsonObject): JsonObject {
  const given = Object.entries(args).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return given.length === Object.keys(args).length ? args : Object.fromEntries(given)
}
