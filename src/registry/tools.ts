/**
 * Tools as they were approved: the hash of the definition and how a call is measured. spec/delegation.md (GRT-4),
 * spec/mcp.md (MCP-12 to MCP-14). The first registration pins a tool; another definition waits for a person (tool-changes.ts).
 * @module
 */
import type { Kysely } from 'kysely'

import { base64url, utf8 } from '../core/encoding.ts'
import { newId } from '../core/ids.ts'
import { canonicalize } from '../core/json.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { isMethodAction } from '../token/method-action.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { assertSystems } from './systems.ts'
import { proposeChange } from './tool-changes.ts'
import { findTool, pin, rowOf, toolOf, type Tool, type ToolInput } from './tool-rows.ts'

/** What is in force, and the change that waits, if this made one. */
export type Registered = Tool & { readonly waiting?: string }

/**
 * Registers a tool, or proposes its new definition. Idempotent for the same one.
 * @throws {RegistryError} `UNKNOWN_SYSTEM`; `TOOL_INVALID`: the name is that of a method, or the definition has another
 * hash; `STATE_CONFLICT`: too many changes of it wait
 */
export function registerTool(ctx: RegistryContext, actor: Actor, input: ToolInput): Promise<Registered> {
  assertTool(ctx, input)
  return ctx.store.write(async (tx) => {
    await assertSystems(tx.db, [input.system])
    const known = await findTool(tx.db, input.server, input.tool)
    if (known === undefined) {
      const id = newId(ctx.crypto, 'tol', tx.now)
      await pin(tx, actor, id, input)
      return { id, ...input }
    }
    if (known.definition_hash !== input.definition_hash) {
      const waiting = await proposeChange(ctx, tx, actor, known, input)
      return { ...toolOf(known), waiting }
    }
    // Without the text it says the same of the definition.
    const whole = known.definition === null ? input : { ...input, definition: known.definition }
    if (canonicalize({ ...known }) !== canonicalize({ id: known.id, ...rowOf(whole) }))
      await pin(tx, actor, known.id, whole)
    return { id: known.id, ...whole }
  })
}

function assertTool({ crypto }: RegistryContext, { tool, definition, definition_hash }: ToolInput): void {
  if (isMethodAction(tool))
    throw new RegistryError(
      'TOOL_INVALID',
      `${tool} is a method: grant it by its name, it needs no registration`,
    )
  if (definition !== undefined && base64url(crypto.sha256(utf8(definition))) !== definition_hash)
    throw new RegistryError('TOOL_INVALID', 'the definition has another hash: see that it is its JCS')
}

/** @param servers only the tools of those */
export async function listTools(db: Kysely<Schema>, servers?: readonly string[]): Promise<Tool[]> {
  let query = db.selectFrom('tools').selectAll().orderBy('server').orderBy('tool')
  if (servers !== undefined) query = query.where('server', 'in', servers)
  return (await query.execute()).map(toolOf)
}
