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

/** A `FunctionTool` of any context, parameters and result. */
interface Invocable {
  readonly type: FunctionTool['type']
  readonly name: string
  readonly invoke: (context: never, input: string, details?: never) => Promise<unknown>
}

/**
 * The same tools, each decided and recorded before it runs; those that no grant names are left out. What is denied is an
 * answer that the model reads. Hosted tools run at the provider, and are not decided here: so only function tools are
 * taken.
 */
export function protectOpenAi<T extends Invocable>(tools: readonly T[], guard: Guard): T[] {
  return tools
    .filter(({ name }) => guard.isVisible(name))
    .map((tool) => ({ ...tool, invoke: invoking(tool, guard) }))
}

function invoking({ name, invoke }: Invocable, guard: Guard): Invocable['invoke'] {
  const run = invoke as FunctionTool['invoke']
  const guarded: FunctionTool['invoke'] = async (context, input, details) => {
    const args = parseJson(input === '' ? '{}' : input, ARGUMENT_LIMITS)
    const answer = await guard.call({ tool: name, args }, (checked, { signal }) =>
      run(context, JSON.stringify(checked), {
        ...details,
        signal: details?.signal === undefined ? signal : AbortSignal.any([signal, details.signal]),
      }),
    )
    return answer.decision === 'allow' ? answer.result : explainDenial(answer)
  }
  return guarded
}
