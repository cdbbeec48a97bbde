/**
 * The control plane, composed: SQLite or PostgreSQL, key files, tiles, the log's publisher and the HTTP application.
 * Order at start: keys, database, first entries, log (refuses to go on if it was rewritten), streams, port.
 * @module
 */
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { systemClock, type Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { recordCheckpoint } from '../../src/registry/checkpoints.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { renewFirstInvitation } from '../../src/registry/invitations.ts'
import { IssuerRing } from '../../src/registry/issuer-ring.ts'
import { setUp, type Settings, type SetupKeys } from '../../src/registry/setup.ts'
import type { RelyingParty } from '../../src/token/gesture.ts'
import { createApp } from './app.ts'
import { DpopVerifier } from './auth.ts'
import type { ServerContext } from './context.ts'
import { ListenError } from './errors.ts'
import { EntryFeed } from './entry-feed.ts'
import { FOLLOW_MS, LogRunner, RETRY_MS } from './log-runner.ts'
import { publisherOf } from './publisher.ts'
import { RevocationHub } from './revocation-hub.ts'
import { openLogPlace, placeOfLog } from './tiles.ts'
import { Viewers } from './viewers.ts'

/** REV-4. */
export const HEARTBEAT_MS = 500
/** REV-8. */
export const BOUND_MS = 2_000

export interface ServerOptions {
  readonly dataDir: string
  /** `postgres://…`: state and log live there, and other nodes may share them. SQLite in `dataDir` unless told otherwise. */
  readonly store?: string
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string
  /** 0: any free port. */
  readonly port?: number
  /** Where callers reach the server, when that is not `http://host:port`. */
  readonly publicUrl?: string
  /** Public files and last checkpoint in a bucket (apps/server/tiles.ts), instead of under `dataDir`. */
  readonly tilesUrl?: string
  readonly s3Endpoint?: string
  readonly s3Style?: 'path' | 'virtual-host'
  readonly heartbeatMs?: number
  /** Of the key files (KEY-10). Plain ones are encrypted under it. */
  readonly passphrase?: string
  /** Told of each key file that was encrypted. */
  readonly onEncrypted?: (file: string) => void
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

/** @throws {StoreError}, {KeyStoreError}, {LogError}, {RegistryError} `SETUP_MISMATCH`, {ListenError} */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const clock = options.clock ?? systemClock
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 })
  const keys = await loadKeys(options)
  const store = await openStore(options, clock)
  try {
    return await run(options, clock, keys, store)
  } catch (cause) {
    await store.close()
    throw cause
  }
}

function databaseOf({ dataDir }: ServerOptions): string {
  return join(dataDir, 'countersign.db')
}

async function openStore(options: ServerOptions, clock: Clock): Promise<Store> {
  const { store } = options
  if (store === undefined) return openSqliteStore({ path: databaseOf(options), clock })
  const { openPostgresStore } = await import('../../src/adapters/postgres/postgres-store.ts')
  return openPostgresStore({ url: store })
}

type ServerKeys = SetupKeys & { readonly logKey: PrivateJwk }

async function loadKeys({ dataDir, passphrase, onEncrypted }: ServerOptions): Promise<ServerKeys> {
  const keyStore = await openFsKeyStore(join(dataDir, 'keys'), {
    crypto: nodeCrypto,
    passphrase: passphrase ?? null,
    ...(onEncrypted === undefined ? {} : { onEncrypted }),
  })
  const logKey = await keyStore.first('log')
  return {
    logKey,
    issuer: await IssuerRing.open(nodeCrypto, keyStore),
    frame: nodeCrypto.signer(await keyStore.first('frame')),
    log: nodeCrypto.signer(logKey),
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
  keys: ServerKeys,
  store: Store,
): Promise<RunningServer> {
  const { settings, bootstrapSecret: firstSecret } = await setUp(store, nodeCrypto, keys, settingsOf(options))
  await store.query((db) => keys.issuer.destroyEnded(db))
  const ended = Promise.withResolvers<Error | null>()
  const place = placeOfLog(options)
  const { tiles } = openLogPlace(place)
  const publisher = await publisherOf({
    store,
    database: databaseOf(options),
    place,
    key: keys.logKey,
    origin: settings.origin,
    clock,
    onPublished: (note, size) => recordCheckpoint(store, { size, time: clock.now(), note }),
  })
  const retry_ms = store.nodes === null ? RETRY_MS : FOLLOW_MS
  const runner = new LogRunner({ publisher, store, retry_ms, onFatal: (error) => void stop(error) })
  await runner.start()
  const listening = { url: '', hosts: new Set<string>() }
  const ctx = contextOf(options, {
    clock,
    keys,
    store,
    settings,
    tiles,
    runner,
    place: listening,
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
      ended.resolve(why)
    })()
    return stopping
  }
  let bootstrapSecret: string | null
  try {
    await ctx.hub.start()
    const address = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0)
    Object.assign(listening, placeOf(address, options.publicUrl))
    bootstrapSecret = firstSecret ?? (await renewFirstInvitation(ctx.registry))
  } catch (cause) {
    await stop(null)
    throw cause
  }
  const close = (): Promise<void> => stop(null)
  return { url: listening.url, vkey: publisher.vkey, bootstrapSecret, stopped: ended.promise, close }
}

/** One process signs its log or ends; of several nodes one signs and the others stand by. */
interface Parts {
  readonly clock: Clock
  readonly keys: SetupKeys
  readonly store: Store
  readonly settings: Settings
  readonly tiles: TileStore
  readonly runner: LogRunner
  /** Filled once the server listens. */
  readonly place: { readonly url: string; readonly hosts: ReadonlySet<string> }
  readonly vkey: string
}

function contextOf(options: ServerOptions, parts: Parts): ServerContext {
  const { clock, keys, store, settings, tiles, runner, place, vkey } = parts
  const registry: RegistryContext = {
    store,
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
    hub: new RevocationHub({ registry, signer: keys.frame, heartbeat_ms }),
    feed: new EntryFeed(store),
    viewers: new Viewers(nodeCrypto, clock),
    dpop: new DpopVerifier(nodeCrypto, clock, store.nodes),
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
