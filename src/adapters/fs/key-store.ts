/**
 * Keys as files, mode 0600 in a folder of mode 0700: `<use>.jwk` the first of a use, `<use>-<kid>.jwk` any other.
 * spec/keys.md (KEY-10). A file that others can read is refused: it may be copied. What each file holds: key-file.ts.
 * A crash leaves a whole file or none under such a name; what it leaves beside (`*.tmp`) is never read.
 * @module
 */
import { chmod, link, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Crypto, PrivateJwk } from '../../core/crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import { thumbprint } from '../../core/jwk.ts'
import { KeyStoreError, type KeyStore, type KeyUse } from '../../ports/key-store.ts'
import { hasCode, syncDirectory } from './files.ts'
import { readKey, writeKey, type OpenedKey } from './key-file.ts'

const KEY_FILE = /^(issuer|frame|log|witness|break-glass|oauth)(?:-[A-Za-z0-9_-]{43})?\.jwk$/

export interface FsKeyStoreOptions {
  readonly crypto: Crypto
  /** New files are encrypted under it, and plain ones once all others open. */
  readonly passphrase?: string | null
  /** Once all others open, before the first plain one is encrypted; what it throws leaves them as they are. */
  readonly beforeEncrypting?: () => Promise<void>
  /** Told of each plain file that was encrypted. */
  readonly onEncrypted?: (file: string) => void
}

interface StoredKey {
  readonly use: KeyUse
  readonly path: string
  readonly key: PrivateJwk
}

/**
 * Reads every key file of a folder, which it makes when there is none.
 * @throws {KeyStoreError} `KEY_FILE_OPEN`, `KEY_INVALID`, `KEY_LOCKED`, `KEY_PASSPHRASE_WRONG`, `KEY_UNAVAILABLE`
 */
export function openFsKeyStore(folder: string, options: FsKeyStoreOptions): Promise<KeyStore> {
  return available(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    const store = new FsKeyStore(folder, options)
    await store.load()
    return store
  })
}

class FsKeyStore implements KeyStore {
  readonly #folder: string
  readonly #o: FsKeyStoreOptions
  readonly #passphrase: string | null
  /** By path. */
  readonly #keys = new Map<string, StoredKey>()

  constructor(folder: string, options: FsKeyStoreOptions) {
    this.#folder = folder
    this.#o = options
    this.#passphrase = options.passphrase ?? null
  }

  async load(): Promise<void> {
    const plain = await this.#look()
    if (this.#passphrase === null || plain.length === 0) return
    // Only now: a mistyped passphrase fails at the first file that it does not open, and locks nothing.
    await this.#o.beforeEncrypting?.()
    for (const { path, key } of plain) {
      await this.#encrypt(path, key)
      this.#o.onEncrypted?.(path)
    }
  }

  first(use: KeyUse): Promise<PrivateJwk> {
    const path = join(this.#folder, `${use}.jwk`)
    const known = this.#keys.get(path)
    return known ? Promise.resolve(known.key) : available(path, () => this.#create(use, path))
  }

  /** The folder may be another process's too: what came since is read, and what went is known no more. */
  async list(use: KeyUse): Promise<readonly PrivateJwk[]> {
    await available(this.#folder, () => this.#look())
    return [...this.#keys.values()].filter((stored) => stored.use === use).map(({ key }) => key)
  }

  make(use: KeyUse): Promise<PrivateJwk> {
    const key = this.#o.crypto.generateKey('Ed25519')
    const path = join(this.#folder, `${use}-${this.#kidOf(key)}.jwk`)
    return available(path, () => this.#create(use, path, key))
  }

  async destroy(use: KeyUse, kid: string): Promise<void> {
    for (const stored of this.#keys.values()) {
      if (stored.use !== use || this.#kidOf(stored.key) !== kid) continue
      await available(stored.path, () => erase(stored.path))
      this.#keys.delete(stored.path)
    }
  }

  /** @returns those that are new here and not encrypted */
  async #look(): Promise<StoredKey[]> {
    const plain: StoredKey[] = []
    const files = (await readdir(this.#folder)).sort()
    const paths = new Set(files.map((file) => join(this.#folder, file)))
    for (const path of this.#keys.keys()) if (!paths.has(path)) this.#keys.delete(path)
    // One after the other: each passphrase check takes 128 MiB.
    for (const path of paths) {
      const use = KEY_FILE.exec(basename(path))?.[1] as KeyUse | undefined
      if (use === undefined || this.#keys.has(path)) continue
      const { key, isEncrypted } = await this.#read(path)
      const stored = { use, path, key }
      this.#keys.set(path, stored)
      if (!isEncrypted) plain.push(stored)
    }
    return plain
  }

  #kidOf(key: PrivateJwk): string {
    return thumbprint(this.#o.crypto, this.#o.crypto.signer(key).publicJwk)
  }

  async #read(path: string): Promise<OpenedKey> {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) {
      throw new KeyStoreError(
        'KEY_FILE_OPEN',
        `others can read ${path}: chmod 600 it, or remove it if it may have been copied`,
      )
    }
    return readKey(this.#o.crypto, await readFile(path), basename(path), this.#passphrase)
  }

  /** Written beside and linked into place: a crash leaves no half key, and two starters agree on one. */
  async #create(
    use: KeyUse,
    path: string,
    made: PrivateJwk = this.#o.crypto.generateKey('Ed25519'),
  ): Promise<PrivateJwk> {
    const beside = await this.#writeBeside(path, made)
    let isOurs = true
    try {
      await link(beside, path)
    } catch (cause) {
      if (!hasCode(cause, 'EEXIST')) throw cause
      isOurs = false
    } finally {
      await unlink(beside)
    }
    await syncDirectory(dirname(path))
    const key = isOurs ? made : (await this.#read(path)).key
    this.#keys.set(path, { use, path, key })
    return key
  }

  /** The plain file is replaced whole, and what it held is overwritten where it lay. */
  async #encrypt(path: string, key: PrivateJwk): Promise<void> {
    const beside = await this.#writeBeside(path, key)
    const old = await open(path, 'r+')
    try {
      await rename(beside, path)
      await syncDirectory(dirname(path))
      await overwrite(old)
    } finally {
      await old.close()
    }
  }

  async #writeBeside(path: string, key: PrivateJwk): Promise<string> {
    const beside = `${path}.${base64url(this.#o.crypto.randomBytes(9))}.tmp`
    const bytes = await writeKey(this.#o.crypto, key, this.#passphrase)
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    return beside
  }
}

async function erase(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+')
    try {
      await overwrite(file)
    } finally {
      await file.close()
    }
    await unlink(path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause
  }
}

async function overwrite(file: Awaited<ReturnType<typeof open>>): Promise<void> {
  const { size } = await file.stat()
  await file.write(new Uint8Array(size), 0, size, 0)
  await file.sync()
}

async function available<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause
    throw new KeyStoreError('KEY_UNAVAILABLE', `${basename(path)}: keys cannot be read or written there`, {
      cause,
    })
  }
}
