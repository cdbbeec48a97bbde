/** What the routes share, put together from the parts of a control plane. @module */
import type { Crypto, PublicJwk } from '../../src/core/crypto.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { CheckpointLock, TileStore } from '../../src/ports/tile-store.ts'
import type { Vault } from '../../src/ports/vault.ts'
import { tellingAlone } from '../../src/registry/alone.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { endingPrograms } from '../../src/registry/service-access.ts'
import type { Settings } from '../../src/registry/setup.ts'
import { DpopVerifier } from './auth.ts'
import type { Load } from './capacity-runner.ts'
import type { ServerContext } from './context.ts'
import { EntryFeed } from './entry-feed.ts'
import { FleetFeed } from './fleet-feed.ts'
import type { Place } from './front.ts'
import { Idempotency, namingStore } from './idempotency.ts'
import { identityContext } from './identity/context.ts'
import type { ServerKeys } from './load-keys.ts'
import { oauthSettings } from './oauth/settings.ts'
import { PackJobs } from './pack-jobs.ts'
import { PreviewBooks } from './preview-books.ts'
import type { PruneKeeper } from './prune-keeper.ts'
import { RevocationHub } from './revocation-hub.ts'
import type { ServerOptions } from './server-options.ts'
import { SampleMaker } from './sample-maker.ts'
import { ServiceDoor } from './service-door.ts'
import { Sessions } from './sessions.ts'
import type { LogPlace } from './tiles.ts'

/** REV-4. */
const HEARTBEAT_MS = 500

export interface ContextParts {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly keys: ServerKeys
  readonly store: Store
  readonly vault: Vault
  readonly load: Load
  readonly settings: Settings
  readonly tiles: TileStore
  readonly lock: Pick<CheckpointLock, 'load'>
  readonly logPlace: LogPlace
  readonly prunings: PruneKeeper
  readonly runner: { readonly fault: Error | null }
  /** Filled before anybody is answered. */
  readonly place: Place
  readonly vkey: string
  readonly breakGlass: PublicJwk
  /** Known once there is an observer. */
  behind: () => Promise<number | null>
}

export function contextOf(
  options: Pick<
    ServerOptions,
    'heartbeatMs' | 'report' | 'clientClasses' | 'clientFetch' | 'controls' | 'oidc' | 'scimRoles'
  >,
  parts: ContextParts,
): ServerContext {
  const {
    crypto,
    clock,
    keys,
    store,
    vault,
    load,
    settings,
    tiles,
    lock,
    logPlace,
    prunings,
    runner,
    place,
    vkey,
    breakGlass,
  } = parts
  const registry: RegistryContext = {
    store: tellingAlone(endingPrograms(namingStore(store))),
    vault,
    crypto,
    issuer: keys.issuer,
    frame: keys.frame,
    breakGlass,
    iss: settings.origin,
    publicUrl: () => place.url,
    rp: { rp_id: settings.rp_id, origins: settings.origins },
    separation: settings.separation,
  }
  const report = options.report ?? (() => undefined)
  const heartbeat_ms = options.heartbeatMs ?? HEARTBEAT_MS
  const built = { registry, tiles, clock, place: logPlace, vkey, controls: options.controls ?? null }
  return {
    registry,
    settings,
    clock,
    tiles,
    hub: new RevocationHub({
      registry,
      clock,
      heartbeat_ms,
      report,
      onAck: (...ack) => load.acknowledged(...ack),
    }),
    feed: new EntryFeed(store),
    fleet: new FleetFeed({ registry, report }),
    sessions: new Sessions(crypto, clock),
    prunings,
    previews: new PreviewBooks(built),
    packs: new PackJobs({ ...built, report }),
    samples: new SampleMaker(built),
    dpop: new DpopVerifier(crypto, clock, store.nodes),
    idempotency: new Idempotency(crypto, store, report),
    services: new ServiceDoor(store, clock, report),
    vkey,
    log: keys.log,
    oauth: oauthSettings(options, keys.oauth),
    identity: identityContext(options, crypto, clock),
    signed: () => lock.load(),
    heartbeat_ms,
    publicUrl: () => place.url,
    hosts: () => place.hosts,
    behind: parts.behind,
    fault: () => runner.fault,
    report,
  }
}
