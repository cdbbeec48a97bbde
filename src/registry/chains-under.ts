/** Chains by the delegations that they stand on, for who looks for actions by these. @module */
import type { Kysely } from 'kysely'
import { wordOfChain } from '../log/search-words.ts'
import type { Schema } from '../ports/schema.ts'

/** Chains that are known before the log is read: of more, all of it is read, and each that was found is looked up. */
const KNOWN_MAX = 2_000

export interface UnderFilter {
  /** Under that delegation of ours: itself, and every hop below it. */
  readonly delegation?: string | undefined
  /** In the name of that person: under any delegation that they gave. */
  readonly person?: string | undefined
}

export class ChainsUnder {
  readonly #db: Kysely<Schema>
  readonly #filter: UnderFilter
  /** One more than {@link KNOWN_MAX} at most. */
  readonly #known: ReadonlySet<string>

  private constructor(db: Kysely<Schema>, filter: UnderFilter, known: ReadonlySet<string>) {
    this.#db = db
    this.#filter = filter
    this.#known = known
  }

  /** @returns null: any chain will do, and none */
  static async of(db: Kysely<Schema>, filter: UnderFilter): Promise<ChainsUnder | null> {
    if (filter.delegation === undefined && filter.person === undefined) return null
    const rows = await segmentsUnder(db, filter)
      .limit(KNOWN_MAX + 1)
      .execute()
    return new ChainsUnder(db, filter, new Set(rows.map(({ id }) => id)))
  }

  get isNone(): boolean {
    return this.#known.size === 0
  }

  /** One of which stands beside every decision that is looked for; none: it may be anywhere. */
  get words(): string[] {
    return this.#known.size > KNOWN_MAX ? [] : [...this.#known].map(wordOfChain)
  }

  /** @returns false: it is certainly none of them */
  mayHave(chain: string | null): boolean {
    return this.#known.size > KNOWN_MAX || this.#known.has(chain ?? '')
  }

  /** Those of some chains that are among them. */
  async among(chains: readonly string[]): Promise<ReadonlySet<string>> {
    if (this.#known.size <= KNOWN_MAX) return this.#known
    if (chains.length === 0) return new Set()
    const rows = await segmentsUnder(this.#db, this.#filter)
      .where('segments.id', 'in', [...new Set(chains)])
      .execute()
    return new Set(rows.map(({ id }) => id))
  }
}

function segmentsUnder(db: Kysely<Schema>, { delegation, person }: UnderFilter) {
  let query = db
    .selectFrom('delegations')
    .innerJoin('segments', 'segments.subject', 'delegations.jti')
    .select('segments.id')
  if (delegation !== undefined) query = query.where('delegations.jti', '=', delegation)
  if (person !== undefined) query = query.where('delegations.principal', '=', person)
  return query
}
