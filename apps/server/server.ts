/**
 * The control plane, composed: SQLite, key files, tiles, the log's publisher and the HTTP application.
 * Order at start: keys, database, first entries, log (refuses to go on if it was rewritten), streams, port.
 * @module
 */
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { openSqliteVault } from '../../src/adapters/sqlite-vault/sqlite-vault.ts'
import { LogPublisher } from '../../src/log/publisher.ts'
import { systemClock, type Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import type { Vault } from '../../src/ports/vault.ts'
import { recordCheckpoint } from '../../src/registry/checkpoints.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { renewFirstInvitation } from '../../src/registry/invitations.ts'
import { IssuerRing } from '../../src/registry/issuer-ring.ts'
import { pairVault, setUp, type Settings, type SetupKeys } from '../../src/registry/setup.ts'
import { replayTombstones } from '../../src/registry/tombstones.ts'
import type { RelyingParty } from '../../src/token/gesture.ts'
import { createApp } from './app.ts'
import { DpopVerifier } from './auth.ts'
import type { ServerContext } from './context.ts'
import { ListenError } from './errors.ts'
import { EntryFeed } from './entry-feed.ts'
import { LogRunner } from './log-runner.ts'
import { RevocationHub } from './revocation-hub.ts'
import { Viewers } from './viewers.ts'

/** REV-4. */
export const HEARTBEAT_MS = 500
/** REV-8. */
export const BOUND_MS = 2_000

export interface ServerOptions {
  readonly dataDir: string
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string
  /** 0: any free port. */
  readonly port?: number
  /** Where callers reach the server, when that is not `http://host:port`. */
  readonly publicUrl?: string
  readonly heartbeatMs?: number
  /** Of the key files (KEY-10). Plain ones are encrypted under it. */
  readonly passphrase?: string
  /** Told of each key file that was encrypted. */
  readonly onEncrypted?: (file: string) => void
  /** Begins an empty vault in place of one that is lost: what was sealed is lost with it (ERA-4). */
  readonly newVault?: boolean
  /** Told of erased subjects whose key was there again, from a backup: it is destroyed now (ERA-10). */
  readonly onErasedAgain?: (subjects: readonly string[]) => void
  /** The next six count at the first start only; the log records them for ever. */
  readonly separation?: 'independent' | 'after'
  /** The log's origin and the issuer's name. */
  readonly origin?: string
  readonly simulated?: boolean
  readonly boundMs?: number
  readonly rp?: RelyingParty
  readonly clock?: Clock
  /** Hears of unexpected faults. Messages may name files, never secrets. */
  readonly report?: (error: unknown) => void
}

export interface RunningServer {
  readonly url: string
  /** The log's verifier key. */
  readonly vkey: string
  /** Enrols the first person. Null once anyone has enrolled. */
  readonly bootstrapSecret: string | null
  /** Resolves when the server has stopped: null if it was asked to, else why. */
  readonly stopped: Promise<Error | null>
  close(): Promise<void>
}

/** @throws {StoreError}, {VaultError}, {KeyStoreError}, {LogError}, {RegistryError} `SETUP_MISMATCH`, {ListenError} */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const clock = options.clock ?? systemClock
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 })
  const keys = await loadKeys(options)
  const store = openSqliteStore({ path: join(options.dataDir, 'countersign.db'), clock })
  let vault: Vault | undefined
  try {
    vault = openSqliteVault(join(options.dataDir, 'vault.db'))
    return await run(options, clock, keys, { store, vault })
  } catch (cause) {
    await store.close()
    await vault?.close()
    throw cause
  }
}

async function loadKeys({ dataDir, passphrase, onEncrypted }: ServerOptions): Promise<SetupKeys> {
  const keyStore = await openFsKeyStore(join(dataDir, 'keys'), {
    crypto: nodeCrypto,
    passphrase: passphrase ?? null,
    ...(onEncrypted === undefined ? {} : { onEncrypted }),
  })
  return {
    issuer: await IssuerRing.open(nodeCrypto, keyStore),
    frame: nodeCrypto.signer(await keyStore.first('frame')),
    log: nodeCrypto.signer(await keyStore.first('log')),
  }
}

function settingsOf(options: ServerOptions): Settings {
  const rp = options.rp ?? { rp_id: 'localhost', origins: ['http://localhost'] }
  return {
    origin: options.origin ?? 'countersign.localhost',
    simulated: options.simulated ?? false,
    separation: options.separation ?? 'independent',
    bound_ms: options.boundMs ?? BOUND_MS,
    rp_id: rp.rp_id,
    origins: [...rp.origins],
  }
}

