/**
 * The agent that an OAuth client is for a person. spec/oauth.md (OAU-11).
 * Invariant: a client that says something else of itself is another agent, so that it is looked at again.
 * @module
 */
import type { Kysely } from 'kysely'
import { base64url } from '../core/encoding.ts'
import { canonicalBytes } from '../core/json.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Schema } from '../ports/schema.ts'
import { activateAgent, proposeAgent, type AgentRow } from './agents.ts'
import { personActor, type RegistryContext } from './context.ts'

export interface ClientAgent {
  /** Who consents, and owns it. */
  readonly person: string
  readonly name: string
  readonly class: string
  readonly purpose: string
  /** What the client says of itself. */
  readonly manifest: Manifest
}

/** @returns null when there is none, or it was retired */
export async function agentOfClient(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  { person, class: of, manifest }: ClientAgent,
): Promise<AgentRow | null> {
  const row = await db
    .selectFrom('agents')
    .selectAll()
    .where('owner', '=', person)
    .where('class', '=', of)
    .where('manifest', '=', base64url(ctx.crypto.sha256(canonicalBytes(manifest))))
    .where('status', '!=', 'retired')
    .orderBy('proposal', 'desc')
    .executeTakeFirst()
  return row ?? null
}

/** Proposes it, for the systems behind a server. @throws as `proposeAgent` */
export async function proposeClientAgent(
  ctx: RegistryContext,
  agent: ClientAgent,
  server: string,
): Promise<void> {
  const tools = await ctx.store.query((db) =>
    db.selectFrom('tools').select('system').distinct().where('server', '=', server).execute(),
  )
  const systems = tools.map(({ system }) => system)
  await proposeAgent(ctx, personActor(agent.person), { ...agent, systems })
}

/** Puts an approved one to work. @throws {RegistryError} `STATE_CONFLICT` */
export async function startClientAgent(ctx: RegistryContext, person: string, row: AgentRow): Promise<void> {
  if (row.status === 'approved') await activateAgent(ctx, personActor(person), row.id, 'oauth')
}
