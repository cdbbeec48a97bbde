/**
 * Lists as a client may see them: what some grant could allow, and nothing of the rest. spec/mcp.md (MCP-4, MCP-9,
 * MCP-12). An entry that is shown is shown byte for byte.
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { isMethodAction } from '../../../token/method-action.ts'
import type { Point } from '../../types.ts'
import type { Continuations } from './continuations.ts'
import { addItem, keepItems, replaceMember } from './cut.ts'
import type { ToolDefinitions } from './definitions.ts'
import type { RpcResponse } from './frames.ts'
import { RPC_INTERNAL_ERROR, rpcError } from './messages.ts'
import type { ListMethod } from './methods.ts'
import { RELEASE_TOOL, type ReleaseTool } from './release-tool.ts'

export interface ListsOptions {
  readonly point: Point
  readonly server: string
  readonly hosted: boolean
  readonly definitions: ToolDefinitions
  readonly continuations: Continuations
  readonly release: ReleaseTool | null
}

export class Lists {
  readonly #o: ListsOptions

  constructor(options: ListsOptions) {
    this.#o = options
  }

  /**
   * @param session whose grants count; null: those of the hosted delegation, if there is one
   * @param isFirst it is the first page: what the gateway adds stands there
   */
  render(
    list: ListMethod,
    session: string | null,
    isFirst: boolean,
    { line, body, id }: RpcResponse,
  ): string {
    if (Object.hasOwn(body, 'error')) return line
    const { result } = body
    const items = isJsonObject(result) ? result[list.member] : undefined
    if (!Array.isArray(items))
      return rpcError(id, RPC_INTERNAL_ERROR, `the tool server answered without ${list.member}`)
    const keep = list.member === 'tools' ? this.#tools(session, items) : this.#others(list, session, items)
    const added = isFirst && list.member === 'tools' ? this.#own(session) : null
    if (added === null) return keep.every(Boolean) ? line : shortened(line, list.member, keep)
    return addItem(shortened(line, list.member, keep), ['result', list.member], JSON.stringify(added))
  }

  #own(session: string | null): JsonObject | null {
    const { release, hosted } = this.#o
    return session === null && !hosted ? null : (release?.definition() ?? null)
  }

  #tools(session: string | null, tools: readonly JsonValue[]): boolean[] {
    const { definitions } = this.#o
    const page = definitions.hashesOf(tools)
    const keep = tools.map((tool) => {
      if (!isJsonObject(tool) || typeof tool.name !== 'string' || isMethodAction(tool.name)) return false
      if (this.#o.release !== null && tool.name === RELEASE_TOOL) return false
      return this.#isVisible(session, tool.name, { definition_hash: page.get(tool.name) ?? null })
    })
    definitions.learn(page, tools, keep)
    return keep
  }

  #others(list: ListMethod, session: string | null, items: readonly JsonValue[]): boolean[] {
    if (this.#isVisible(session, list.method)) return items.map(() => true)
    const { known } = list
    if (known === null) {
      const isShown = list.actions.some((action) => this.#isVisible(session, action))
      return items.map(() => isShown)
    }
    return items.map((item) => {
      const value = isJsonObject(item) ? item[known] : undefined
      if (typeof value !== 'string') return false
      if (known === 'taskId' && this.#goesOn(value)) return true
      return list.actions.some((action) => this.#isVisible(session, action, { args: { [known]: value } }))
    })
  }

  #goesOn(task: string): boolean {
    const origin = this.#o.continuations.task(task)
    return origin !== null && this.#isVisible(origin.session, origin.action)
  }

  #isVisible(
    session: string | null,
    action: string,
    shown?: { args?: JsonObject; definition_hash?: string | null },
  ): boolean {
    const { hosted, point, server } = this.#o
    if (session === null && !hosted) return false
    return point.isVisible(session, server, action, shown)
  }
}

function shortened(line: string, member: string, keep: readonly boolean[]): string {
  // What one client may see is not for another, and it changes when a grant does.
  const kept = keepItems(line, ['result', member], keep)
  const own = replaceMember(kept, ['result', 'cacheScope'], '"private"')
  return replaceMember(own, ['result', 'ttlMs'], '0')
}
