/** Outputs as people are shown them: what waits for a review, what left. spec/outputs.md (OUT-12). @module */
import type { Kysely } from 'kysely'
import { rfc3339 } from '../core/time.ts'
import type { Form, Role } from '../core/output.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { heldCallOf } from './held-outputs.ts'
import { outputPolicyInForce } from './output-policies.ts'
import { findOutput, type OutputRow } from './output-rows.ts'
import { bodyOf } from './outputs.ts'

/** Outputs of one page, newest first. */
export const LISTED_MAX = 200

type Db = Kysely<Schema>

export interface OutputView {
  readonly id: string
  /** That registered it. */
  readonly entry: number
  readonly kind: string
  readonly form: Form
  readonly agent: string | null
  readonly system: string | null
  readonly registrar: string
  readonly registered: string
  readonly released: string | null
  /** Of the valid attestation. */
  readonly role: Role | null
  readonly attestation: string | null
  readonly refusals: number
  /** Reviews that were decided with the flag: the next is by another person (ATT-23). */
  readonly flagged: number
  /** Until when the call waits by which it would leave, or null: none waits. */
  readonly held_until: string | null
  /** What the policy in force asks of this kind, or null: it has it no more. */
  readonly asks: { readonly minimum: Role; readonly release: 'gate' | 'cover' } | null
  /** What became of it as a seeded error; null: it is none, or was not revealed (ATT-26). */
  readonly seed: 'caught' | 'missed' | 'unused' | null
}

export async function outputView(
  ctx: Pick<RegistryContext, 'iss'>,
  db: Db,
  id: string,
  now: number,
): Promise<OutputView> {
  return viewOf(ctx, db, await findOutput(db, id), now)
}

export interface OutputFilter {
  /** Those alone that neither left nor are attested, and that somebody can look at. */
  readonly waiting: boolean
  /** Those that an entry below it registered: the page behind. */
  readonly before?: number | undefined
}

/** Newest first. */
export async function listOutputs(
  ctx: Pick<RegistryContext, 'iss'>,
  db: Db,
  { waiting, before }: OutputFilter,
  now: number,
): Promise<OutputView[]> {
  const all = db
    .selectFrom('outputs')
    .selectAll()
    .orderBy('entry', 'desc')
    .limit(LISTED_MAX)
    .$if(before !== undefined, (rows) => rows.where('entry', '<', before ?? 0))
  const rows = await (
    waiting
      ? all
          .where('released', 'is', null)
          .where('attestation', 'is', null)
          .where('content_commit', 'is not', null)
          .where((eb) =>
            eb.not(
              eb.exists(eb.selectFrom('seeds').select('id').whereRef('seeds.output', '=', 'outputs.id')),
            ),
          )
      : all
  ).execute()
  const views: OutputView[] = []
  for (const row of rows) views.push(await viewOf(ctx, db, row, now))
  return views
}

async function viewOf(
  ctx: Pick<RegistryContext, 'iss'>,
  db: Db,
  row: OutputRow,
  now: number,
): Promise<OutputView> {
  const { id, entry, kind, agent, system, registrar, attestation, refusals } = row
  const held = await heldCallOf(ctx, db, row, now)
  const found = (await outputPolicyInForce(db))?.policy.kinds.find((one) => one.kind === kind)
  const flags = await db
    .selectFrom('reviews')
    .select('id')
    .where('output', '=', id)
    .where('flagged', '=', 1)
    .execute()
  const revealed = await db.selectFrom('seeds').select('outcome').where('output', '=', id).executeTakeFirst()
  const attested =
    attestation === null
      ? undefined
      : await db.selectFrom('attestations').select('role').where('id', '=', attestation).executeTakeFirst()
  return {
    id,
    entry,
    kind,
    form: bodyOf(row).form,
    agent,
    system,
    registrar,
    registered: rfc3339(row.registered),
    released: row.released === null ? null : rfc3339(row.released),
    role: attested?.role ?? null,
    attestation,
    refusals,
    flagged: flags.length,
    held_until: held === null ? null : rfc3339(held.expires),
    asks: found === undefined ? null : { minimum: found.minimum, release: found.release },
    seed: revealed?.outcome ?? null,
  }
}
