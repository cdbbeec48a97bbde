/** What the routes share, put together from the parts of a control plane. @module */
import type { Crypto, PublicJwk } from '../../src/core/crypto.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { CheckpointLock, TileStore } from '../../src/ports/tile-store.ts'
import type { Vault } from '../../src/ports/vault.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import type { Settings } from '../../src/registry/setup.ts'
import { DpopVerifier } from './auth.ts'
import type { Load } from './capacity-runner.ts'
import type { ServerContext } from './context.ts'
import { EntryFeed } from './entry-feed.ts'
import { FleetFeed } from './fleet-feed.ts'
import type { Place } from './front.ts'
import { Idempotency, namingStore } from './idempotency.ts'
import type { ServerKeys } from './load-keys.ts'
import { oauthSettings } from './oauth/settings.ts'
import { PreviewBooks } from './preview-books.ts'
import type { PruneKeeper } from './prune-keeper.ts'
import { RevocationHub } from './revocation-hub.ts'
import type { ServerOptions } from './server-options.ts'
import type { LogPlace } from './tiles.ts'
import { Viewers } from './viewers.ts'

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
  options: Pick<ServerOptions, 'heartbeatMs' | 'report' | 'clientClasses' | 'clientFetch' | 'controls'>,
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
    store: namingStore(store),
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
    viewers: new Viewers(crypto, clock),
    prunings,
    previews: new PreviewBooks({
      registry,
      tiles,
      clock,
      place: logPlace,
      vkey,
      controls: options.controls ?? null,
    }),
    dpop: new DpopVerifier(crypto, clock, store.nodes),
    idempotency: new Idempotency(crypto, store, report),
    vkey,
    log: keys.log,
    oauth: oauthSettings(options, keys.oauth),
    signed: () => lock.load(),
    heartbeat_ms,
    publicUrl: () => place.url,
    hosts: () => place.hosts,
    behind: parts.behind,
    fault: () => runner.fault,
    report,
  }
}
