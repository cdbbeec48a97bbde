/**
 * Hooks of the Claude Agent SDK (`@anthropic-ai/claude-agent-sdk`) before a guard: every tool that the agent uses, its own
 * and those of MCP servers, is decided and recorded before it runs. spec/sdk.md (SDK-5). Types only: the library is yours.
 * @module
 */
import type { HookCallback, HookCallbackMatcher, HookEvent } from '@anthropic-ai/claude-agent-sdk'
import { explainDenial } from '../../denial-text.ts'
import type { Begun, Guard } from '../../guard.ts'

/** Calls whose outcome is awaited. Beyond them the one that began first counts as unknown. */
const UNDER_WAY_MAX = 1024

/**
 * `query({ prompt, options: { hooks: claudeHooks(guard) } })`. Grants name tools as Claude does: `Read`, `Bash`,
 * `mcp__SERVER__TOOL`. A hook that fails denies.
 */
export function claudeHooks(guard: Guard): Partial<Record<HookEvent, HookCallbackMatcher[]>> {
  const underWay = new Map<string, Begun>()
  const end = (id: string, outcome: 'finished' | 'failed' | 'unknown'): void => {
    underWay.get(id)?.end(outcome)
    underWay.delete(id)
  }
  const before: HookCallback = async (input, toolUseId) => {
    if (input.hook_event_name !== 'PreToolUse') return {}
    const { tool_name: tool, tool_input: args } = input
    try {
      const answer = await guard.begin({ tool, args })
      if (answer.decision === 'deny') return refusal(explainDenial(answer))
      const [first] = underWay.keys()
      if (underWay.size >= UNDER_WAY_MAX && first !== undefined) end(first, 'unknown')
      underWay.set(toolUseId ?? input.tool_use_id, answer)
      return {
        hookSpecificOutput: {
          hookEventName: 'PreToolUse',
          permissionDecision: 'allow',
          // What was decided is what runs, whatever another hook makes of it.
          updatedInput: { ...answer.args },
        },
      }
    } catch {
      return refusal('Denied. The call could not be decided.')
    }
  }
  const after: HookCallback = async (input, toolUseId) => {
    if (input.hook_event_name === 'PostToolUse') end(toolUseId ?? input.tool_use_id, 'finished')
    if (input.hook_event_name === 'PostToolUseFailure') end(toolUseId ?? input.tool_use_id, 'failed')
    return {}
  }
  const atEnd: HookCallback = async () => {
    for (const id of underWay.keys()) end(id, 'unknown')
    return {}
  }
  const hook = (callback: HookCallback): HookCallbackMatcher[] => [{ hooks: [callback] }]
  return {
    PreToolUse: hook(before),
    PostToolUse: hook(after),
    PostToolUseFailure: hook(after),
    SessionEnd: hook(atEnd),
  }
}

function refusal(reason: string): Awaited<ReturnType<HookCallback>> {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: reason,
    },
  }
}
