/** Groups: a client says who is in them, and roles follow. spec/identity.md (IDN-22, IDN-23). @module */
import type { Context } from 'hono'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import {
  addGroup,
  changeGroup,
  groupOf,
  listGroups,
  removeGroup,
  type GroupChange,
  type GroupView,
} from '../../../src/registry/scim-groups.ts'
import type { App, AppEnv, ServerContext } from '../context.ts'
import { groupResource, listOf, readGroup, readMembers, SCIM_PATH, shownBy } from './bodies.ts'
import { filterBy } from './filter.ts'
import { applied, memberOf, readOperations, type Operation } from './patch.ts'
import { answer, assertPublished, baseOf, bodyOf, pageOf, type ScimDoor } from './requests.ts'

const GROUPS = `${SCIM_PATH}/Groups`
const GROUP = `${GROUPS}/:id`
const FOUND_BY = ['id', 'displayName', 'externalId'] as const

export function groupRoutes(app: App, ctx: ServerContext, door: ScimDoor): void {
  const { registry } = ctx
  const shown = (c: Context<AppEnv>, group: GroupView): JsonObject =>
    groupResource(group, shownBy(baseOf(ctx), c.req.query('attributes'), c.req.query('excludedAttributes')))

  app.post(GROUPS, async (c) => {
    const by = await door.enter(c)
    return answer(c, shown(c, await addGroup(registry, by, readGroup(await bodyOf(c)))), 201)
  })

  app.get(GROUPS, async (c) => {
    const { client } = await door.enter(c)
    const { start, ...page } = pageOf(c)
    const filter = filterBy(c.req.query('filter'), FOUND_BY)
    const { total, groups } = await listGroups(registry, client, filter, page)
    return answer(
      c,
      listOf(
        groups.map((group) => shown(c, group)),
        total,
        start,
      ),
    )
  })

  app.get(GROUP, async (c) => {
    const { client } = await door.enter(c)
    return answer(c, shown(c, await groupOf(registry, client, c.req.param('id'))))
  })

  app.put(GROUP, async (c) => {
    const by = await door.enter(c)
    assertPublished(ctx)
    const { name, external, members } = readGroup(await bodyOf(c))
    const group = await changeGroup(registry, by, c.req.param('id'), (before) => ({
      name,
      external,
      ...difference(before.members, members),
    }))
    return answer(c, shown(c, group))
  })

  app.patch(GROUP, async (c) => {
    const by = await door.enter(c)
    assertPublished(ctx)
    const operations = readOperations(await bodyOf(c))
    const group = await changeGroup(registry, by, c.req.param('id'), (before) => patched(before, operations))
    return answer(c, shown(c, group))
  })

  app.delete(GROUP, async (c) => {
    await removeGroup(registry, await door.enter(c), c.req.param('id'))
    return c.body(null, 204)
  })
}

function difference(
  before: readonly string[],
  after: readonly string[],
): Pick<GroupChange, 'add' | 'remove'> {
  const [had, has] = [new Set(before), new Set(after)]
  return {
    add: [...has].filter((user) => !had.has(user)),
    remove: [...had].filter((user) => !has.has(user)),
  }
}

/** Members by their identifiers alone: how a client writes the rest of one does not make it another. */
function patched({ name, external, members }: GroupView, operations: readonly Operation[]): GroupChange {
  const before: JsonObject = {
    displayName: name,
    ...(external === null ? {} : { externalId: external }),
    members: members.map((value) => ({ value })),
  }
  const after = readGroup(applied(before, operations.map(plainMembers)))
  return { name: after.name, external: after.external, ...difference(members, after.members) }
}

function plainMembers(operation: Operation): Operation {
  const { op, path, value } = operation
  if (value === undefined) return operation
  if (path === null) {
    const named =
      typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
    const members = memberOf(named, 'members')
    if (members === undefined) return operation
    const rest = Object.entries(named).filter(([each]) => each.toLowerCase() !== 'members')
    return { ...operation, value: { ...Object.fromEntries(rest), members: plain(members) } }
  }
  if (path.toLowerCase() !== 'members') return operation
  return op === 'remove' ? operation : { ...operation, value: plain(value) }
}

function plain(value: JsonValue): JsonObject[] {
  return readMembers(value).map((each) => ({ value: each }))
}
