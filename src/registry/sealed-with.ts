/**
 * Delegations in force by whose gestures they were sealed: of whom they are in the name of, or who approved them.
 * spec/people.md (PPL-10), spec/identity.md (IDN-19). Invariant: a chain that cannot be read keeps nothing in force.
 * @module
 */
import { CountersignError } from '../core/errors.ts'
import { isJsonObject } from '../core/json.ts'
import { parseJws } from '../core/sign.ts'
import { seconds } from '../core/time.ts'
import type { Tx } from '../ports/store.ts'

/** Those behind which somebody stands. */
export async function sealedBy(tx: Tx, person: string): Promise<string[]> {
  return (await inForceOf(tx, person, 0)).map(({ jti }) => jti)
}

/**
 * Of those of somebody, the ones whose root has a gesture of this passkey, or cannot be read.
 * @param passkey index of the entry that registered it @param since_ms issued at or after
 */
export async function sealedWith(
  tx: Tx,
  person: string,
  { passkey, since_ms }: { readonly passkey: number; readonly since_ms: number },
): Promise<string[]> {
  const rows = await inForceOf(tx, person, since_ms)
  return rows.flatMap(({ jti, chain }) => (registrationsIn(chain)?.includes(passkey) === false ? [] : [jti]))
}

async function inForceOf(
  { db, now }: Tx,
  person: string,
  since_ms: number,
): Promise<{ readonly jti: string; readonly chain: string }[]> {
  return db
    .selectFrom('people')
    .innerJoin('handles', (join) =>
      join.onRef('handles.handle', '=', 'people.rev').on('handles.kind', '=', 'person'),
    )
    .innerJoin('delegations', 'delegations.jti', 'handles.owner')
    .select(['delegations.jti', 'delegations.chain'])
    .where('people.id', '=', person)
    .where('delegations.revoked', '=', 0)
    .where('delegations.issued', '>=', since_ms)
    .where('delegations.exp', '>', seconds(now))
    .orderBy('delegations.jti')
    .execute()
}

/** Null: it is no chain that can be read. */
function registrationsIn(chain: string): unknown[] | null {
  try {
    const { gestures } = parseJws(chain.slice(0, chain.indexOf('~'))).payload
    if (!Array.isArray(gestures)) return null
    return gestures.map((gesture) => (isJsonObject(gesture) ? gesture.registration : null))
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