async function run(
  options: ServerOptions,
  clock: Clock,
  keys: SetupKeys,
  { store, vault }: Pick<RegistryContext, 'store' | 'vault'>,
): Promise<RunningServer> {
  await pairVault(store, vault, options.newVault ?? false)
  const stores = { store, vault }
  const { settings, bootstrapSecret: firstSecret } = await setUp(
    { ...stores, crypto: nodeCrypto },
    keys,
    settingsOf(options),
  )
  await store.query((db) => keys.issuer.destroyEnded(db))
  const ended = Promise.withResolvers<Error | null>()
  const tiles = fsTileStore(join(options.dataDir, 'log'))
  const publisher = new LogPublisher({
    crypto: nodeCrypto,
    source: store.entries,
    tiles,
    lock: fsCheckpointLock(join(options.dataDir, 'lock')),
    signer: keys.log,
    origin: settings.origin,
    clock,
    onPublished: (note, size, time) => recordCheckpoint(store, { size, time, note }),
  })
  const runner = new LogRunner({ publisher, store, onFatal: (error) => void stop(error) })
  await runner.start()
  await replay(options, stores)
  const place = { url: '', hosts: new Set<string>() }
  const ctx = contextOf(options, {
    clock,
    keys,
    store,
    vault,
    settings,
    tiles,
    runner,
    place,
    vkey: publisher.vkey,
  })
  const server = createAdaptorServer({ fetch: createApp(ctx).fetch })
  let stopping: Promise<void> | null = null
  const stop = (why: Error | null): Promise<void> => {
    stopping ??= (async () => {
      ctx.hub.close()
      ctx.feed.close()
      await closeHttp(server)
      await runner.stop()
      await store.close()
      await vault.close()
      ended.resolve(why)
    })()
    return stopping
  }
  let bootstrapSecret: string | null
  try {
    await ctx.hub.start()
    const address = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0)
    Object.assign(place, placeOf(address, options.publicUrl))
    bootstrapSecret = firstSecret ?? (await renewFirstInvitation(ctx.registry))
  } catch (cause) {
    await stop(null)
    throw cause
  }
  const close = (): Promise<void> => stop(null)
  return { url: place.url, vkey: publisher.vkey, bootstrapSecret, stopped: ended.promise, close }
}

/** ERA-10. */
async function replay(
  { onErasedAgain }: ServerOptions,
  stores: Pick<RegistryContext, 'store' | 'vault'>,
): Promise<void> {
  const back = await replayTombstones(stores)
  if (back.length > 0) onErasedAgain?.(back)
}

interface Parts {
  readonly clock: Clock
  readonly keys: SetupKeys
  readonly store: Store
  readonly vault: Vault
  readonly settings: Settings
  readonly tiles: TileStore
  readonly runner: LogRunner
  /** Filled once the server listens. */
  readonly place: { readonly url: string; readonly hosts: ReadonlySet<string> }
  readonly vkey: string
}

function contextOf(options: ServerOptions, parts: Parts): ServerContext {
  const { clock, keys, store, vault, settings, tiles, runner, place, vkey } = parts
  const registry: RegistryContext = {
    store,
    vault,
    crypto: nodeCrypto,
    issuer: keys.issuer,
    frame: keys.frame,
    iss: settings.origin,
    publicUrl: () => place.url,
    rp: { rp_id: settings.rp_id, origins: settings.origins },
    separation: settings.separation,
  }
  const heartbeat_ms = options.heartbeatMs ?? HEARTBEAT_MS
  return {
    registry,
    settings,
    clock,
    tiles,
    hub: new RevocationHub({ registry, signer: keys.frame, clock, heartbeat_ms }),
    feed: new EntryFeed(store),
    viewers: new Viewers(nodeCrypto, clock),
    dpop: new DpopVerifier(nodeCrypto, clock),
    vkey,
    heartbeat_ms,
    publicUrl: () => place.url,
    hosts: () => place.hosts,
    fault: () => runner.fault,
    report: options.report ?? (() => undefined),
  }
}

function placeOf(address: AddressInfo, publicUrl: string | undefined): Parts['place'] {
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const local = `http://${host}:${address.port}`
  const url = (publicUrl ?? local).replace(/\/$/, '')
  return { url, hosts: new Set([new URL(url).host, new URL(local).host, `localhost:${address.port}`]) }
}

function listen(server: ServerType, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, host, port))
    server.once('error', onError)
    server.listen(port, host, () => {
      server.off('error', onError)
      resolve(server.address() as AddressInfo)
    })
  })
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ListenError {
  const place = `${host}:${port}`
  return cause.code === 'EADDRINUSE'
    ? new ListenError(
        'PORT_IN_USE',
        `another process listens on ${place}: stop it, or choose another --port`,
        { cause },
      )
    : new ListenError('ADDRESS_UNAVAILABLE', `cannot listen on ${place} (${cause.code ?? 'unknown'})`, {
        cause,
      })
}

function closeHttp(server: ServerType): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    server.close(() => resolve())
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
}
