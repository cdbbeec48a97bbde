/** What a client asks for: its request, read again where a person looks at it. spec/oauth.md (OAU-3, OAU-4, OAU-11). @module */
import type { Provider } from 'oidc-provider'
import { z } from 'zod'
import type { Manifest } from '../../../src/core/manifest.ts'
import type { Schema } from '../../../src/ports/schema.ts'
import type { ClientAgent } from '../../../src/registry/client-agents.ts'
import { findResource } from '../../../src/registry/hosting-keys.ts'
import { grantSchema, type Grant } from '../../../src/token/grant.ts'
import type { ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { viewOfClient, type ClientView } from './clients.ts'

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

const paramsSchema = z.object({
  client_id: z.string(),
  redirect_uri: z.string(),
  resource: z.union([z.string(), z.tuple([z.string()])]),
  authorization_details: z.string().optional(),
})

export interface Asked {
  readonly interaction: Interaction
  readonly client: ClientView
  readonly resource: Schema['hosted_resources']
  /** Null: the client names nothing. */
  readonly grants: readonly Grant[] | null
  readonly agentFor: (person: string) => ClientAgent
}

/** @throws {ApiError} `NOT_FOUND`: the client or the resource is gone */
export async function readAsked(
  ctx: ServerContext,
  provider: Provider,
  interaction: Interaction,
): Promise<Asked> {
  const params = paramsSchema.parse(interaction.params)
  const url = typeof params.resource === 'string' ? params.resource : params.resource[0]
  const [client, resource] = await Promise.all([
    provider.Client.find(params.client_id),
    ctx.registry.store.query((db) => findResource(db, url)),
  ])
  if (client === undefined || resource === null)
    throw new ApiError('NOT_FOUND', 'the client or the resource of this request is gone')
  const details = params.authorization_details
  const view = viewOfClient(client, params.redirect_uri)
  const manifest: Manifest = {
    oauth_client: {
      client_id: client.clientId,
      client_name: client.clientName ?? null,
      redirect_uris: [...(client.redirectUris ?? [])],
    },
  }
  const where = view.host ?? view.goes_to ?? 'a program of the person'
  return {
    interaction,
    client: view,
    resource,
    grants: details === undefined ? null : z.array(grantSchema).parse(JSON.parse(details)),
    agentFor: (person) => ({
      person,
      name: view.name,
      class: ctx.oauth.classOf(view.host ?? view.goes_to ?? ''),
      purpose: `MCP client (${where}) for the server ${resource.server}`,
      manifest,
    }),
  }
}
