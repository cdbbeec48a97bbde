/** What people hand in: labels files, flow policies, listings of tools. @module */
import { z } from 'zod'
import { flowPolicySchema, type FlowPolicy } from '../../../src/core/flow-policy.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Level } from '../../../src/core/label.ts'
import { labelFileSchema, type LabelFile } from '../../../src/registry/label-file.ts'
import { CliError } from '../output.ts'
import { readJson } from '../profile.ts'

/** Tools of one listing. */
const TOOLS_MAX = 4096

type Aliases = Readonly<Record<string, Level>>

/**
 * @param aliases of the flow policy: names of levels that may stand in place of the four (LBL-1)
 * @throws {CliError} `LABELS_INVALID`
 */
export async function readLabelFile(path: string, aliases: Aliases = {}): Promise<LabelFile> {
  const read = labelFileSchema.safeParse(withLevels(await readJson(path), aliases))
  if (read.success) return read.data
  throw new CliError(
    'LABELS_INVALID',
    `${path} is no labels file at ${placesOf(read.error)}: make one with "countersign label suggest --json", see spec/labels.md`,
  )
}

/** Members that hold a level, wherever they stand. */
const OF_LEVELS = new Set(['level', 'accepts'])

function withLevels(value: unknown, aliases: Aliases, name = ''): unknown {
  if (typeof value === 'string')
    return OF_LEVELS.has(name) && Object.hasOwn(aliases, value) ? aliases[value] : value
  if (Array.isArray(value)) return value.map((each) => withLevels(each, aliases))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, each]) => [member, withLevels(each, aliases, member)]),
  )
}

const EXAMPLE = '{"v":1,"mode":"ask"}'

/** @throws {CliError} `FLOW_POLICY_INVALID` */
export async function readFlowPolicy(path: string): Promise<FlowPolicy> {
  const read = flowPolicySchema.safeParse(await readJson(path))
  if (read.success) return read.data
  throw new CliError(
    'FLOW_POLICY_INVALID',
    `${path} is no flow policy at ${placesOf(read.error)}: one is like ${EXAMPLE} (spec/flow.md, FLW-10)`,
  )
}

function placesOf({ issues }: z.ZodError): string {
  return issues
    .slice(0, 8)
    .map(({ path, message }) => `${path.join('.') || 'the whole'} (${message})`)
    .join(', ')
}

const objects = z.array(z.record(z.string(), z.json())).max(TOOLS_MAX)
const listingSchema = z.union([
  objects,
  z.looseObject({ tools: objects }).transform(({ tools }) => tools),
  z.looseObject({ result: z.looseObject({ tools: objects }) }).transform(({ result }) => result.tools),
])

/**
 * An answer to `tools/list`, with its envelope or without, or what `tool inspect --json` printed.
 * @returns the definitions. @throws {CliError} `ARGUMENT_INVALID`
 */
export async function readListing(path: string): Promise<JsonObject[]> {
  const read = listingSchema.safeParse(await readJson(path))
  if (!read.success)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${path} lists no tools: it is to hold an answer to tools/list, {"tools":[{"name":…}]}, or what "countersign tool inspect --json" printed`,
    )
  return read.data.map((each) => {
    const { definition } = each
    return z.record(z.string(), z.json()).safeParse(definition).data ?? each
  })
}
