/**
 * Task templates: what runs of a recurring task that people approved did, as grants that can be proposed as a narrower
 * delegation. spec/flow.md, FLW-11; spec/grants.md.
 * @module
 */
import { z } from 'zod'
import type { JsonObject, JsonPrimitive, JsonValue } from '../../../src/core/json.ts'
import type { NamedPolicy } from '../../../src/decide/flow/types.ts'
import { grantSchema, type Grant, type Rule } from '../../../src/token/grant.ts'
import { CliError } from '../output.ts'
import { readJson } from '../profile.ts'
import type { DecidedRun, Labels } from './traces.ts'

/** GRT: values of one `in`, characters of one, and actions of one grant. A task with more is no narrow one. */
const VALUES_MAX = 256
const VALUE_LENGTH_MAX = 1024
const ACTIONS_MAX = 128

export interface TaskTemplate {
  readonly suite: string
  readonly user_task: string
  readonly grants: readonly Grant[]
}

const templatesSchema = z.object({
  v: z.literal(1),
  templates: z
    .array(z.object({ suite: z.string(), user_task: z.string(), grants: z.array(grantSchema).max(64) }))
    .max(100_000),
})

/** @throws {CliError} `FILE_UNREADABLE`, `TEMPLATE_INVALID` */
export async function readTemplates(path: string): Promise<readonly TaskTemplate[]> {
  const read = templatesSchema.safeParse(await readJson(path))
  if (read.success) return read.data.templates
  const at = read.error.issues[0]?.path.join('.') ?? ''
  throw new CliError(
    'TEMPLATE_INVALID',
    `${path} has no templates of tasks at "${at}": "countersign replay --learn FILE" writes them`,
  )
}

/** @param runs that people approved */
export function learnTemplates(runs: readonly DecidedRun[], labels: Labels): readonly TaskTemplate[] {
  const byTask = Map.groupBy(runs, ({ suite, user_task }) => JSON.stringify([suite, user_task]))
  return [...byTask.values()].flatMap((of) => {
    const [first] = of
    if (first === undefined) return []
    const { suite, user_task } = first
    return [{ suite, user_task, grants: grantsOf(suite, of, labels) }]
  })
}

function grantsOf(suite: string, runs: readonly DecidedRun[], labels: Labels): Grant[] {
  const calls = runs.flatMap((run) => run.calls).filter(({ ok }) => ok === true)
  const byTool = Map.groupBy(calls, ({ tool }) => tool)
  const reading: string[] = []
  const grants: Grant[] = []
  for (const [tool, of] of byTool) {
    const label = labels(suite, tool)
    if (label === null) continue
    if (label.effect === 'none') reading.push(tool)
    else {
      const constraints = constraintsOf(
        label.destination,
        of.map(({ args }) => givenArguments(args)),
      )
      grants.push({ type: 'tool', server: suite, actions: [tool], constraints })
    }
  }
  if (reading.length > 0)
    grants.unshift({ type: 'tool', server: suite, actions: reading.sort().slice(0, ACTIONS_MAX) })
  return grants
}

/** Of each destination that is an argument of its own: the values that it had. */
function constraintsOf(destination: readonly string[], calls: readonly JsonObject[]): Record<string, Rule> {
  const rules: [string, Rule][] = []
  for (const name of new Set(destination.map(argumentOf))) {
    if (name === null) continue
    const given = calls.flatMap((args) => (Object.hasOwn(args, name) ? [args[name] ?? null] : []))
    if (given.length === 0) {
      rules.push([name, { forbidden: true }])
      continue
    }
    const values = [...new Set(given.flatMap(primitivesOf))]
    if (values.length === 0 || values.length > VALUES_MAX) continue
    if (values.some((value) => typeof value === 'string' && value.length > VALUE_LENGTH_MAX)) continue
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

/** What a grant of a template endorses: the values that it lists (FLW-9). */
export function endorsedArguments({ server, constraints = {} }: Grant, tool: string): readonly NamedPolicy[] {
  return Object.entries(constraints).flatMap(([name, rule]) =>
    rule.in === undefined
      ? []
      : [{ name: 'template', server, tool, argument: `/${name}`, values: rule.in.map(String) }],
  )
}
