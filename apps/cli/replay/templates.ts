/**
 * Task templates: what runs of a recurring task that people approved did, as grants that can be proposed as a narrower
 * delegation. spec/flow.md, FLW-11; spec/grants.md.
 * @module
 */
import { z } from 'zod'
import { learnGrants } from '../../../src/decide/flow/learn.ts'
import type { NamedPolicy } from '../../../src/decide/flow/types.ts'
import { grantSchema, type Grant } from '../../../src/token/grant.ts'
import { CliError } from '../output.ts'
import { readJson } from '../profile.ts'
import type { DecidedRun, Labels } from './traces.ts'

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
    const calls = of.flatMap((run) => run.calls).filter(({ ok }) => ok === true)
    return [{ suite, user_task, grants: learnGrants(suite, calls, (tool) => labels(suite, tool)).grants }]
  })
}

/** What a grant of a template endorses: the values that it lists (FLW-9). */
export function endorsedArguments({ server, constraints = {} }: Grant, tool: string): readonly NamedPolicy[] {
  return Object.entries(constraints).flatMap(([name, rule]) =>
    rule.in === undefined
      ? []
      : [{ name: 'template', server, tool, argument: `/${name}`, values: rule.in.map(String) }],
  )
}
