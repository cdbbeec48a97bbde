/** Bodies of the entries about who administers the installation. spec/entries.md, spec/roles.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { CUSTODY_NAMES, ROLE_NAMES } from '../core/roles.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
/** Of a database, a host or a key, in characters. */
const THING_CHARS_MAX = 128

/** ROL-2. */
export const holdingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('role'), person: id, role: z.enum(ROLE_NAMES) }),
  z.strictObject({
    kind: z.literal('custody'),
    person: id,
    custody: z.enum(CUSTODY_NAMES),
    of: z.string().min(1).max(THING_CHARS_MAX),
  }),
])

export const roleBodies = {
  /** By the set-up alone. */
  'role.preset': z.strictObject({ kind: z.literal('role'), person: id, role: z.literal('owner') }),
  'role.proposed': holdingSchema,
  'role.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('role.approve'),
      role: id,
      person: id,
      /** What is held: `owner`, `database ledger-1`. */
      holds: z.string().max(THING_CHARS_MAX + 32),
      /** Index of the `role.proposed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'role.removed': z.strictObject({ reason: z.string().regex(REASON_CODE) }),
}
