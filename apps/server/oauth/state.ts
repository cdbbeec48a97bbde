/**
 * What the authorization server remembers for a while: clients, requests, codes, tokens. spec/oauth.md (OAU-9).
 * Invariant: neither a secret that finds a row nor what the row holds can be read without the server's key, and what is
 * used once is used once, whoever else tries at the same moment. What is written is sealed under the current key; what was
 * sealed under one before it is found as well (OAU-19).
 * @module
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider'
import type { Kysely } from 'kysely'
import type { Crypto } from '../../../src/core/crypto.ts'
import { base64url, concat, fromBase64url, fromUtf8, utf8 } from '../../../src/core/encoding.ts'
import type { Schema } from '../../../src/ports/schema.ts'
import type { Store, Tx } from '../../../src/ports/store.ts'
import type { OauthKeys } from './keys.ts'

const TAG = 'countersign-oauth-state-v1'
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Rows that anybody can make by asking: about 40 MiB. */
const OPEN_ROWS_MAX = 20_000
const OPEN_KINDS = [
  'Client',
  'Interaction',
  'PushedAuthorizationRequest',
  'ReplayDetection',
  'Session',
  'Consent',
]
/** Clients that registered themselves. */
const CLIENTS_MAX = 2_000
/** How long a registration is kept while nobody has consented to it, in milliseconds. */
const CLIENT_TTL_MS = 24 * 3600 * 1000

interface RowNames {
  readonly uid?: string
  readonly grantId?: string
}

export class OauthState {
  readonly #crypto: Crypto
  readonly #store: Pick<Store, 'write' | 'query'>
  readonly #keys: OauthKeys
  /** By `kid` of the key that it is derived from. */
  readonly #secrets = new Map<string, Uint8Array>()

  constructor(crypto: Crypto, store: Pick<Store, 'write' | 'query'>, keys: OauthKeys) {
    this.#crypto = crypto
    this.#store = store
    this.#keys = keys
  }

