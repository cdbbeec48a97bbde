/** Rows of reviews of access, as registers and folds write them, and the list that one freezes. spec/reviews.md. @module */
import type { Kysely } from 'kysely'
import type { Crypto } from '../core/crypto.ts'
import { parseJson } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import { MAY_CHARS_MAX, MAY_MAX, type ReviewItem } from '../log/governance-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { segmentsOf } from '../token/segment.ts'
import { RegistryError } from './errors.ts'
import { serversOf } from './points.ts'
import { servicesInForce } from './service-access.ts'

export type AccessReviewRow = Schema['access_reviews']
export type AccessReviewItemRow = Schema['access_review_items']
type Db = Kysely<Schema>

/** ACR-2. Who enrolled a point is not its owner: it has none. */
export async function accessOf(crypto: Crypto, db: Db, now_ms: number): Promise<ReviewItem[]> {
  const agents = await db
    .selectFrom('agents')
    .selectAll()
    .where('status', '!=', 'retired')
    .orderBy('id')
    .execute()
  const delegations = await db
    .selectFrom('delegations')
    .innerJoin('agents', 'agents.id', 'delegations.agent')
    .select(['delegations.jti', 'delegations.agent', 'delegations.principal', 'delegations.exp'])
    .select('delegations.chain')
    .where('delegations.revoked', '=', 0)
    .where('delegations.exp', '>', Math.floor(now_ms / 1000))
    .where('agents.status', '!=', 'retired')
    .orderBy('delegations.jti')
    .execute()
  const people = await db
    .selectFrom('people')
    .selectAll()
    .where('status', '!=', 'left')
    .orderBy('id')
    .execute()
  const gone = db.selectFrom('frames').select('handle').where('kind', '=', 'key')
  const points = await db
    .selectFrom('points')
    .selectAll()
    .where('jkt', 'not in', gone)
    .orderBy('id')
    .execute()
  return [
    ...agents.map(({ id, owner, class: of, status, systems_json }) => {
      const systems = parseJson(systems_json) as string[]
      const may = [`class: ${of}`, `status: ${status}`, ...systems.map((system) => `system: ${system}`)]
      return itemOf('agent', id, owner, may)
    }),
    ...delegations.map(({ jti, agent, principal, exp, chain }) => {
      const root = segmentsOf(crypto, chain).map(({ id }) => `segment: ${id}`)
      return itemOf('delegation', jti, principal, [
        `agent: ${agent}`,
        `until: ${rfc3339(exp * 1000)}`,
        ...root,
      ])
    }),
    ...people.map(({ id, status, endorsed }) =>
      itemOf('person', id, id, [`status: ${status}`, `signs: ${endorsed === null ? 'no' : 'yes'}`]),
    ),
    ...points.map((point) => {
      const servers = serversOf(point).map((server) => `server: ${server}`)
      return itemOf('point', point.id, null, [`placement: ${point.placement}`, ...servers])
    }),
    ...(await servicesInForce(db, now_ms)),
  ]
}

function itemOf(
  kind: ReviewItem['kind'],
  target: string,
  owner: string | null,
  lines: readonly string[],
): ReviewItem {
  const more = lines.length - MAY_MAX
  const shown = more <= 0 ? lines : [...lines.slice(0, MAY_MAX - 1), `and ${more + 1} more`]
  return { kind, target, owner, may: shown.map((line) => line.slice(0, MAY_CHARS_MAX)) }
}

export async function insertReview(
  db: Db,
  id: string,
  { entry, time_ms, actor }: { readonly entry: number; readonly time_ms: number; readonly actor: string },
  { period, items_n, digest, list }: EntryBody<'access_review.opened'>,
): Promise<void> {
  await db
    .insertInto('access_reviews')
    .values({
      id,
      entry,
      period,
      opener: actor,
      items_n,
      digest,
      list: list ?? 'access',
      opened: time_ms,
      closed: null,
      closing: null,
    })
    .execute()
}

export async function insertItems(
  db: Db,
  review: string,
  { from, items }: EntryBody<'access_review.listed'>,
): Promise<void> {
  const fresh = { reviewer: null, decision: null, decider: null, decided: null, acted: null }
  for (const [i, { kind, target, owner, may }] of items.entries())
    await db
      .insertInto('access_review_items')
      .values({ review, n: from + i, kind, target, owner, may_json: JSON.stringify(may), ...fresh })
      .execute()
}

/** @throws {RegistryError} `UNKNOWN_ACCESS_REVIEW` */
export async function findReview(db: Db, id: string): Promise<AccessReviewRow> {
  const row = await db.selectFrom('access_reviews').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_ACCESS_REVIEW', 'no such review: see "countersign access-review list"')
  return row
}

export async function updateItem(
  db: Db,
  review: string,
  n: number,
  change: Partial<AccessReviewItemRow>,
): Promise<void> {
  await db
    .updateTable('access_review_items')
    .set(change)
    .where('review', '=', review)
    .where('n', '=', n)
    .execute()
}

export async function markClosed(db: Db, id: string, closing: number, closed: number): Promise<void> {
  await db.updateTable('access_reviews').set({ closing, closed }).where('id', '=', id).execute()
}
