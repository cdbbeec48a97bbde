/** The library's grant for a delegation: what codes and tokens are given under. spec/oauth.md (OAU-6 to OAU-8). @module */
import type { Provider } from 'oidc-provider'
import type { ServerContext } from '../context.ts'
import type { Grant } from '../../../src/token/grant.ts'
import type { Asked } from './asked.ts'
import { SCOPE } from './provider.ts'
import type { OauthState } from './state.ts'

/** A client is remembered for as long as its refresh token, and a month beyond: then it registers again. */
const CLIENT_KEPT_MS = 30 * 24 * 3600 * 1000

/** Idempotent. It ends with the delegation. */
export async function grantOf(
  ctx: ServerContext,
  provider: Provider,
  state: OauthState,
  { client, resource }: Asked,
  {
    jti,
    person,
    grants,
  }: { readonly jti: string; readonly person: string; readonly grants: readonly Grant[] },
): Promise<void> {
  const { exp } = await ctx.registry.store.query((db) =>
    db.selectFrom('delegations').select('exp').where('jti', '=', jti).executeTakeFirstOrThrow(),
  )
  const grant = new provider.Grant({ accountId: person, clientId: client.id })
  Object.assign(grant, { jti, exp })
  grant.addResourceScope(resource.url, SCOPE)
  for (const detail of grants) grant.addRar({ ...detail })
  await grant.save()
  await state.keep('Client', client.id, exp * 1000 + CLIENT_KEPT_MS)
}
