/**
 * Keys of agents, and the issuer's statements that name them. spec/delegation.md (DLG-7).
 * Invariant: a key that was revoked never comes back.
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
import { signStatement } from '../token/issue.ts'
import { assertStatus, findAgent } from './agents.ts'
import { assertKeyUnused } from './callers.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

/** Keys an agent may ever have had. */
export const AGENT_KEYS_MAX = 256
/** The longest life of a statement, in seconds (DLG-7). */
export const STATEMENT_TTL_S_MAX = 24 * 3600

/** @throws {RegistryError} `UNKNOWN_AGENT`, `STATE_CONFLICT`, `KEY_IN_USE`, `LIMIT_EXCEEDED` */
export function addAgentKey(
  ctx: RegistryContext,
  actor: Actor,
  agent: string,
  jwk: PublicJwk,
): Promise<{ jkt: string }> {
  return ctx.store.write((tx) => addAgentKeyTx(ctx, tx, actor, agent, { jwk }))
}

/** As {@link addAgentKey}. @param body with the point that holds the key in the agent's place, when one does (OAU-16) */
export async function addAgentKeyTx(
  ctx: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  actor: Actor,
  agent: string,
  body: { readonly jwk: PublicJwk; readonly point?: string },
): Promise<{ jkt: string }> {
  const { jwk } = body
  const jkt = thumbprint(ctx.crypto, jwk)
  assertStatus(await findAgent(tx.db, agent), ['approved', 'active'])
  await assertKeyUnused(ctx.crypto, tx.db, jwk)
  const keys = await tx.db.selectFrom('agent_keys').select('jkt').where('agent', '=', agent).execute()
  if (keys.length >= AGENT_KEYS_MAX) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `an agent has at most ${AGENT_KEYS_MAX} keys, revoked ones too: propose another agent`,
    )
  }
  await tx.db
    .insertInto('agent_keys')
    .values({ jkt, agent, jwk_json: canonicalize({ ...jwk }), revoked: 0 })
    .execute()
  await tx.append({ type: 'agent.key_added', actor, subject: agent, body })
  return { jkt }
}

/**
 * A key of the agent that is in force.
 * @throws {RegistryError} `UNKNOWN_KEY`; `STATE_CONFLICT`: revoked.
 */
export async function liveAgentKey(db: Kysely<Schema>, agent: string, jkt: string): Promise<PublicJwk> {
  const row = await db
    .selectFrom('agent_keys')
    .selectAll()
    .where('jkt', '=', jkt)
    .where('agent', '=', agent)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_KEY', 'the agent has no such key: register it first')
  if (row.revoked !== 0) throw new RegistryError('STATE_CONFLICT', 'the key is revoked: register a new one')
  return publicJwk(parseJson(row.jwk_json))
}

/** @throws {RegistryError} `UNKNOWN_AGENT`, `UNKNOWN_KEY`, `STATE_CONFLICT` */
export function issueStatement(
  ctx: RegistryContext,
  actor: Actor,
  agent: string,
  jkt: string,
): Promise<{ statement: string; exp: number }> {
  return ctx.store.write(async (tx) => {
    const row = await findAgent(tx.db, agent)
    assertStatus(row, ['active'])
    await liveAgentKey(tx.db, agent, jkt)
    const iat = seconds(tx.now)
    const exp = iat + STATEMENT_TTL_S_MAX
    await tx.append({ type: 'agent.statement_issued', actor, subject: agent, body: { jkt, exp } })
    const claims = { iss: ctx.iss, agent, class: row.class, jkt, iat, exp }
    return { statement: signStatement(ctx.crypto, await ctx.issuer.current(tx.db), claims), exp }
  })
}
