/**
 * Seeded errors: outputs that are wrong on purpose, to see whether reviewers look. spec/attestation.md (ATT-26).
 * Invariants: which output it is was committed to before it was there; it is never attested and never released; until it is
 * revealed by what became of it, nothing that is listed, shown or logged tells it from an output of a point.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId, newRandomId } from '../core/ids.ts'
import { commitTo } from '../log/commitment.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { kindInForce } from './output-policies.ts'
import type { OutputRow } from './output-rows.ts'
import { bodyOf, registerOutputTx, type OutputInput } from './outputs.ts'
import { fileUnder, keep, openingOf } from './personal.ts'
import { findSeed, openSeeds, ownSeeds, revealIfSeed } from './seed-rows.ts'

/** Seeds that are not revealed: each is opened to see whether an output is one. */
const OPEN_MAX = 64

type Planted = Omit<OutputInput, 'kind' | 'action'>

/**
 * Commits to the identifier of an output that is not there yet: plant it later, so that its place in the log does not
 * give it away. @throws {RegistryError} `LIMIT_EXCEEDED`
 */
export function commitSeed(ctx: RegistryContext, person: string, kind: string): Promise<{ seed: string }> {
  return ctx.store.write(async (tx) => {
    if ((await openSeeds(tx.db)).length >= OPEN_MAX)
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `${OPEN_MAX} seeded errors are out: wait until some are found`,
      )
    const seed = newId(ctx.crypto, 'sed', tx.now)
    const committed = commitTo(ctx.crypto, newRandomId(ctx.crypto, 'out'))
    const entry = await tx.append({
      type: 'seed.committed',
      actor: personActor(person),
      subject: seed,
      body: { kind },
      commitments: { seed: committed.commitment },
    })
    const row = { entry, id: seed, kind, seed_commit: committed.commitment, output: null, outcome: null }
    await tx.db.insertInto('seeds').values(row).execute()
    await fileUnder(tx, { id: seed, owner: null, first: entry })
    await keep(ctx, tx, seed, 'seed', committed)
    return { seed }
  })
}

/**
 * Registers the output that was committed to as the last one of its kind was registered that a point released by itself:
 * in the name of that point and, unless it is said otherwise, of its delegation, its system and its calls.
 * @throws {RegistryError} `UNKNOWN_OUTPUT`: no such seed that waits; `STATE_CONFLICT`: planted before, or there is none to
 * be like; and as `registerOutput`
 */
export function plantSeed(
  ctx: RegistryContext,
  person: string,
  seed: string,
  input: Planted,
): Promise<{ output: string }> {
  return ctx.store.write(async (tx) => {
    const row = (await ownSeeds(tx.db, person)).find(({ id }) => id === seed)
    const opened = row === undefined ? null : await openingOf(ctx, tx.db, row.seed_commit)
    const output = opened !== null && 'value' in opened.opening ? opened.opening.value : null
    if (row === undefined || typeof output !== 'string')
      throw new RegistryError('UNKNOWN_OUTPUT', 'no such seeded error that waits')
    const there = await tx.db.selectFrom('outputs').select('id').where('id', '=', output).executeTakeFirst()
    if (there !== undefined) throw new RegistryError('STATE_CONFLICT', 'it was planted before')
    const model = await modelOf(tx.db, row.kind)
    const action = model.action === null ? {} : { action: newId(ctx.crypto, 'act', tx.now) }
    const made = { ...likeIt(model, input), ...action, kind: row.kind }
    await registerOutputTx(ctx, tx, { kind: 'point', id: model.registrar }, made, output)
    return { output }
  })
}

/** The last one of the kind that people wait for, and that no held call stands for in the list of approvals. */
async function modelOf(db: Kysely<Schema>, kind: string): Promise<OutputRow> {
  const { release, minimum } = (await kindInForce(db, kind)).kind
  if (release !== 'gate' || minimum === 'directed')
    throw new RegistryError(
      'STATE_CONFLICT',
      'outputs of this kind are not held for people: a seeded error would stand out',
    )
  const row = await db
    .selectFrom('outputs')
    .selectAll()
    .where('kind', '=', kind)
    .where('registrar', 'like', 'pnt%')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('approvals').select('id').whereRef('approvals.action', '=', 'outputs.action'),
        ),
      ),
    )
    .orderBy('entry', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined)
    throw new RegistryError(
      'STATE_CONFLICT',
      'no point has released an output of this kind by itself yet: a seeded error would stand out',
    )
  return row
}

function likeIt(row: OutputRow, input: Planted): Planted {
  const { jti, system, calls } = bodyOf(row)
  const own = calls.map(({ action, entry }) => (entry === null ? { action } : { action, entry }))
  return {
    ...(jti === null ? {} : { jti }),
    ...(system === null ? {} : { system }),
    ...input,
    calls: input.calls.length === 0 ? own : input.calls,
  }
}

/**
 * Nobody reviewed it. By who committed to it alone: others would learn by asking which outputs are seeded errors.
 * @throws {RegistryError} `UNKNOWN_OUTPUT`: no seed of theirs that waits
 */
export function takeSeedBack(ctx: RegistryContext, person: string, output: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    const found = await findSeed(ctx, tx.db, await ownSeeds(tx.db, person), output)
    if (found === null || !(await revealIfSeed(ctx, tx, output, 'unused')))
      throw new RegistryError('UNKNOWN_OUTPUT', 'no seeded error that waits is this output')
  })
}
