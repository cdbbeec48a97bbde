/**
 * What each request of a program is held against, once its proof is known to be good. spec/service-accounts.md (SVC-8,
 * SVC-17). Invariant: a program is let through by its own matrix alone, whatever roles of people decide.
 * @module
 */
import { liesIn } from '../../src/core/networks.ts'
import { serviceHolds, servicePermissionFor } from '../../src/core/permitted.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { findCaller } from '../../src/registry/callers.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { accessOfService, noteUse, type ServiceAccess } from '../../src/registry/service-access.ts'
import { ApiError } from './errors.ts'
import { Pace } from './pace.ts'

const REQUESTS_A_MINUTE_MAX = 600
/** How often it is noted that an account asked. */
const NOTED_MS = 60_000

export interface ServiceRequest {
  readonly account: string
  /** As `/openapi.json` names it. */
  readonly operation: string
  /** As the socket gives it. */
  readonly address: string
  /** The route is for programs alone, and of themselves. */
  readonly isOwn: boolean
}

export class ServiceDoor {
  readonly #store: Store
  readonly #clock: Clock
  readonly #pace: Pace
  readonly #report: (error: unknown) => void
  readonly #noted = new Map<string, number>()

  constructor(store: Store, clock: Clock, report: (error: unknown) => void) {
    this.#store = store
    this.#clock = clock
    this.#pace = new Pace(clock, REQUESTS_A_MINUTE_MAX, 'requests of a service account')
    this.#report = report
  }

  /**
   * @throws {RegistryError} `SERVICE_ACCOUNT_DISABLED`, `SERVICE_ACCOUNT_RETIRED`, `SERVICE_ACCOUNT_EXPIRED`
   * @throws {ApiError} `SERVICE_ACCOUNT_NETWORK`, `TOO_MANY`, `SERVICE_ACCOUNT_REFUSED`, `ROLE_MISSING`
   */
  async admit(request: ServiceRequest): Promise<void> {
    const { account, address } = request
    const now = this.#clock.now()
    const { roles, networks } = await this.#store.query((db) => accessOfService(db, account, now))
    if (networks.length > 0 && !liesIn(address, networks))
      throw new ApiError(
        'SERVICE_ACCOUNT_NETWORK',
        'this service account is not for the network you ask from',
      )
    this.#pace.take(account)
    if (!request.isOwn) {
      const permission = servicePermissionFor(request.operation)
      if (permission === null)
        throw new ApiError('SERVICE_ACCOUNT_REFUSED', 'a program may not do this: it takes a person')
      if (!serviceHolds(permission, roles))
        throw new ApiError(
          'ROLE_MISSING',
          `this account has no role for this: it takes ${permission.roles.join(' or ')}`,
        )
    }
    await this.#note(account, now)
  }

  /** For what goes on after it was let through: whether it would be again, by the same key. */
  async stillMay(request: ServiceRequest, jkt: string): Promise<boolean> {
    const now = this.#clock.now()
    const permission = servicePermissionFor(request.operation)
    return this.#store.query(async (db) => {
      const caller = await findCaller(db, jkt)
      if (caller?.id !== request.account || permission === null) return false
      const access = await standingAccess(db, request.account, now)
      return access !== null && serviceHolds(permission, access.roles)
    })
  }

  async #note(account: string, now: number): Promise<void> {
    if (now - (this.#noted.get(account) ?? -Infinity) < NOTED_MS) return
    this.#noted.set(account, now)
    // What is asked for is not refused because this cannot be written.
    await noteUse({ store: this.#store }, account, now).catch(this.#report)
  }
}

/** @returns null: it is over */
async function standingAccess(
  db: Parameters<typeof accessOfService>[0],
  account: string,
  now_ms: number,
): Promise<ServiceAccess | null> {
  try {
    return await accessOfService(db, account, now_ms)
  } catch (cause) {
    if (cause instanceof RegistryError) return null
    throw cause
  }
}
