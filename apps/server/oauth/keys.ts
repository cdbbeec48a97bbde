/**
 * The keys of the authorization server: one signs access tokens and seals what is remembered, those before it open what
 * they sealed until somebody retires them. spec/oauth.md (OAU-8, OAU-9, OAU-19). Which is which stands in the database,
 * so that nodes agree, and in no entry: nothing in the log rests on these keys.
 * @module
 */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Crypto, PrivateJwk } from '../../../src/core/crypto.ts'
import { fromUtf8, utf8 } from '../../../src/core/encoding.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import type { KeyStore } from '../../../src/ports/key-store.ts'
import type { Schema } from '../../../src/ports/schema.ts'
import type { Store } from '../../../src/ports/store.ts'
import { RegistryError } from '../../../src/registry/errors.ts'

const USE = 'oauth'
/** No digest: nothing that is remembered can have this name. */
const ROW = 'keys'
/** It does not end by itself: the last time that a date can hold, in milliseconds. */
const NEVER_MS = 8_640_000_000_000_000
/** Before the current one. Each is tried where something is looked for. */
const KEPT_MAX = 8
/** Remembered, so that other nodes destroy their files too. */
const RETIRED_MAX = 64

const rowSchema = z.object({
  current: z.string(),
  kept: z.array(z.string()),
  retired: z.array(z.string()),
})
type KeyRow = z.infer<typeof rowSchema>

export interface OauthKey {
  readonly kid: string
  readonly key: PrivateJwk
}

export class OauthKeys {
  readonly #crypto: Crypto
  readonly #files: KeyStore
  readonly #report: (error: unknown) => void
  /** By `kid`. */
  readonly #keys = new Map<string, PrivateJwk>()

  private constructor(crypto: Crypto, files: KeyStore, report: (error: unknown) => void) {
    this.#crypto = crypto
    this.#files = files
    this.#report = report
  }

  /** With every key that is stored; the first is made when there is none. @throws {KeyStoreError} */
  static async open(
    crypto: Crypto,
    files: KeyStore,
    report: (error: unknown) => void = () => undefined,
  ): Promise<OauthKeys> {
    const keys = new OauthKeys(crypto, files, report)
    await keys.#look()
    if (keys.#keys.size === 0) keys.#add(await files.first(USE))
    return keys
  }

  /**
   * Those in force as of what `db` sees, the current one first.
   * @throws {RegistryError} `ISSUER_KEY_MISSING`: the current one is not in the key folder; {KeyStoreError}
   */
  async inForce(db: Kysely<Schema>): Promise<readonly [OauthKey, ...OauthKey[]]> {
    const row = await this.#row(db)
    if (!this.#keys.has(row.current)) await this.#look()
    const current = this.#keys.get(row.current)
    if (current === undefined)
      throw new RegistryError(
        'ISSUER_KEY_MISSING',
        `the key ${row.current} of the authorization server is not in the key folder of this node: copy its file from the node that rotated`,
      )
    this.#forget(row.retired)
    const kept = row.kept.flatMap((kid) => {
      const key = this.#keys.get(kid)
      return key === undefined ? [] : [{ kid, key }]
    })
    return [{ kid: row.current, key: current }, ...kept]
  }

  /** Makes a key, which signs and seals from here on. @throws {RegistryError} `STATE_CONFLICT`; {KeyStoreError} */
  async rotate(store: Pick<Store, 'write'>): Promise<string> {
    await store.write(async ({ db }) => assertRoom(await this.#row(db))) // before there is a file that nobody uses
    const kid = this.#add(await this.#files.make(USE))
    await store.write(async ({ db }) => {
      const row = await this.#row(db)
      assertRoom(row)
      const { current, kept, retired } = row
      await this.#put(db, { current: kid, kept: [current, ...kept].filter((each) => each !== kid), retired })
    })
    return kid
  }

  /**
   * What it signed is refused from here on, and what it sealed is lost.
   * @returns false: its file could not be destroyed, which the next use tries again
   * @throws {RegistryError} `UNKNOWN_KEY`, `KEY_CURRENT`
   */
  async retire(store: Pick<Store, 'write'>, kid: string): Promise<boolean> {
    await store.write(async ({ db }) => {
      const { current, kept, retired } = await this.#row(db)
      if (kid === current)
        throw new RegistryError('KEY_CURRENT', 'the current key cannot be retired: rotate first')
      if (!kept.includes(kid))
        throw new RegistryError('UNKNOWN_KEY', 'the authorization server has no such key')
      const others = kept.filter((each) => each !== kid)
      await this.#put(db, { current, kept: others, retired: [kid, ...retired].slice(0, RETIRED_MAX) })
    })
    return this.#destroy(kid)
  }

  async #row(db: Kysely<Schema>): Promise<KeyRow> {
    const row = await db.selectFrom('oauth_state').select('box').where('id', '=', ROW).executeTakeFirst()
    if (row !== undefined) return rowSchema.parse(JSON.parse(fromUtf8(row.box)))
    // Never rotated, or what is remembered was lost: the first one, and what else there is.
    const [current = '', ...kept] = [...this.#keys.keys()]
    return { current, kept, retired: [] }
  }

  async #put(db: Kysely<Schema>, row: KeyRow): Promise<void> {
    const box = utf8(JSON.stringify(row))
    await db
      .insertInto('oauth_state')
      .values({ id: ROW, kind: 'Keys', uid: null, grant_id: null, box, consumed: null, expires: NEVER_MS })
      .onConflict((on) => on.column('id').doUpdateSet({ box }))
      .execute()
  }

  /** What another node retired is destroyed here, too. */
  #forget(retired: readonly string[]): void {
    for (const kid of retired) if (this.#keys.has(kid)) void this.#destroy(kid)
  }

  async #destroy(kid: string): Promise<boolean> {
    this.#keys.delete(kid)
    try {
      await this.#files.destroy(USE, kid)
      return true
    } catch (error) {
      this.#report(error)
      return false
    }
  }

  /** Another node may have made one. */
  async #look(): Promise<void> {
    for (const key of await this.#files.list(USE)) this.#add(key)
  }

  #add(key: PrivateJwk): string {
    const kid = thumbprint(this.#crypto, this.#crypto.signer(key).publicJwk)
    this.#keys.set(kid, key)
    return kid
  }
}

/** @throws {RegistryError} `STATE_CONFLICT` */
function assertRoom({ kept }: KeyRow): void {
  if (kept.length >= KEPT_MAX)
    throw new RegistryError('STATE_CONFLICT', `${kept.length} keys wait to be retired: retire one first`)
}
