/**
 * Tools of LangChain.js (`@langchain/core` 1) behind a guard. spec/sdk.md (SDK-5). Types only: the library is yours.
 * @module
 */
import type { StructuredToolInterface } from '@langchain/core/tools'
import { explainDenial } from '../../denial-text.ts'
import type { Guard } from '../../guard.ts'

/** What `invoke` of every structured tool comes to, once the arguments fit its schema. */
interface Runs {
  readonly responseFormat?: string
  _call(args: unknown, manager?: unknown, config?: { signal?: AbortSignal }): Promise<unknown>
}

/**
 * The same tools, each decided and recorded before it runs; those that no grant names are left out. What is denied is an
 * answer that the model reads.
 * @param tools as `bindTools` and agents take them: what `tool()` makes, or any `StructuredTool`
 */
export function protectLangChain<T extends StructuredToolInterface>(tools: readonly T[], guard: Guard): T[] {
  return tools.filter(({ name }) => guard.isVisible(name)).map((tool) => protectedTool(tool, guard))
}

function protectedTool<T extends StructuredToolInterface>(tool: T, guard: Guard): T {
  const inner = tool as T & Runs
  const runs: Runs = {
    _call: async (args, manager, config) => {
      const answer = await guard.call({ tool: tool.name, args: asObject(args) }, (checked, { signal }) => {
        const given = config?.signal === undefined ? signal : AbortSignal.any([signal, config.signal])
        return inner._call(typeof args === 'string' ? checked.input : checked, manager, {
          ...config,
          signal: given,
        })
      })
      if (answer.decision === 'allow') return answer.result
      return inner.responseFormat === 'content_and_artifact'
        ? [explainDenial(answer), null]
        : explainDenial(answer)
    },
  }
  // The tool itself stays as it is, for whoever else has it.
  return Object.assign(Object.create(inner) as T, runs)
}

/** A tool of one text: grants know it as `input`. */
function asObject(args: unknown): unknown {
  return typeof args === 'string' ? { input: args } : args
}
