/** Gestures that a lift has so far. spec/kill.md (KIL-15, KIL-25). @module */
import type { Kysely } from 'kysely'
import { gestureSchema, type Gesture } from '../core/gesture.ts'
import { parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'

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
