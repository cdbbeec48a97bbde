/** Everything under identity: sign-in where a provider is configured, links, provisioning. spec/identity.md. @module */
import type { App, ServerContext } from '../context.ts'
import { discoveryRoutes } from '../scim/discovery.ts'
import { ScimDoor } from '../scim/requests.ts'
import { scimClientRoutes } from '../scim/routes-clients.ts'
import { groupRoutes } from '../scim/routes-groups.ts'
import { userRoutes } from '../scim/routes-users.ts'
import { logoutRoutes } from './logout-routes.ts'
import { identityRoutes } from './routes-identities.ts'
import { signInRoutes } from './sign-in-routes.ts'

export function identityPaths(app: App, ctx: ServerContext): void {
  const { identity } = ctx
  identityRoutes(app, ctx, identity)
  scimClientRoutes(app, ctx)
  const door = new ScimDoor(ctx)
  discoveryRoutes(app, ctx, door)
  userRoutes(app, ctx, door)
  groupRoutes(app, ctx, door)
  if (identity.signIn === null) return
  signInRoutes(app, ctx, identity.signIn)
  logoutRoutes(app, ctx, identity.signIn.provider)
}
