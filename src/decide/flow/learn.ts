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

/** What was learned of one server. */
export interface Learned {
  readonly grants: Grant[]
  /** Destinations that constraints cannot say, as `tool argument`: no grant endorses them, so the rules judge each value. */
  readonly unsaid: readonly string[]
}

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
): Learned {
  const byTool = Map.groupBy(calls, ({ tool }) => tool)
  const reading: string[] = []
  const grants: Grant[] = []
  const unsaid: string[] = []
  for (const [tool, of] of byTool) {
    const label = labelOf(tool)
    if (label === null) continue
    if (label.effect === 'none') reading.push(tool)
    else {
      const said = constraintsOf(
        label.destination,
        of.map(({ args }) => givenArguments(args)),
      )
      grants.push({ type: 'tool', server, actions: [tool], constraints: said.constraints })
      unsaid.push(...said.unsaid.map((name) => `${tool} ${name}`))
    }
  }
  if (reading.length > 0)
    grants.unshift({ type: 'tool', server, actions: reading.sort().slice(0, ACTIONS_MAX) })
  return { grants, unsaid }
}

/** Of each destination: the values that it had. */
function constraintsOf(
  destination: readonly string[],
  calls: readonly JsonObject[],
): { readonly constraints: Record<string, Rule>; readonly unsaid: readonly string[] } {
  const rules: [string, Rule][] = []
  const unsaid: string[] = []
  for (const name of new Set(destination.map(argumentOf))) {
    if (name === null) {
      unsaid.push('*')
      continue
    }
    const given = calls.flatMap((args) => (Object.hasOwn(args, name) ? [args[name] ?? null] : []))
    const values = [...new Set(given.flatMap(primitivesOf))]
    if (given.length === 0) rules.push([name, { forbidden: true }])
    else if (given.some(isDeep) || !isSayable(values)) unsaid.push(name)
    else rules.push([name, { in: values, ...(given.length < calls.length ? { required: false } : {}) }])
  }
  return { constraints: Object.fromEntries(rules), unsaid }
}

function isSayable(values: readonly JsonPrimitive[]): boolean {
  const isLong = (value: JsonPrimitive): boolean =>
    typeof value === 'string' && value.length > VALUE_LENGTH_MAX
  return values.length > 0 && values.length <= VALUES_MAX && !values.some(isLong)
}

/** The argument that a pointer leads to or into; null where that is any. */
function argumentOf(pointer: string): string | null {
  const [, name] = pointer.split('/')
  if (name === undefined || name === '' || name === '*') return null
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Whether constraints cannot say what the value is: they know values, and items of lists. */
function isDeep(value: JsonValue): boolean {
  const items = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return items.some((item) => typeof item === 'object' && item !== null)
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
