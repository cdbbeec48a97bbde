/**
 * Policies that one person proposes and another puts in force, each kind in a table of its own.
 *
 *   waiting --approve--> active --another is approved--> replaced
 *
 * Invariant: of each kind at most one is active, and who proposes one does not approve it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import type { z } from 'zod'
import { newId, type IdPrefix } from '../core/ids.ts'
import { canonicalize, parseJson, type JsonValue } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import type { NewEntry, Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError, type RegistryErrorCode } from './errors.ts'
import type { ApprovalTerms, ApprovalType } from './gestures.ts'

/** A person must be able to read what waits. */
const WAITING_MAX = 16
const POLICY_LIMITS = { bytes_max: 256 * 1024, depth_max: 16 }

type PolicyName = 'alert_policy' | 'drift_policy' | 'flow_policy' | 'output_policy' | 'response_policy'
type TableOf<N extends PolicyName> = N extends `${infer Stem}_policy` ? `${Stem}_policies` : never
type Row = Schema['flow_policies']
type Db = Kysely<Schema>

interface PolicyTerms<N extends PolicyName, P> {
  /** As entries and acts call it: `flow_policy.proposed`, `flow_policy.approve`. */
  readonly name: N
  readonly table: TableOf<N>
  readonly prefix: IdPrefix
  readonly unknown: RegistryErrorCode
  readonly schema: z.ZodType<P>
  /** What the schema does not see. @throws {RegistryError} */
  readonly assert?: (db: Db, policy: P) => void | Promise<void>
}

export interface Proposal<P> extends Pick<Row, 'id' | 'proposer' | 'proposal'> {
  readonly policy: P
}

export interface PolicyView<P> extends Omit<Row, 'policy_json'> {
  readonly policy: P
}

export interface PolicyInForce<P> {
  readonly id: string
  /** Index of the entry that put it in force. */
  readonly approval: number
  readonly policy: P
}

export class PolicyRegister<N extends PolicyName, P extends object> {
  readonly #o: PolicyTerms<N, P>
  /** Puts a policy in force, in place of the one before. */
  readonly approval: ApprovalTerms<`${N}.approved` & ApprovalType>

  constructor(terms: PolicyTerms<N, P>) {
    this.#o = terms
    this.approval = {
      type: `${terms.name}.approved` as `${N}.approved` & ApprovalType,
      notOwn: 'who proposed a policy does not approve it: ask another person',
      find: async ({ db }, { id }, approver) => {
        const { status, proposal, proposer } = await this.#find(db, id)
        if (status !== 'waiting')
          throw new RegistryError(
            'STATE_CONFLICT',
            `the policy is ${status}: propose it again to put it in force`,
          )
        const act = { act: `${terms.name}.approve`, policy: id, proposal, approver }
        // Of every name alone it is that one's act; TypeScript does not see that of N as a whole.
        return { act: act as never, askedBy: [proposer] }
      },
      settle: (tx, { key, approval }) => this.settle(tx.db, key.id, approval),
    }
  }

  /** @throws {RegistryError} `STATE_CONFLICT`: too many wait; what `assert` throws. {LogError} `ENTRY_TOO_LARGE` */
  propose(ctx: RegistryContext, proposer: string, policy: P): Promise<{ policy: string; proposal: number }> {
    const { name, prefix, assert } = this.#o
    return ctx.store.write(async (tx: Tx) => {
      const waits = await this.#rows(tx.db).select('id').where('status', '=', 'waiting').execute()
      if (waits.length >= WAITING_MAX) {
        const words = name.replace('policy', 'policies').replace('_', ' ')
        throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} ${words} wait: approve one`)
      }
      await assert?.(tx.db, policy)
      const id = newId(ctx.crypto, prefix, tx.now)
      const actor = personActor(proposer)
      const entry = { type: `${name}.proposed`, actor, subject: id, body: { policy } }
      const proposal = await tx.append(entry as unknown as NewEntry)
      await this.insert(tx.db, { id, policy, proposer, proposal })
      return { policy: id, proposal }
    })
  }

  async insert(db: Db, { policy, ...row }: Proposal<P>): Promise<void> {
    const policy_json = canonicalize(policy as JsonValue)
    await db
      .insertInto(this.#table)
      .values({ ...row, status: 'waiting', policy_json, approval: null })
      .execute()
  }

  /** The active one and those proposed before it are replaced: nobody puts an older mind in force by mistake. */
  async settle(db: Db, id: string, approval: number): Promise<void> {
    const { proposal } = await this.#find(db, id)
    await db
      .updateTable(this.#table)
      .set({ status: 'replaced' })
      .where((eb) =>
        eb.or([eb('status', '=', 'active'), eb('status', '=', 'waiting').and('proposal', '<', proposal)]),
      )
      .execute()
    await db.updateTable(this.#table).set({ status: 'active', approval }).where('id', '=', id).execute()
  }

  /** Null until one was approved. */
  async inForce(db: Db): Promise<PolicyInForce<P> | null> {
    const row = await this.#rows(db).selectAll().where('status', '=', 'active').executeTakeFirst()
    if (row === undefined || row.approval === null) return null
    return { id: row.id, approval: row.approval, policy: this.#read(row) }
  }

  /** The newest first. */
  async list(db: Db): Promise<PolicyView<P>[]> {
    const rows = await this.#rows(db).selectAll().orderBy('proposal', 'desc').execute()
    return rows.map(({ policy_json, ...row }) => ({ ...row, policy: this.#read({ policy_json }) }))
  }

  async #find(db: Db, id: string): Promise<Row> {
    const row = await this.#rows(db).selectAll().where('id', '=', id).executeTakeFirst()
    if (row !== undefined) return row
    throw new RegistryError(this.#o.unknown, `no such ${this.#o.name.replace('_', ' ')}`)
  }

  /** All of these tables have the same columns. */
  get #table(): 'flow_policies' {
    return this.#o.table as 'flow_policies'
  }

  #rows(db: Db) {
    return db.selectFrom(this.#table)
  }

  #read({ policy_json }: Pick<Row, 'policy_json'>): P {
    return this.#o.schema.parse(parseJson(policy_json, POLICY_LIMITS))
  }
}
