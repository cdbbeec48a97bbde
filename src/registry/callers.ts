/**
 * Who a key belongs to. spec/api.md (API-3). One key has one owner: nobody is two parties with the same key.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { canonicalize } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

export type Caller =
  | { readonly kind: 'person'; readonly id: string; readonly jkt: string }
  | { readonly kind: 'point'; readonly id: string; readonly jkt: string }
  | { readonly kind: 'agent'; readonly id: string; readonly jkt: string }
  | { readonly kind: 'manager'; readonly id: string; readonly jkt: string }
  | { readonly kind: 'auditor'; readonly id: string; readonly jkt: string }
  | { readonly kind: 'service'; readonly id: string; readonly jkt: string }

/** @returns null for a key that is nobody's, or of somebody who left, was retired or had it revoked. */
export async function findCaller(db: Kysely<Schema>, jkt: string): Promise<Caller | null> {
  const person = await db
    .selectFrom('people')
    .select('id')
    .where('operator_jkt', '=', jkt)
    .where('status', '=', 'enrolled')
    .executeTakeFirst()
  if (person) return { kind: 'person', id: person.id, jkt }
  const point = await db
    .selectFrom('points')
    .select('id')
    .where('jkt', '=', jkt)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('frames').select('seq').where('kind', '=', 'key').where('handle', '=', jkt)),
      ),
    )
    .executeTakeFirst()
  if (point) return { kind: 'point', id: point.id, jkt }
  const agent = await db
    .selectFrom('agent_keys')
    .innerJoin('agents', 'agents.id', 'agent_keys.agent')
    .select('agents.id')
    .where('agent_keys.jkt', '=', jkt)
    .where('agent_keys.revoked', '=', 0)
    .where('agents.status', '!=', 'retired')
    .executeTakeFirst()
  if (agent) return { kind: 'agent', id: agent.id, jkt }
  // One that was removed may still withdraw what it gave (CNS-13).
  const manager = await db
    .selectFrom('managers')
    .select('id')
    .where('jkt', '=', jkt)
    .where('status', '!=', 'waiting')
    .executeTakeFirst()
  if (manager) return { kind: 'manager', id: manager.id, jkt }
  // Whether the preview is in force is asked where something is looked at (PRV-6): the auditor is told why not.
  const auditor = await db.selectFrom('previews').select('id').where('jkt', '=', jkt).executeTakeFirst()
  if (auditor) return { kind: 'auditor', id: auditor.id, jkt }
  // Whether the account has ended is asked with each request (SVC-8): the program is told why not.
  const service = await db
    .selectFrom('service_keys')
    .select('account')
    .where('jkt', '=', jkt)
    .where('replaced', 'is', null)
    .executeTakeFirst()
  return service ? { kind: 'service', id: service.account, jkt } : null
}

/** @throws {RegistryError} `KEY_IN_USE`: the key is or was somebody's, a person's credential included. */
export async function assertKeyUnused(crypto: Crypto, db: Kysely<Schema>, jwk: PublicJwk): Promise<void> {
  const jkt = thumbprint(crypto, jwk)
  const owners = await Promise.all([
    db.selectFrom('people').select('id').where('operator_jkt', '=', jkt).executeTakeFirst(),
    db
      .selectFrom('passkeys')
      .select('person')
      .where((eb) =>
        eb.or([eb('credential_json', '=', canonicalize({ ...jwk })), eb('operator_jkt', '=', jkt)]),
      )
      .executeTakeFirst(),
    db.selectFrom('points').select('id').where('jkt', '=', jkt).executeTakeFirst(),
    db.selectFrom('agent_keys').select('jkt').where('jkt', '=', jkt).executeTakeFirst(),
    db.selectFrom('managers').select('jkt').where('jkt', '=', jkt).executeTakeFirst(),
    db.selectFrom('service_keys').select('jkt').where('jkt', '=', jkt).executeTakeFirst(),
    db
      .selectFrom('data_subjects')
      .select('id')
      .where('credential_json', '=', canonicalize({ ...jwk }))
      .executeTakeFirst(),
    db
      .selectFrom('previews')
      .select('id')
      .where((eb) => eb.or([eb('jkt', '=', jkt), eb('credential_json', '=', canonicalize({ ...jwk }))]))
      .executeTakeFirst(),
  ])
  if (owners.some((owner) => owner !== undefined)) {
    throw new RegistryError('KEY_IN_USE', 'this key is registered already: make a new one')
  }
}
