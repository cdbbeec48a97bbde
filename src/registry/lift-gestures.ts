/** Gestures that a lift has so far. spec/kill.md (KIL-15, KIL-25). @module */
import type { Kysely } from 'kysely'
import { gestureSchema, type Gesture } from '../core/gesture.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import type { SignedLift } from '../revoke/statement.ts'

/** Those of people who are still enrolled. */
export async function gesturesOf(db: Kysely<Schema>, lift: string): Promise<Gesture[]> {
  const rows = await db
    .selectFrom('lift_gestures')
    .innerJoin('people', 'people.id', 'lift_gestures.person')
    .select('gesture_json')
    .where('lift', '=', lift)
    .where('people.status', '=', 'enrolled')
    .orderBy('person')
    .execute()
  return rows.map((row) => gestureSchema.parse(parseJson(row.gesture_json)))
}

/** Handles of people whose gesture is by a passkey that counts now: one that was removed counts as its person gone (PPL-9). */
export async function countingIn(db: Kysely<Schema>, { gestures }: SignedLift): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('passkeys')
    .innerJoin('people', 'people.id', 'passkeys.person')
    .select(['rev', 'credential_json'])
    .where(
      'passkeys.registration',
      'in',
      gestures.map(({ registration }) => registration),
    )
    .where('passkeys.status', '=', 'counts')
    .where('people.status', '=', 'enrolled')
    .execute()
  const counting = new Set(rows.map(({ rev, credential_json }) => `${rev} ${credential_json}`))
  return new Set(
    gestures.flatMap(({ rev, jwk }) => (counting.has(`${rev} ${canonicalize({ ...jwk })}`) ? rev : [])),
  )
}