  /** A digest that nobody else can make, of a name and what it is the name of. */
  digest(...of: readonly string[]): Promise<string> {
    return this.#store.query(async (db) => {
      const [secret] = await this.#inForce(db)
      return this.#digest(secret, ...of)
    })
  }

  /** The current one first. */
  async #inForce(db: Kysely<Schema>): Promise<[Uint8Array, ...Uint8Array[]]> {
    const [current, ...kept] = await this.#keys.inForce(db)
    const secretOf = ({ kid, key }: typeof current): Uint8Array => {
      const known = this.#secrets.get(kid) ?? this.#crypto.hmacSha256(fromBase64url(key.d), utf8(TAG))
      this.#secrets.set(kid, known)
      return known
    }
    return [secretOf(current), ...kept.map(secretOf)]
  }

  #digest(secret: Uint8Array, ...of: readonly string[]): string {
    return base64url(this.#crypto.hmacSha256(secret, utf8(JSON.stringify(of))))
  }

  /** What a row may be called, under each key. */
  async #names(db: Kysely<Schema>, ...of: readonly string[]): Promise<string[]> {
    return (await this.#inForce(db)).map((secret) => this.#digest(secret, ...of))
  }

  /** @throws {errors.OIDCProviderError} `temporarily_unavailable` */
  put(kind: string, id: string, value: object, ttl_ms: number, names: RowNames = {}): Promise<void> {
    return this.#store.write(async (tx) => {
      await tx.db.deleteFrom('oauth_state').where('expires', '<=', tx.now).execute()
      const secrets = await this.#inForce(tx.db)
      const row = this.#row(secrets[0], kind, id, value, names)
      const expires = tx.now + ttl_ms
      const known = secrets.map((secret) => this.#digest(secret, kind, id))
      const { numUpdatedRows } = await tx.db
        .updateTable('oauth_state')
        .set({ id: row.id, uid: row.uid, grant_id: row.grant_id, box: row.box, expires })
        .where('id', 'in', known)
        .executeTakeFirst()
      if (numUpdatedRows > 0n) {
        // A proof that is there already came in twice, at the same moment.
        if (kind === 'ReplayDetection') throw new errors.InvalidDpopProof('DPoP proof JWT Replay detected')
        return
      }
      await assertRoom(tx, kind)
      await tx.db
        .insertInto('oauth_state')
        .values({ ...row, consumed: null, expires })
        .execute()
    })
  }

  #row(secret: Uint8Array, kind: string, id: string, value: object, { uid, grantId }: RowNames) {
    const name = this.#digest(secret, kind, id)
    return {
      id: name,
      kind,
      uid: uid === undefined ? null : this.#digest(secret, kind, 'uid', uid),
      grant_id: grantId ?? null,
      box: this.#seal(secret, name, value),
    }
  }

  find(kind: string, id: string): Promise<Record<string, unknown> | undefined> {
    return this.#find('id', kind, id)
  }

  findByUid(kind: string, uid: string): Promise<Record<string, unknown> | undefined> {
    return this.#find('uid', kind, 'uid', uid)
  }

  #find(column: 'id' | 'uid', ...of: readonly string[]): Promise<Record<string, unknown> | undefined> {
    return this.#store.query(async (db) => {
      for (const secret of await this.#inForce(db)) {
        const row = await db
          .selectFrom('oauth_state')
          .selectAll()
          .where(column, '=', this.#digest(secret, ...of))
          .executeTakeFirst()
        if (row === undefined) continue
        const value = this.#open(secret, row.id, row.box)
        return value === undefined || row.consumed === null ? value : { ...value, consumed: row.consumed }
      }
      return undefined
    })
  }

  /** @throws {errors.InvalidGrant} when somebody else has at the same moment */
  consume(kind: string, id: string): Promise<void> {
    return this.#store.write(async (tx) => {
      const { numUpdatedRows } = await tx.db
        .updateTable('oauth_state')
        .set({ consumed: Math.floor(tx.now / 1000) })
        .where('id', 'in', await this.#names(tx.db, kind, id))
        .where('consumed', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new errors.InvalidGrant('it has been used')
    })
  }

  remove(kind: string, id: string): Promise<void> {
    return this.#store.write(async (tx) => {
      const names = await this.#names(tx.db, kind, id)
      await tx.db.deleteFrom('oauth_state').where('id', 'in', names).execute()
    })
  }

  removeOfGrant(kind: string, grantId: string): Promise<void> {
    return this.#store.write(async (tx) => {
      await tx.db.deleteFrom('oauth_state').where('kind', '=', kind).where('grant_id', '=', grantId).execute()
    })
  }

  /** @param until_ms milliseconds since 1970: it lasts at least until then */
  keep(kind: string, id: string, until_ms: number): Promise<void> {
    return this.#store.write(async (tx) => {
      await tx.db
        .updateTable('oauth_state')
        .set({ expires: until_ms })
        .where('id', 'in', await this.#names(tx.db, kind, id))
        .where('expires', '<', until_ms)
        .execute()
    })
  }

  /** For `oidc-provider`, which makes one of each kind. */
  readonly adapter = (kind: string): Adapter => ({
    upsert: (id, payload, expiresIn) => {
      const { uid, grantId } = payload
      const names = {
        ...(kind === 'Session' && typeof uid === 'string' ? { uid } : {}),
        ...(typeof grantId === 'string' ? { grantId } : {}),
      }
      const kept = { ...payload, jti: undefined }
      return this.put(kind, id, kept, expiresIn === undefined ? CLIENT_TTL_MS : expiresIn * 1000, names)
    },
    find: async (id) => withId(kind, id, await this.find(kind, id)),
    // A session that is found by its other name is looked at and never saved.
    findByUid: async (uid) => withId(kind, uid, await this.findByUid(kind, uid)),
    findByUserCode: async () => undefined,
    consume: (id) => this.consume(kind, id),
    destroy: (id) => this.remove(kind, id),
    revokeByGrantId: (grantId) => this.removeOfGrant(kind, grantId),
  })

  #seal(secret: Uint8Array, name: string, value: object): Uint8Array {
    const nonce = this.#crypto.randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, secret, nonce).setAAD(utf8(name))
    const text = JSON.stringify(value)
    return concat(nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag())
  }

  /** Undefined for what was sealed under another key, or for another row. */
  #open(secret: Uint8Array, name: string, box: Uint8Array): Record<string, unknown> | undefined {
    const decipher = createDecipheriv(CIPHER, secret, box.subarray(0, NONCE_BYTES))
    decipher.setAAD(utf8(name)).setAuthTag(box.subarray(-TAG_BYTES))
    const plain = decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES))
    try {
      return JSON.parse(fromUtf8(concat(plain, decipher.final()))) as Record<string, unknown>
    } catch {
      return undefined
    }
  }
}

/** The identifier is the secret, so it is not in the row. */
function withId(
  kind: string,
  id: string,
  value: Record<string, unknown> | undefined,
): AdapterPayload | undefined {
  return value === undefined || kind === 'Client' ? value : { ...value, jti: id }
}

async function assertRoom(tx: Tx, kind: string): Promise<void> {
  if (!OPEN_KINDS.includes(kind)) return
  const count = async (kinds: readonly string[]): Promise<number> => {
    const { n } = await tx.db
      .selectFrom('oauth_state')
      .select((eb) => eb.fn.countAll<number | string>().as('n'))
      .where('kind', 'in', kinds)
      .executeTakeFirstOrThrow()
    return Number(n)
  }
  if (
    (await count(OPEN_KINDS)) >= OPEN_ROWS_MAX ||
    (kind === 'Client' && (await count(['Client'])) >= CLIENTS_MAX)
  )
    throw new errors.TemporarilyUnavailable('too many requests are open: try again later')
}
