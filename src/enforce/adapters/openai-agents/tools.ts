/**
 * Function tools of the OpenAI Agents SDK (`@openai/agents`) behind a guard. spec/sdk.md (SDK-5). Types only: the library
 * is yours.
 * @module
 */
import type { FunctionTool } from '@openai/agents'
import { parseJson } from '../../../core/json.ts'
import { explainDenial } from '../../denial-text.ts'
import type { Guard } from '../../guard.ts'

/** As much as the arguments of any call (SDK-6). */
const ARGUMENT_LIMITS = { bytes_max: 4 * 1024 * 1024, depth_max: 60 }

/**
 * The same tools, each decided and recorded before it runs; those that no grant names are left out. What is denied is an
 * answer that the model reads. Hosted tools run at the provider, and are not decided here: so only function tools are
 * taken.
 */
export function protectOpenAi<T extends FunctionTool<never>>(tools: readonly T[], guard: Guard): T[]
export function protectOpenAi(tools: readonly FunctionTool[], guard: Guard): FunctionTool[]
export function protectOpenAi(tools: readonly FunctionTool[], guard: Guard): FunctionTool[] {
  return tools
    .filter(({ name }) => guard.isVisible(name))
    .map((tool) => ({
      ...tool,
      invoke: async (context, input, details) => {
        const args = parseJson(input === '' ? '{}' : input, ARGUMENT_LIMITS)
        const answer = await guard.call({ tool: tool.name, args }, (checked, { signal }) =>
          tool.invoke(context, JSON.stringify(checked), { ...details, signal }),
        )
        return answer.decision === 'allow' ? answer.result : explainDenial(answer)
      },
    }))
}
