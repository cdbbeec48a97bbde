/** Delegations as they are listed and shown. spec/api.md. @module */
import type { Kysely } from 'kysely'
import { seconds } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { disclosuresOf } from './personal.ts'

export interface Delegation {
  readonly jti: string
  readonly agent: string
  readonly principal: string
  /** Seconds. */
  readonly exp: number
  /** Milliseconds. */
  readonly issued: number
  readonly revoked: boolean
  /** `cns_…`, for whose data subject alone it is. */
  readonly consent: string | null
}

export interface DelegationFilter {
  readonly agent?: string | undefined
  readonly status?: 'in_force' | 'expired' | 'revoked' | undefined
  /** Only those with a smaller `jti`. */
  readonly before?: string | undefined
}

/** Newest first. */
export async function listDelegations(
  db: Kysely<Schema>,
  limit: number,
  { agent, status, before }: DelegationFilter,
  now_ms: number,
): Promise<Delegation[]> {
  const rows = await withConsent(db)
    .orderBy('jti', 'desc')
    .limit(limit)
    .$if(before !== undefined, (all) => all.where('jti', '<', before ?? ''))
    .$if(agent !== undefined, (all) => all.where('agent', '=', agent ?? ''))
    .$if(status !== undefined, (all) => all.where('revoked', '=', status === 'revoked' ? 1 : 0))
    .$if(status === 'in_force', (all) => all.where('exp', '>', seconds(now_ms)))
    .$if(status === 'expired', (all) => all.where('exp', '<=', seconds(now_ms)))
    .execute()
  return rows.map((row) => ({ ...row, revoked: row.revoked !== 0 }))
}

function withConsent(db: Kysely<Schema>) {
  return db
    .selectFrom('delegations')
    .leftJoin('handles', (join) =>
      join.onRef('handles.owner', '=', 'delegations.jti').on('handles.kind', '=', 'consent'),
    )
    .leftJoin('consents', 'consents.rev', 'handles.handle')
    .select(['delegations.jti', 'agent', 'principal', 'exp', 'issued', 'revoked'])
    .select('consents.id as consent')
}

/** With all that its chain discloses and that was not erased. @throws {RegistryError} `UNKNOWN_DELEGATION` */
export async function getDelegation(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  jti: string,
): Promise<Delegation & { chain: string }> {
  const row = await withConsent(db).select('chain').where('jti', '=', jti).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_DELEGATION', 'no such delegation')
  const claims = await disclosuresOf(ctx, db, jti)
  const chain = row.chain + claims.map((claim) => `${claim}~`).join('')
  return { ...row, chain, revoked: row.revoked !== 0 }
}
