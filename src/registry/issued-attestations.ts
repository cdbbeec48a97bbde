/** Attestations once they are issued: given again, ended, shown to anyone. spec/attestation.md (ATT-8, ATT-28, ATT-29). @module */
import type { Kysely } from 'kysely'
import { parseJson } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import type { Envelope } from '../provenance/dsse.ts'
import type { Bundle } from '../provenance/statement.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { endAttestation, findAttestation, findOutput } from './output-rows.ts'
import { openingOf } from './personal.ts'

type Db = Kysely<Schema>

/**
 * The bundle again (ATT-8). @param named whether the name is disclosed, where it is not erased
 * @throws {RegistryError} `UNKNOWN_ATTESTATION`, `VALUE_ERASED`
 */
export async function bundleOf(ctx: RegistryContext, db: Db, id: string, named: boolean): Promise<Bundle> {
  const row = await findAttestation(db, id)
  const found = await openingOf(ctx, db, row.envelope_commit)
  if (found === null || !('value' in found.opening))
    throw new RegistryError(
      'VALUE_ERASED',
      'this attestation is erased here: whoever has the file can verify it',
    )
  const envelope = found.opening.value
  const kid = (envelope as unknown as Envelope).signatures[0]?.keyid ?? ''
  const key = await db.selectFrom('issuer_keys').select('jwk_json').where('kid', '=', kid).executeTakeFirst()
  const jwk = parseJson(key?.jwk_json ?? '') as unknown as Bundle['keys'][number]['jwk']
  const human = named ? await openingOf(ctx, db, row.human_commit) : null
  const opening = human?.opening
  const disclosures =
    opening !== undefined && 'value' in opening && typeof opening.value === 'string'
      ? { human: { salt: opening.salt, name: opening.value } }
      : undefined
  return {
    v: 1,
    envelope: envelope as Bundle['envelope'],
    keys: [{ kid, jwk }],
    ...(disclosures === undefined ? {} : { disclosures }),
  }
}

/** Says that one is good for nothing, or wrong (ATT-28). @throws {RegistryError} `UNKNOWN_ATTESTATION`, `STATE_CONFLICT` */
export function end(
  ctx: RegistryContext,
  person: string,
  id: string,
  state: 'withdrawn' | 'disputed',
  reason: string,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    const row = await findAttestation(tx.db, id)
    if (row.state === 'withdrawn' || row.state === state)
      throw new RegistryError('STATE_CONFLICT', `it is ${row.state} already`)
    const actor = personActor(person)
    await tx.append({ type: `attestation.${state}`, actor, subject: id, body: { reason } })
    await endAttestation(tx.db, id, state, tx.now)
  })
}

export interface PublicAttestation {
  readonly id: string
  readonly role: string
  readonly state: Schema['attestations']['state']
  readonly since: string
  /** The valid one of the same output, or null. */
  readonly successor: string | null
}

/** For anyone who has its identifier (ATT-28). @throws {RegistryError} `UNKNOWN_ATTESTATION` */
export async function publicAttestation(db: Db, id: string): Promise<PublicAttestation> {
  const { role, state, since, output } = await findAttestation(db, id)
  const { attestation } = await findOutput(db, output)
  return { id, role, state, since: rfc3339(since), successor: attestation === id ? null : attestation }
}
