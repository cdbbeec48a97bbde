/**
 * Tells the control plane which upstream credentials the gateway holds: names and dates, never a secret.
 * spec/inventory.md (INV-6). What is told replaces what was told before, so it is told again until it was taken.
 * @module
 */
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { ServerConfig } from './config.ts'
import type { PointFile } from './point-file.ts'

const RETRY_MS = 60_000

export class CredentialReport {
  readonly #client: ApiClient
  readonly #servers: () => Iterable<ServerConfig>
  readonly #onFault: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  /** @param servers asked each time: they change while the gateway runs */
  constructor(file: PointFile, servers: () => Iterable<ServerConfig>, onFault: (error: unknown) => void) {
    const signer = nodeCrypto.signer(file.key as unknown as PrivateJwk)
    this.#client = new ApiClient({ url: file.control_plane, crypto: nodeCrypto, clock: systemClock, signer })
    this.#servers = servers
    this.#onFault = onFault
    this.now()
  }

  now(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    const credentials = [...this.#servers()].flatMap(heldOf)
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

/** An owner that is no identifier of a person stays here: it may be a name. */
export function heldOf({ name, credential }: Pick<ServerConfig, 'name' | 'credential'>): JsonObject[] {
  if (credential === undefined) return []
  const { id, owner, scope, rotated, rotate_days } = credential
  return [
    {
      id,
      server: name,
      ...(/^per_[a-z0-9]{26}$/.test(owner) ? { owner } : {}),
      scope: scope.split(/[\s,]+/).filter((each) => each !== ''),
      rotated: `${rotated}T00:00:00.000Z`,
      ...(rotate_days === undefined ? {} : { rotate_days }),
    },
  ]
}
