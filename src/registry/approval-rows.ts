/** Rows of calls that wait for a person, as the register writes them and as a rebuild does. spec/approvals.md. @module */
import type { Kysely } from 'kysely'
import { canonicalize } from '../core/json.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Requested } from './approval-views.ts'

export async function recordRequested(
  db: Kysely<Schema>,
  { id, point, now_ms }: { readonly id: string; readonly point: string; readonly now_ms: number },
  { grant, flow, ...body }: Requested,
): Promise<void> {
  const undecided = {
    status: 'open',
    decided: null,
    approver: null,
    act_json: null,
    gesture_json: null,
  } as const
  await db
    .insertInto('approvals')
    .values({
      id,
      point,
      ...body,
      grant_digest: grant,
      requested: now_ms,
      ...undecided,
      flow_json: flow === undefined ? null : canonicalize(flow),
    })
    .execute()
}

export async function recordDecided(
  db: Kysely<Schema>,
  { person, now_ms }: { readonly person: string; readonly now_ms: number },
  { act, gesture }: Pick<EntryBody<'approval.decided'>, 'act' | 'gesture'>,
): Promise<void> {
  await db
    .updateTable('approvals')
    .set({
      status: act.decision === 'approve' ? 'approved' : 'refused',
      decided: now_ms,
      approver: person,
      act_json: canonicalize({ ...act }),
      gesture_json: canonicalize({ ...gesture }),
    })
    .where('id', '=', act.approval)
    .execute()
}
