/**
 * What the authorization server remembers for a while: clients, requests, codes, tokens. spec/oauth.md (OAU-9).
 * Invariant: neither a secret that finds a row nor what the row holds can be read without the server's key, and what is
 * used once is used once, whoever else tries at the same moment.
 * @module
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider'
import type { Crypto, PrivateJwk } from '../../../src/core/crypto.ts'
import { base64url, concat, fromBase64url, fromUtf8, utf8 } from '../../../src/core/encoding.ts'
import type { Store, Tx } from '../../../src/ports/store.ts'

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
  readonly #key: Uint8Array

  constructor(crypto: Crypto, store: Pick<Store, 'write' | 'query'>, key: PrivateJwk) {
    this.#crypto = crypto
    this.#store = store
    this.#key = crypto.hmacSha256(fromBase64url(key.d), utf8(TAG))
  }

  /** A digest that nobody else can make, of a name and what it is the name of. */
  digest(...of: readonly string[]): string {
    return base64url(this.#crypto.hmacSha256(this.#key, utf8(JSON.stringify(of))))
  }

  /** @throws {errors.OIDCProviderError} `temporarily_unavailable` */
  put(kind: string, id: string, value: object, ttl_ms: number, names: RowNames = {}): Promise<void> {
    return this.#store.write(async (tx) => {
      await tx.db.deleteFrom('oauth_state').where('expires', '<=', tx.now).execute()
      const row = this.#row(kind, id, value, names)
      const expires = tx.now + ttl_ms
      const { numUpdatedRows } = await tx.db
        .updateTable('oauth_state')
        .set({ uid: row.uid, grant_id: row.grant_id, box: row.box, expires })
        .where('id', '=', row.id)
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

  #row(kind: string, id: string, value: object, { uid, grantId }: RowNames) {
    const name = this.digest(kind, id)
    return {
      id: name,
      kind,
      uid: uid === undefined ? null : this.digest(kind, 'uid', uid),
      grant_id: grantId ?? null,
      box: this.#seal(name, value),
    }
  }

  find(kind: string, id: string): Promise<Record<string, unknown> | undefined> {
    return this.#find('id', this.digest(kind, id))
  }

  findByUid(kind: string, uid: string): Promise<Record<string, unknown> | undefined> {
    return this.#find('uid', this.digest(kind, 'uid', uid))
  }

  async #find(column: 'id' | 'uid', name: string): Promise<Record<string, unknown> | undefined> {
    const row = await this.#store.query((db) =>
      db.selectFrom('oauth_state').selectAll().where(column, '=', name).executeTakeFirst(),
    )
    const value = row && this.#open(row.id, row.box)
    if (!row || value === undefined) return undefined
    return row.consumed === null ? value : { ...value, consumed: row.consumed }
  }

  /** @throws {errors.InvalidGrant} when somebody else has at the same moment */
  consume(kind: string, id: string): Promise<void> {
    return this.#store.write(async (tx) => {
      const { numUpdatedRows } = await tx.db
        .updateTable('oauth_state')
        .set({ consumed: Math.floor(tx.now / 1000) })
        .where('id', '=', this.digest(kind, id))
        .where('consumed', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new errors.InvalidGrant('it has been used')
    })
  }

  remove(kind: string, id: string): Promise<void> {
    return this.#store.write(async (tx) => {
      await tx.db.deleteFrom('oauth_state').where('id', '=', this.digest(kind, id)).execute()
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
        .where('id', '=', this.digest(kind, id))
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

  #seal(name: string, value: object): Uint8Array {
    const nonce = this.#crypto.randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(utf8(name))
    const text = JSON.stringify(value)
    return concat(nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag())
  }

  /** Undefined for what was sealed under another key, or for another row. */
  #open(name: string, box: Uint8Array): Record<string, unknown> | undefined {
    const decipher = createDecipheriv(CIPHER, this.#key, box.subarray(0, NONCE_BYTES))
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
