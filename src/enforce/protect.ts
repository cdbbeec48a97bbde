/**
 * Ordinary functions behind a guard, with the types that they had. spec/sdk.md (SDK-3).
 * @module
 */
import type { JsonObject } from '../core/json.ts'
import type { Answer, Guard, ToolRun } from './guard.ts'
import { SdkError } from './sdk-errors.ts'

/** Takes one object of JSON, as the arguments of a tool are. */
// `never` so that a function of any arguments is one: they are checked where the call is written.
export type ToolFunction = (args: never, run: ToolRun) => unknown

type ArgumentsOf<F extends ToolFunction> = Parameters<F> extends [] ? [] : [args: Parameters<F>[0]]

export type Protected<F extends ToolFunction> = (
  ...args: ArgumentsOf<F>
) => Promise<Answer<Awaited<ReturnType<F>>>>

export type ProtectedTools<T extends Readonly<Record<string, ToolFunction>>> = {
  readonly [Name in keyof T]: Protected<T[Name]>
}

export interface ToolNames {
  /** For one function: what grants call it by. Its own name unless told otherwise. */
  readonly name?: string
  /** The tools as an MCP server would list them, by name: compared with what was registered (`TOOL_CHANGED`). */
  readonly definitions?: Readonly<Record<string, JsonObject>>
}

export function protectFunction<F extends ToolFunction>(
  guard: Guard,
  fn: F,
  { name, definitions = {} }: ToolNames = {},
): Protected<F> {
  const tool = name ?? fn.name
  if (tool === '') throw new SdkError('TOOL_NAMELESS', 'the function has no name: say what grants call it by')
  const definition = Object.hasOwn(definitions, tool) ? definitions[tool] : undefined
  const run = fn as unknown as (args: unknown, run: ToolRun) => Awaited<ReturnType<F>>
  return (args?: unknown) =>
    guard.call({ tool, args, ...(definition === undefined ? {} : { definition }) }, run)
}

export function protectTools<T extends Readonly<Record<string, ToolFunction>>>(
  guard: Guard,
  tools: T,
  names: Pick<ToolNames, 'definitions'> = {},
): ProtectedTools<T> {
  const wrapped = Object.entries(tools).map(([name, fn]) => [
    name,
    protectFunction(guard, fn, { ...names, name }),
  ])
  return Object.fromEntries(wrapped) as ProtectedTools<T>
}
