/** Raises alerts. spec/telemetry.md (TEL-4). Invariant: one key is raised once. @module */
import { alertBodies } from '../log/alert-bodies.ts'
import type { Finding } from '../observe/fold.ts'
import type { Tx } from '../ports/store.ts'
import { SYSTEM } from './context.ts'

const body = alertBodies['alert.raised']

/** Within a transaction: with what the finding is about, or alone. */
export async function raise(tx: Tx, finding: Finding): Promise<void> {
  const { key, rule, subject, detail } = finding
  const known = await tx.db.selectFrom('alert_keys').select('key').where('key', '=', key).executeTakeFirst()
  if (known) return
  const entry = await tx.append({
    type: 'alert.raised',
    actor: SYSTEM,
    ...(subject === null ? {} : { subject }),
    body: body.parse({ rule, detail }),
  })
  await tx.db.insertInto('alert_keys').values({ key, entry }).execute()
}
