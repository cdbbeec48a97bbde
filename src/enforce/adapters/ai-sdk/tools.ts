/**
 * Tools of the Vercel AI SDK (`ai` 5 and later) behind a guard. spec/sdk.md (SDK-5). Types only: the library is yours.
 * @module
 */
import type { ToolSet } from 'ai'
import { explainDenial } from '../../denial-text.ts'
import type { Guard } from '../../guard.ts'

/**
 * The same tools, each decided and recorded before it runs; those that no grant names are left out. What is denied is an
 * answer that the model reads. Tools without `execute` run at the client or the provider, and are not decided here.
 * @param tools by name, as `generateText` and `streamText` take them
 */
export function protectAiSdk<T extends ToolSet>(tools: T, guard: Guard): Partial<T> {
  const visible = Object.entries(tools).filter(([name]) => guard.isVisible(name))
  return Object.fromEntries(
    visible.map(([name, tool]) => [name, protectedTool(name, tool, guard)]),
  ) as Partial<T>
}

function protectedTool(name: string, tool: ToolSet[string], guard: Guard): ToolSet[string] {
  const { execute } = tool
  if (execute === undefined) return tool
  const run = execute as (args: unknown, options: object) => unknown
  return {
    ...tool,
    execute: async (args: unknown, options: { abortSignal?: AbortSignal }) => {
      const answer = await guard.call({ tool: name, args }, async (checked, { signal }) =>
        settled(await run(checked, { ...options, abortSignal: anyOf(signal, options.abortSignal) })),
      )
      return answer.decision === 'allow' ? answer.result : explainDenial(answer)
    },
  }
}

/** A tool may stream preliminary results; the last is the result, and the model is given no other. */
async function settled(result: unknown): Promise<unknown> {
  if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result
  let last: unknown
  for await (const part of result as AsyncIterable<unknown>) last = part
  return last
}

function anyOf(ours: AbortSignal, theirs: AbortSignal | undefined): AbortSignal {
  return theirs === undefined ? ours : AbortSignal.any([ours, theirs])
}
