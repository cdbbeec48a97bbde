/** How many records of one kind may wait for a second person. @module */
import type { Tx } from '../ports/store.ts'
import { RegistryError } from './errors.ts'

/** A person must be able to read what waits. */
const WAITING_MAX = 64

/** @throws {RegistryError} `STATE_CONFLICT` */
export async function assertFewWait(
  tx: Tx,
  table: 'notices' | 'bases' | 'managers',
  what: string,
): Promise<void> {
  const { n } = await tx.db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('status', '=', 'waiting')
    .executeTakeFirstOrThrow()
  if (Number(n) >= WAITING_MAX)
    throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} ${what} wait: approve one`)
}
