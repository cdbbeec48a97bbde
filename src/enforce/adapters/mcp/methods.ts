/**
 * The client's methods: which pass, which are lists, which are calls, and what the arguments of a call are.
 * spec/mcp.md (MCP-5, MCP-7, MCP-9, MCP-10). Pure.
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { isMethodAction } from '../../../token/method-action.ts'

/** Requests that go to the server without a decision. */
const PASSING = new Set(['initialize', 'server/discover', 'ping', 'logging/setLevel'])

/** A list that shows what grants allow. */
export interface ListMethod {
  readonly method: string
  /** Of the result. */
  readonly member: string
  /** The member of an item that a constraint can bind, also the name of the argument; null: nothing is known of it. */
  readonly known: 'name' | 'uri' | 'taskId' | null
  /** One of these has to be granted for an item to be shown. */
  readonly actions: readonly string[]
}

const RESOURCE_ACTIONS = ['resources/read', 'resources/subscribe']
const LISTS = new Map<string, ListMethod>(
  (
    [
      { method: 'tools/list', member: 'tools', known: 'name', actions: [] },
      { method: 'prompts/list', member: 'prompts', known: 'name', actions: ['prompts/get'] },
      { method: 'resources/list', member: 'resources', known: 'uri', actions: RESOURCE_ACTIONS },
      {
        method: 'resources/templates/list',
        member: 'resourceTemplates',
        known: null,
        actions: RESOURCE_ACTIONS,
      },
      { method: 'tasks/list', member: 'tasks', known: 'taskId', actions: ['tasks/get', 'tasks/result'] },
    ] satisfies ListMethod[]
  ).map((list) => [list.method, list]),
)

export type Way = 'pass' | 'list' | 'tool' | 'listen' | 'method' | 'refuse'

export function wayOf(method: string): Way {
  if (method === 'tools/call') return 'tool'
  if (PASSING.has(method)) return 'pass'
  if (LISTS.has(method)) return 'list'
  if (method === 'subscriptions/listen') return 'listen'
  return isMethodAction(method) ? 'method' : 'refuse'
}

/** @throws {Error} it is no list: our bug */
export function listOf(method: string): ListMethod {
  const list = LISTS.get(method)
  if (list === undefined) throw new Error('no list method')
  return list
}

/** Members of `params` that are no arguments. */
const AROUND = new Set(['_meta', 'inputResponses', 'requestState'])

/** MCP-7. @returns null when they cannot be told apart */
export function argumentsOf(method: string, params: JsonObject): JsonObject | null {
  const args = Object.fromEntries(Object.entries(params).filter(([name]) => !AROUND.has(name)))
  if (method !== 'completion/complete') return args
  const { ref } = args
  if (!isJsonObject(ref) || Object.hasOwn(args, 'name') || Object.hasOwn(args, 'uri')) return null
  const { name, uri } = ref
  return {
    ...args,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof uri === 'string' ? { uri } : {}),
  }
}

const CHANGES = new Set(['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'])

/** What a filter of `subscriptions/listen` asks for besides changes of lists. */
export interface ListenFilter {
  readonly uris: readonly string[]
  readonly tasks: readonly string[]
}

/** MCP-10. @returns null for a filter that asks for something else, or that cannot be read */
export function readListen(params: JsonObject): ListenFilter | null {
  const { notifications } = params
  if (!isJsonObject(notifications)) return null
  const { resourceSubscriptions: uris = [], taskIds: tasks = [], ...rest } = notifications
  if (!isTexts(uris) || !isTexts(tasks)) return null
  if (!Object.entries(rest).every(([name, value]) => CHANGES.has(name) && typeof value === 'boolean'))
    return null
  return { uris, tasks }
}

function isTexts(value: JsonValue): value is string[] {
  return Array.isArray(value) && value.every((item: JsonValue) => typeof item === 'string')
}

/** The task that an answer to a call says it made: `task` of 2025-11-25, `resultType` of the extension. */
export function taskMadeBy(body: JsonObject): string | null {
  const { result } = body
  if (!isJsonObject(result)) return null
  const made = result.resultType === 'task' ? result : result.task
  return isJsonObject(made) && typeof made.taskId === 'string' ? made.taskId : null
}
