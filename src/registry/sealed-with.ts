/** Delegations in force by whose gestures they were sealed. spec/people.md (PPL-10), spec/identity.md (IDN-19). @module */
import { isJsonObject } from '../core/json.ts'
import { parseJws } from '../core/sign.ts'
import { seconds } from '../core/time.ts'
import type { Tx } from '../ports/store.ts'

/**
 * Those whose root has a gesture of one of the passkeys: of whom they are in the name of, or who approved them.
 * @param passkeys indices of the entries that registered them @param since_ms issued at or after
 */
export async function sealedWith(
  { db, now }: Tx,
  passkeys: readonly number[],
  since_ms: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('delegations')
    .select(['jti', 'chain'])
    .where('revoked', '=', 0)
    .where('issued', '>=', since_ms)
    .where('exp', '>', seconds(now))
    .orderBy('jti')
    .execute()
  const wanted = new Set<unknown>(passkeys)
  return rows.flatMap(({ jti, chain }) =>
    registrationsIn(chain).some((one) => wanted.has(one)) ? [jti] : [],
  )
}

/** As {@link sealedWith}, of every passkey that somebody ever had. */
export async function sealedBy(tx: Tx, person: string): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('passkeys')
    .select('registration')
    .where('person', '=', person)
    .execute()
  return sealedWith(
    tx,
    rows.map(({ registration }) => registration),
    0,
  )
}

function registrationsIn(chain: string): unknown[] {
  const { gestures } = parseJws(chain.slice(0, chain.indexOf('~'))).payload
  return Array.isArray(gestures)
    ? gestures.map((gesture) => (isJsonObject(gesture) ? gesture.registration : null))
    : []
}
