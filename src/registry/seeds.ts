/**
 * Seeded errors: outputs that are wrong on purpose, to see whether reviewers look. spec/attestation.md (ATT-26).
 * Invariants: which output it is was committed to before it was there; it is never attested and never released; it is
 * revealed by what became of it.
 * @module
 */
import { newId } from '../core/ids.ts'
import { commitTo } from '../log/commitment.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { registerOutputTx, type OutputInput } from './outputs.ts'
import { fileUnder, keep, openingOf } from './personal.ts'
import { findSeed, openSeeds, ownSeeds, revealIfSeed } from './seed-rows.ts'

/** Seeds that are not revealed: each is opened to see whether an output is one. */
const OPEN_MAX = 64

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
    const committed = commitTo(ctx.crypto, newId(ctx.crypto, 'out', tx.now))
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
 * Registers the output that was committed to. @throws {RegistryError} `UNKNOWN_OUTPUT`: no such seed that waits;
 * `STATE_CONFLICT`: planted before; and as `registerOutput`
 */
export function plantSeed(
  ctx: RegistryContext,
  person: string,
  seed: string,
  input: Omit<OutputInput, 'kind'>,
): Promise<{ output: string }> {
  return ctx.store.write(async (tx) => {
    const row = (await ownSeeds(tx.db, person)).find(({ id }) => id === seed)
    const opened = row === undefined ? null : await openingOf(ctx, tx.db, row.seed_commit)
    const output = opened !== null && 'value' in opened.opening ? opened.opening.value : null
    if (row === undefined || typeof output !== 'string')
      throw new RegistryError('UNKNOWN_OUTPUT', 'no such seeded error that waits')
    const there = await tx.db.selectFrom('outputs').select('id').where('id', '=', output).executeTakeFirst()
    if (there !== undefined) throw new RegistryError('STATE_CONFLICT', 'it was planted before')
    const actor = personActor(person)
    await registerOutputTx(ctx, tx, actor, { ...input, kind: row.kind }, output)
    return { output }
  })
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
