/**
 * Rows that the log commits to and does not hold, each against it. spec/registers.md (REG-4).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto } from '../../core/crypto.ts'
import { equalBytes } from '../../core/encoding.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { LogError } from '../../log/entries.ts'
import { TreeFrontier } from '../../log/merkle.ts'
import type { Schema } from '../../ports/schema.ts'
import { isField } from './commitments.ts'
import { DIFFERENCES_MAX, type Difference } from './compare.ts'

/** Rows read at once. */
const PAGE = 1_000

/** A signed tree head to hold against the tree while its entries go by. */
interface Expected {
  readonly size: number
  readonly note: Uint8Array
}

/** Grows the tree with each entry and holds every kept checkpoint against it at its size. */
export class CheckpointCheck {
  readonly #crypto: Crypto
  readonly #db: Kysely<Schema>
  readonly #tree: TreeFrontier
  #expected: Expected[] = []
  #read = -1
  readonly differences: Difference[] = []
  checked = 0

  /** The key is not known before the log's first entries, and is the same for all. */
  constructor(crypto: Crypto, db: Kysely<Schema>) {
    this.#crypto = crypto
    this.#db = db
    this.#tree = new TreeFrontier(crypto)
  }

  root(): Uint8Array {
    return this.#tree.root()
  }

  /** @param leaf hash of the next entry */
  async add(leaf: Uint8Array, vkey: string | null): Promise<void> {
    this.#tree.append(leaf)
    for (;;) {
      const next = await this.#peek()
      if (next === undefined || next.size > this.#tree.size) return
      this.#expected.shift()
      this.#judge(next, vkey)
    }
  }

  /** Checkpoints of more entries than there are. */
  async end(): Promise<void> {
    for (let next = await this.#peek(); next !== undefined; next = await this.#peek()) {
      this.#expected.shift()
      this.#refuse(next)
    }
  }

  #judge({ size, note }: Expected, vkey: string | null): void {
    this.checked++
    if (size === 0) return
    try {
      const opened = vkey === null ? null : openCheckpoint(this.#crypto, note, vkey)
      if (opened?.size === size && equalBytes(opened.root, this.#tree.root())) return
    } catch (cause) {
      if (!(cause instanceof LogError)) throw cause
    }
    this.#refuse({ size, note })
  }

  #refuse({ size }: Expected): void {
    if (this.differences.length < DIFFERENCES_MAX)
      this.differences.push({ table: 'checkpoints', key: String(size), kind: 'unproved' })
  }

  async #peek(): Promise<Expected | undefined> {
    if (this.#expected.length === 0 && this.#read !== Infinity) {
      this.#expected = await this.#db
        .selectFrom('checkpoints')
        .select(['size', 'note'])
        .where('size', '>', this.#read)
        .orderBy('size')
        .limit(PAGE)
        .execute()
      this.#read = this.#expected.at(-1)?.size ?? Infinity
    }
    return this.#expected[0]
  }
}

/**
 * Every sealed value against a commitment to this field that an entry makes, and no tombstone took away. Not checked:
 * that the box opens to it, which needs the vault.
 * @param rebuilt with commitments
 */
export async function checkSealed(
  live: Kysely<Schema>,
  rebuilt: Kysely<Schema>,
): Promise<{ differences: Difference[]; rows: number }> {
  const differences: Difference[] = []
  let rows = 0
  let after = ''
  for (;;) {
    const page = await live
      .selectFrom('sealed')
      .select(['commitment', 'field'])
      .where('commitment', '>', after)
      .orderBy('commitment')
      .limit(PAGE)
      .execute()
    const logged = await fieldsOf(
      rebuilt,
      page.map(({ commitment }) => commitment),
    )
    for (const { commitment, field } of page) {
      rows++
      after = commitment
      if (!isField(field, logged.get(commitment)) && differences.length < DIFFERENCES_MAX)
        differences.push({ table: 'sealed', key: commitment, kind: 'unproved' })
    }
    if (page.length < PAGE) return { differences, rows }
  }
}

async function fieldsOf(
  rebuilt: Kysely<Schema>,
  commitments: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (commitments.length === 0) return new Map()
  const rows = await rebuilt
    .selectFrom('sealed')
    .select(['commitment', 'field'])
    .where('commitment', 'in', commitments)
    .execute()
  return new Map(rows.map(({ commitment, field }) => [commitment, field]))
}
