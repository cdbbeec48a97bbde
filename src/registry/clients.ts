/**
 * OAuth clients: the agents, enforcement points and people of the registers, by their identifiers. spec/status.md
 * (STS-5). Nothing is registered twice: a client's keys are the keys that it has anyway.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { isId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { decodeEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { findCaller, type Caller } from './callers.ts'
import type { RegistryContext } from './context.ts'

export interface Client {
  readonly kind: Caller['kind']
  readonly id: string
  /** In force, by thumbprint; never empty. */
  readonly keys: ReadonlyMap<string, PublicJwk>
}

/** Keys that are tried for a client that does not say which it used. */
export const KEYS_TRIED_MAX = 8

/**
 * @param kid thumbprint of the key that is wanted; without it, at most {@link KEYS_TRIED_MAX}
 * @returns null for who is not registered, has left, was retired, or has no such key in force.
 */
export async function findClient(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  id: string,
  kid?: string,
): Promise<Client | null> {
  const keys = new Map<string, PublicJwk>()
  let kind: Caller['kind'] | null = null
  for (const jwk of await registeredKeys(db, id, kid)) {
    const jkt = thumbprint(ctx.crypto, jwk)
    const caller = await findCaller(db, jkt)
    if (caller?.id !== id || (kid !== undefined && jkt !== kid)) continue
    kind = caller.kind
    keys.set(jkt, jwk)
  }
  return kind === null ? null : { kind, id, keys }
}

async function registeredKeys(db: Kysely<Schema>, id: string, kid: string | undefined): Promise<PublicJwk[]> {
  if (isId(id, 'per')) return operatorKeys(db, id)
  const rows = isId(id, 'agt')
    ? await agentKeys(db, id, kid)
    : isId(id, 'pnt')
      ? await db.selectFrom('points').select('jwk_json').where('id', '=', id).execute()
      : []
  return rows.map(({ jwk_json }) => publicJwk(parseJson(jwk_json)))
}

async function agentKeys(
  db: Kysely<Schema>,
  agent: string,
  kid: string | undefined,
): Promise<{ jwk_json: string }[]> {
  let live = db
    .selectFrom('agent_keys')
    .select('jwk_json')
    .where('agent', '=', agent)
    .where('revoked', '=', 0)
  if (kid !== undefined) live = live.where('jkt', '=', kid)
  return live.limit(KEYS_TRIED_MAX).execute()
}

/** The table has the thumbprint of an operator key alone; the key is in the entry that enrolled the person. */
async function operatorKeys(db: Kysely<Schema>, person: string): Promise<PublicJwk[]> {
  const row = await db
    .selectFrom('people')
    .innerJoin('entries', 'entries.idx', 'people.registration')
    .select('entries.bytes')
    .where('people.id', '=', person)
    .executeTakeFirst()
  const entry = row === undefined ? null : decodeEntry(row.bytes)
  return entry?.type === 'person.enrolled' ? [publicJwk(entry.body.operator)] : []
}
