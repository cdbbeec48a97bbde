/**
 * The frame key at run time: which one signs, in which epoch, is read from the database each time, so that a replacement
 * holds from its entry on at every node. spec/kill.md (KIL-9, KIL-21).
 * @module
 */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import type { KeyStore } from '../ports/key-store.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'
import { KeyRing } from './key-ring.ts'

/** A row of `meta`: the frame key in force. */
export const CURRENT = 'frame_key'
/** Private keys that wait to be put in force, and those in force, at once: each was asked for by a person. */
const KEYS_MAX = 16

/** The frame key in force, as everybody may know it. */
export interface FrameKey {
  readonly kid: string
  readonly jwk: PublicJwk
  /** Of the statement that put it in force; 0: the first. */
  readonly seq: number
  readonly epoch: number
  /** The last frame before its epoch: it signed none up to here. */
  readonly after: number
}

export interface FrameSigner extends FrameKey {
  readonly signer: Signer
}

const rowSchema = z.strictObject({
  kid: z.string(),
  jwk: z.unknown(),
  seq: z.int().nonnegative(),
  epoch: z.int().positive(),
  after: z.int().nonnegative(),
})

/** @throws {RegistryError} `SETUP_MISMATCH`: the database was never begun */
export async function frameKey(db: Kysely<Schema>): Promise<FrameKey> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', CURRENT).executeTakeFirst()
  if (row === undefined) throw neverBegun()
  return readKey(row.value)
}

export function neverBegun(): RegistryError {
  return new RegistryError('SETUP_MISMATCH', 'the database names no frame key')
}

function readKey(text: string): FrameKey {
  const { jwk, ...rest } = rowSchema.parse(parseJson(text))
  return { ...rest, jwk: publicJwk(jwk) }
}

export async function hasFrameKey(db: Kysely<Schema>): Promise<boolean> {
  const row = await db.selectFrom('meta').select('name').where('name', '=', CURRENT).executeTakeFirst()
  return row !== undefined
}

/** `key.created` of the first: once. */
export async function recordFirstFrameKey(crypto: Crypto, db: Kysely<Schema>, jwk: PublicJwk): Promise<void> {
  if (!(await hasFrameKey(db))) await recordFrameKey(crypto, db, { jwk, seq: 0, epoch: 1, after: 0 })
}

/** `frame_key.replaced`. */
export async function recordFrameKey(
  crypto: Crypto,
  db: Kysely<Schema>,
  key: Omit<FrameKey, 'kid'>,
): Promise<void> {
  const value = canonicalize({ ...key, jwk: { ...key.jwk }, kid: thumbprint(crypto, key.jwk) })
  await db
    .insertInto('meta')
    .values({ name: CURRENT, value })
    .onConflict((on) => on.column('name').doUpdateSet({ value }))
    .execute()
}

export class FrameRing {
  readonly #crypto: Crypto
  readonly #ring: KeyRing
  /** Another node made the key that signs now, so what is here may be a replaced one. */
  #isBehind = false

  private constructor(crypto: Crypto, ring: KeyRing) {
    this.#crypto = crypto
    this.#ring = ring
  }

  /** With every key that is stored; the first is made when there is none. @throws {KeyStoreError} */
  static async open(crypto: Crypto, store: KeyStore): Promise<FrameRing> {
    return new FrameRing(crypto, await KeyRing.open(crypto, store, 'frame'))
  }

  get signers(): readonly Signer[] {
    return this.#ring.signers
  }

  /** Whether there may be a key here that signs no more. */
  get mayHaveReplaced(): boolean {
    return this.#isBehind || this.#ring.signers.length > 1
  }

  /**
   * The signer of frames as of what `db` sees: ask inside the transaction that uses it.
   * @throws {RegistryError} `FRAME_KEY_MISSING`: this node does not have it; {KeyStoreError}
   */
  async current(db: Kysely<Schema>): Promise<FrameSigner> {
    return this.#signing(await frameKey(db))
  }

  /** {@link current} as it was read before (`keyAndFrames` of frames.ts). @throws the same */
  named(text: string): Promise<FrameSigner> {
    return this.#signing(readKey(text))
  }

  async #signing(key: FrameKey): Promise<FrameSigner> {
    const signer = await this.#ring.find(key.kid)
    this.#isBehind = signer === undefined
    if (signer === undefined)
      throw new RegistryError(
        'FRAME_KEY_MISSING',
        `the frame key ${key.kid} is not in the key folder of this node: copy its file from the node that made it, or ` +
          'restore it. It is taken up without a restart; nodes that share the folder (--keys) need no copy',
      )
    return { ...key, signer }
  }

  /** Whether this node could sign now. @throws {KeyStoreError} */
  async canSign(db: Kysely<Schema>): Promise<boolean> {
    return (await this.#ring.find((await frameKey(db)).kid)) !== undefined
  }

  /** Whether this node has the private half of a key that is to be put in force. @throws {KeyStoreError} */
  async has(jwk: PublicJwk): Promise<boolean> {
    return (await this.#ring.find(thumbprint(this.#crypto, jwk))) !== undefined
  }

  /**
   * One that signs once a statement puts it in force; durable before it is returned.
   * @throws {KeyStoreError} `KEY_UNAVAILABLE`; {RegistryError} `LIMIT_EXCEEDED`: too many wait
   */
  make(): Promise<Signer> {
    if (this.#ring.signers.length >= KEYS_MAX)
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        'too many new frame keys wait: use one of them, or remove their files from the key folder',
      )
    return this.#ring.make()
  }

  /** The private half of a key that signs no more (KIL-21). @returns false: the next start tries again */
  destroy(kid: string): Promise<boolean> {
    return this.#ring.destroy(kid)
  }

  /** What a crash left, or another node has replaced. @param replaced thumbprints of keys that were in force before */
  async destroyReplaced(replaced: readonly string[]): Promise<void> {
    for (const kid of replaced) if (this.#ring.has(kid)) await this.#ring.destroy(kid)
  }
}
