/** Users: a client says who is there, and who is there no more. spec/identity.md (IDN-17 to IDN-21). @module */
import type { JsonObject } from '../../../src/core/json.ts'
import {
  addUser,
  changeUser,
  removeUser,
  type Changed,
  type Provisioning,
  type UserSaid,
} from '../../../src/registry/scim-users.ts'
import { listUsers, userOf } from '../../../src/registry/scim-user-views.ts'
import type { Context } from 'hono'
import type { App, AppEnv, ServerContext } from '../context.ts'
import { listOf, readUser, SCIM_PATH, shownBy, userResource } from './bodies.ts'
import { filterBy } from './filter.ts'
import { applied, readOperations } from './patch.ts'
import { answer, assertPublished, baseOf, bodyOf, pageOf, type ScimDoor } from './requests.ts'

const USERS = `${SCIM_PATH}/Users`
const USER = `${USERS}/:id`
const FOUND_BY = ['id', 'userName', 'externalId'] as const

export function userRoutes(app: App, ctx: ServerContext, door: ScimDoor): void {
  const { registry } = ctx
  const shown = (c: Context<AppEnv>): ReturnType<typeof shownBy> =>
    shownBy(baseOf(ctx), c.req.query('attributes'), c.req.query('excludedAttributes'))
  const show = async (c: Context<AppEnv>, { client }: Provisioning, id: string): Promise<JsonObject> =>
    userResource(await userOf(registry, client, id), shown(c))

  app.post(USERS, async (c) => {
    const by = await door.enter(c)
    const { id, left } = await addUser(registry, by, readUser(await bodyOf(c), true))
    endSessions(ctx, left)
    return answer(c, await show(c, by, id), 201)
  })

  app.get(USERS, async (c) => {
    const { client } = await door.enter(c)
    const { start, ...page } = pageOf(c)
    const filter = filterBy(c.req.query('filter'), FOUND_BY)
    const { total, users } = await listUsers(registry, client, filter, page)
    return answer(
      c,
      listOf(
        users.map((user) => userResource(user, shown(c))),
        total,
        start,
      ),
    )
  })

  app.get(USER, async (c) => {
    const by = await door.enter(c)
    return answer(c, await show(c, by, c.req.param('id')))
  })

  app.put(USER, async (c) => {
    const by = await door.enter(c)
    const id = c.req.param('id')
    const { active } = await userOf(registry, by.client, id)
    await change(ctx, by, id, readUser(await bodyOf(c), active))
    return answer(c, await show(c, by, id))
  })

  app.patch(USER, async (c) => {
    const by = await door.enter(c)
    const id = c.req.param('id')
    const operations = readOperations(await bodyOf(c))
    const { said, active } = await userOf(registry, by.client, id)
    const draft = applied({ ...(said ?? { userName: id }), active }, operations)
    await change(ctx, by, id, readUser(draft, active))
    return answer(c, await show(c, by, id))
  })

  app.delete(USER, async (c) => {
    const by = await door.enter(c)
    endSessions(ctx, (await removeUser(registry, by, c.req.param('id'))).left)
    return c.body(null, 204)
  })
}

async function change(ctx: ServerContext, by: Provisioning, id: string, user: UserSaid): Promise<void> {
  if (user.active) assertPublished(ctx)
  const { left }: Changed = await changeUser(ctx.registry, by, id, user)
  endSessions(ctx, left)
}

function endSessions(ctx: ServerContext, left: string | null): void {
  if (left !== null) ctx.sessions.endWhere(({ person }) => person === left)
}
