/**
 * Tells the control plane which upstream credentials the gateway holds: names, dates and keyed hashes, never a secret.
 * spec/inventory.md (INV-6, INV-7). What is told replaces what was told before, so it is told again until it was taken.
 * @module
 */
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { hmacText } from '../../src/core/digest.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { canonicalize, type JsonObject } from '../../src/core/json.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { ServerConfig } from './config.ts'
import type { PointFile } from './point-file.ts'

const RETRY_MS = 60_000
const SALT_TAG = 'countersign-credential-print-v1'

export class CredentialReport {
  readonly #client: ApiClient
  readonly #servers: () => Iterable<ServerConfig>
  readonly #onFault: (error: unknown) => void
  readonly #salt: Uint8Array
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  /** @param servers asked each time: they change while the gateway runs */
  constructor(file: PointFile, servers: () => Iterable<ServerConfig>, onFault: (error: unknown) => void) {
    const key = file.key as unknown as PrivateJwk
    const signer = nodeCrypto.signer(key)
    this.#salt = saltOf(key)
    this.#client = new ApiClient({ url: file.control_plane, crypto: nodeCrypto, clock: systemClock, signer })
    this.#servers = servers
    this.#onFault = onFault
    this.now()
  }

  now(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    const credentials = [...this.#servers()].flatMap((server) => heldOf(server, this.#salt))
    this.#client.put('/v1/points/credentials', { credentials }).catch((error: unknown) => {
      if (this.#isStopped) return
      this.#onFault(error)
      this.#timer = setTimeout(() => this.now(), RETRY_MS).unref()
    })
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }
}

/** Which the point alone has, and the same as long as its key is. */
function saltOf({ d }: PrivateJwk): Uint8Array {
  return nodeCrypto.sha256(utf8(`${SALT_TAG}\0${d}`))
}

type Held = Pick<ServerConfig, 'name' | 'credential' | 'secrets' | 'upstream'>

/** INV-7: another one as soon as one of the secrets is another. */
function printOf({ secrets, upstream }: Held, salt: Uint8Array): string {
  const values = upstream.kind === 'http' ? upstream.headers : upstream.env
  return hmacText(nodeCrypto, salt, canonicalize(secrets.map((name) => [name, values[name] ?? ''])))
}

/** An owner that is no identifier of a person stays here: it may be a name. */
export function heldOf(server: Held, salt: Uint8Array): JsonObject[] {
  const { name, credential, secrets } = server
  const seen = secrets.length === 0 ? {} : { print: printOf(server, salt) }
  if (credential === undefined)
    return secrets.length === 0 ? [] : [{ id: name, server: name, declared: false, ...seen }]
  const { id, owner, scope, rotated, rotate_days } = credential
  return [
    {
      id,
      server: name,
      ...(/^per_[a-z0-9]{26}$/.test(owner) ? { owner } : {}),
      scope: scope.split(/[\s,]+/).filter((each) => each !== ''),
      rotated: `${rotated}T00:00:00.000Z`,
      ...(rotate_days === undefined ? {} : { rotate_days }),
      ...seen,
    },
  ]
}
