/**
 * Hosting keys: keys that a gateway holds in the place of agents that cannot, and the resources that it guards.
 * spec/oauth.md (OAU-15 to OAU-17). The private halves never leave the gateway.
 * Invariant: a key is one agent's at one point, and a resource is one point's.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { seconds } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { addAgentKeyTx } from './agent-keys.ts'
import { assertKeyUnused } from './callers.ts'
import type { RegistryContext } from './context.ts'
import { getDelegation } from './delegation-views.ts'
import { RegistryError } from './errors.ts'
import { findPoint, serversOf } from './points.ts'
import { isOwnerRevoked, isRevoked } from './statuses.ts'

/** Keys of a point that no agent has yet: so many new clients between two of its visits. */
export const UNUSED_KEYS_MAX = 64
/** Servers behind one gateway. */
export const RESOURCES_MAX = 64

export interface HostedResource {
  readonly server: string
  /** The OAuth resource identifier (RFC 8707). */
  readonly url: string
}

export interface HostingOffer {
  readonly keys: readonly PublicJwk[]
  readonly resources: readonly HostedResource[]
}

/**
 * Takes what a gateway offers. Idempotent. Keys add to those there are, resources replace those of before.
 * @returns how many keys no agent has yet
 * @throws {RegistryError} `UNKNOWN_POINT`, `KEY_IN_USE`; `LIMIT_EXCEEDED`: more than {@link UNUSED_KEYS_MAX} unused keys;
 * `STATE_CONFLICT`: a resource is another point's, or of a server that this one does not guard
 */
export function takeHostingOffer(
  ctx: Pick<RegistryContext, 'store' | 'crypto'>,
  point: string,
  offer: HostingOffer,
): Promise<{ unused: number }> {
  return ctx.store.write(async (tx) => {
    const row = await findPoint(tx.db, point)
    for (const jwk of offer.keys) await insertKey(ctx, tx, point, jwk)
    const unused = await unusedKeys(tx.db, point)
    if (unused > UNUSED_KEYS_MAX) {
      throw new RegistryError('LIMIT_EXCEEDED', `at most ${UNUSED_KEYS_MAX} hosting keys wait for an agent`)
    }
    await tx.db.deleteFrom('hosted_resources').where('point', '=', point).execute()
    for (const resource of offer.resources) await insertResource(tx, row, resource)
    return { unused }
  })
}

async function insertKey(
  ctx: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  point: string,
  jwk: PublicJwk,
): Promise<void> {
  const jkt = thumbprint(ctx.crypto, jwk)
  const known = await tx.db
    .selectFrom('hosting_keys')
    .select('point')
    .where('jkt', '=', jkt)
    .executeTakeFirst()
  if (known?.point === point) return
  if (known) throw new RegistryError('KEY_IN_USE', 'this key is registered already: make a new one')
  await assertKeyUnused(ctx.crypto, tx.db, jwk)
  const jwk_json = canonicalize({ ...jwk })
  await tx.db.insertInto('hosting_keys').values({ jkt, point, jwk_json, agent: null }).execute()
}

async function unusedKeys(db: Kysely<Schema>, point: string): Promise<number> {
  const { n } = await db
    .selectFrom('hosting_keys')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('point', '=', point)
    .where('agent', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(n)
}

async function insertResource(tx: Tx, row: Schema['points'], { server, url }: HostedResource): Promise<void> {
  if (!serversOf(row).includes(server))
    throw new RegistryError('STATE_CONFLICT', `this enforcement point does not guard the server ${server}`)
  const other = await findResource(tx.db, url)
  if (other !== null)
    throw new RegistryError(
      'STATE_CONFLICT',
      'a resource is registered twice, or by another enforcement point',
    )
  // Of a point that was revoked: nobody else could take it away.
  await tx.db.deleteFrom('hosted_resources').where('url', '=', url).execute()
  await tx.db.insertInto('hosted_resources').values({ url, point: row.id, server }).execute()
}

/** @returns null for a URL, compared as a string, that no point registered which still stands */
export async function findResource(
  db: Kysely<Schema>,
  url: string,
): Promise<Schema['hosted_resources'] | null> {
  const row = await db.selectFrom('hosted_resources').selectAll().where('url', '=', url).executeTakeFirst()
  if (row === undefined) return null
  const { jkt } = await findPoint(db, row.point)
  return (await isRevoked(db, [{ kind: 'key', handle: jkt }])) ? null : row
}

/**
 * The thumbprint of the key by which a gateway acts for an agent: the one that it has, or one that becomes its.
 * @throws {RegistryError} `UNKNOWN_KEY`: the gateway has none left; as `addAgentKey`
 */
export function hostingKeyFor(
  ctx: Pick<RegistryContext, 'store' | 'crypto'>,
  actor: Actor,
  { agent, point }: { readonly agent: string; readonly point: string },
): Promise<string> {
  return ctx.store.write(async (tx) => {
    const live = await tx.db
      .selectFrom('hosting_keys')
      .innerJoin('agent_keys', 'agent_keys.jkt', 'hosting_keys.jkt')
      .select('hosting_keys.jkt')
      .where('hosting_keys.point', '=', point)
      .where('hosting_keys.agent', '=', agent)
      .where('agent_keys.revoked', '=', 0)
      .executeTakeFirst()
    if (live) return live.jkt
    const next = await tx.db
      .selectFrom('hosting_keys')
      .selectAll()
      .where('point', '=', point)
      .where('agent', 'is', null)
      .orderBy('jkt')
      .executeTakeFirst()
    if (!next)
      throw new RegistryError('UNKNOWN_KEY', 'the gateway has no key left for another agent: is it running?')
    await tx.db.updateTable('hosting_keys').set({ agent }).where('jkt', '=', next.jkt).execute()
    await addAgentKeyTx(ctx, tx, actor, agent, { jwk: publicJwk(parseJson(next.jwk_json)), point })
    return next.jkt
  })
}

export interface HostedDelegation {
  readonly jti: string
  readonly agent: string
  /** Seconds. */
  readonly exp: number
  /** With every disclosure. */
  readonly chain: string
}

/**
 * A delegation that a gateway holds in the place of its agent. Not checked: that its root names the point in `aud`,
 * which the gateway does.
 * @param now_ms milliseconds since 1970
 * @throws {RegistryError} `UNKNOWN_DELEGATION`: also of another point's, over or revoked
 */
export async function hostedDelegation(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  point: string,
  jti: string,
  now_ms: number,
): Promise<HostedDelegation> {
  const { agent, exp, chain } = await getDelegation(ctx, db, jti)
  const holder = await db
    .selectFrom('handles')
    .innerJoin('hosting_keys', 'hosting_keys.jkt', 'handles.handle')
    .select('hosting_keys.jkt')
    .where('handles.owner', '=', jti)
    .where('handles.kind', '=', 'key')
    .where('hosting_keys.point', '=', point)
    .executeTakeFirst()
  if (!holder || exp <= seconds(now_ms) || (await isOwnerRevoked(db, jti)))
    throw new RegistryError('UNKNOWN_DELEGATION', 'no such delegation that you hold')
  return { jti, agent, exp, chain }
}

/** Whether codes and tokens that rest on a delegation are good (OAU-7). @param now_ms milliseconds since 1970 */
export async function isDelegationLive(db: Kysely<Schema>, jti: string, now_ms: number): Promise<boolean> {
  const row = await db.selectFrom('delegations').select('exp').where('jti', '=', jti).executeTakeFirst()
  return row !== undefined && row.exp > seconds(now_ms) && !(await isOwnerRevoked(db, jti))
}
