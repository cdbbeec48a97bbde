/**
 * The control plane, composed: SQLite or PostgreSQL, key files, tiles, the log's publisher and the HTTP application.
 * Order at start: port, keys, database, first entries, log (refuses to go on if it was rewritten), streams.
 * @module
 */
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { openSqliteVault } from '../../src/adapters/sqlite-vault/sqlite-vault.ts'
import type { PrivateJwk, PublicJwk } from '../../src/core/crypto.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { systemClock, type Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { KeyStore } from '../../src/ports/key-store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import type { Vault } from '../../src/ports/vault.ts'
import { recordCheckpoint } from '../../src/registry/checkpoints.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { renewFirstInvitation } from '../../src/registry/invitations.ts'
import { IssuerRing } from '../../src/registry/issuer-ring.ts'
import { pinBreakGlass } from '../../src/registry/break-glass.ts'
import { pairVault, setUp, type Chosen, type Settings, type SetupKeys } from '../../src/registry/setup.ts'
import { replayTombstones } from '../../src/registry/tombstones.ts'
import type { RelyingParty } from '../../src/token/gesture.ts'
import { composeAnchoring } from './anchoring.ts'
import type { AnchorSettings } from './anchor-settings.ts'
import { createApp } from './app.ts'
import { DpopVerifier } from './auth.ts'
import type { ServerContext } from './context.ts'
import { makeDataDir } from './data-folder.ts'
import { EntryFeed } from './entry-feed.ts'
import { openFront, type Front } from './front.ts'
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
  /** Told of the file of the break-glass key when it was made: it is to be taken offline (KIL-7). */
  readonly onBreakGlass?: (file: string) => void
  /** Publish from a thread of its own (docs/adr/0023). */
  readonly publisherThread?: boolean
  /** Who cosigns the log, and where it is anchored. */
  readonly anchors?: AnchorSettings
  /** The file with the keys of what is sealed: nodes on one database share it. `vault.db` in `dataDir` unless told otherwise. */
  readonly vault?: string
  /** Begins an empty vault in place of one that is lost: what was sealed is lost with it (ERA-4). */
  readonly newVault?: boolean
  /** Told of erased subjects whose key was there again, from a backup: it is destroyed now (ERA-10). */
  readonly onErasedAgain?: (subjects: readonly string[]) => void
  /** The next five count at the first start only, which records them for ever; another value is refused later. */
  readonly separation?: 'independent' | 'after'
  /** The log's origin and the issuer's name. */
  readonly origin?: string
  readonly simulated?: boolean
  readonly boundMs?: number
  readonly rp?: RelyingParty
  /** Instead of `rp` when nobody chose one. Counts at the first start only. */
  readonly rpDefault?: RelyingParty
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
  const front = await openFront(options.host ?? '127.0.0.1', options.port ?? 0)
  try {
    return await behind(front, options)
  } catch (cause) {
    await front.close()
    throw cause
  }
}

async function behind(front: Front, options: ServerOptions): Promise<RunningServer> {
  const clock = options.clock ?? systemClock
  makeDataDir(options.dataDir)
  const keys = await loadKeys(options)
  const store = await openStore(options, clock)
  let vault: Vault | undefined
  try {
    vault = openSqliteVault(options.vault ?? join(options.dataDir, 'vault.db'))
    return await run(front, options, clock, keys, { store, vault })
  } catch (cause) {
    await store.close()
    await vault?.close()
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

type ServerKeys = SetupKeys & { readonly logKey: PrivateJwk; readonly keyStore: KeyStore }

async function loadKeys({ dataDir, passphrase, onEncrypted }: ServerOptions): Promise<ServerKeys> {
  const keyStore = await openFsKeyStore(join(dataDir, 'keys'), {
    crypto: nodeCrypto,
    passphrase: passphrase ?? null,
    ...(onEncrypted === undefined ? {} : { onEncrypted }),
  })
  const logKey = await keyStore.first('log')
  return {
    logKey,
    keyStore,
    issuer: await IssuerRing.open(nodeCrypto, keyStore),
    frame: nodeCrypto.signer(await keyStore.first('frame')),
    log: nodeCrypto.signer(logKey),
  }
}

/** What a first start takes where nobody chose. */
function defaultSettings({ rpDefault }: ServerOptions): Settings {
  const rp = rpDefault ?? { rp_id: 'localhost', origins: ['http://localhost'] }
  return {
    origin: 'countersign.localhost',
    simulated: false,
    separation: 'independent',
    bound_ms: BOUND_MS,
    rp_id: rp.rp_id,
    origins: [...rp.origins],
  }
}

function chosenSettings({ origin, simulated, separation, boundMs, rp }: ServerOptions): Chosen {
  const origins = rp === undefined ? undefined : [...rp.origins]
  return { origin, simulated, separation, bound_ms: boundMs, rp_id: rp?.rp_id, origins }
}

async function run(
  front: Front,
  options: ServerOptions,
  clock: Clock,
  keys: ServerKeys,
  { store, vault }: Pick<RegistryContext, 'store' | 'vault'>,
): Promise<RunningServer> {
  await pairVault(store, vault, options.newVault ?? false)
  const wanted = { chosen: chosenSettings(options), otherwise: defaultSettings(options) }
  const { settings, bootstrapSecret: firstSecret } = await setUp(
    { store, vault, crypto: nodeCrypto },
    keys,
    wanted,
  )
  await store.query((db) => keys.issuer.destroyEnded(db))
  const breakGlass = await pinBreakGlass({ store, crypto: nodeCrypto }, keys.keyStore, () =>
    options.onBreakGlass?.(join(options.dataDir, 'keys', 'break-glass.jwk')),
  )
  const ended = Promise.withResolvers<Error | null>()
  const vkey = formatVkey(noteKey(nodeCrypto, settings.origin, keys.log.publicJwk))
  const report = options.report ?? (() => undefined)
  const logPlace = placeOfLog(options)
  const { tiles } = openLogPlace(logPlace)
  const anchoring = composeAnchoring(options.anchors, { store, tiles, clock, vkey, report })
  const publisher = await publisherOf({
    ...anchoring.publisher,
    store,
    database: databaseOf(options),
    place: logPlace,
    thread: options.publisherThread ?? false,
    key: keys.logKey,
    origin: settings.origin,
    clock,
    onPublished: (note, size) => recordCheckpoint(store, { size, time: clock.now(), note }),
  })
  const retry_ms = store.nodes === null ? RETRY_MS : FOLLOW_MS
  const runner = new LogRunner({ publisher, store, retry_ms, onFatal: (error) => void stop(error) })
  await runner.start()
  const back = await replayTombstones({ store, vault }) // ERA-10
  if (back.length > 0) options.onErasedAgain?.(back)
  const place = { url: '', hosts: new Set<string>() }
  const parts = { clock, keys, store, vault, settings, tiles, runner, place, vkey, breakGlass }
  const ctx = contextOf(options, parts)
  let stopping: Promise<void> | null = null
  const stop = (why: Error | null): Promise<void> => {
    stopping ??= (async () => {
      ctx.hub.close()
      ctx.feed.close()
      await front.close()
      await anchoring.anchors.stop()
      await runner.stop()
      anchoring.stop()
      await store.close()
      await vault.close()
      ended.resolve(why)
    })()
    return stopping
  }
  let bootstrapSecret: string | null
  try {
    await ctx.hub.start()
    anchoring.anchors.start()
    Object.assign(place, placeOf(front.address, options.publicUrl))
    bootstrapSecret = firstSecret ?? (await renewFirstInvitation(ctx.registry))
    front.answerWith(createApp(ctx).fetch)
  } catch (cause) {
    await stop(null)
    throw cause
  }
  return { url: place.url, vkey, bootstrapSecret, stopped: ended.promise, close: () => stop(null) }
}

interface Parts {
  readonly clock: Clock
  readonly keys: SetupKeys
  readonly store: Store
  readonly vault: Vault
  readonly settings: Settings
  readonly tiles: TileStore
  readonly runner: LogRunner
  /** Filled before anybody is answered. */
  readonly place: { readonly url: string; readonly hosts: ReadonlySet<string> }
  readonly vkey: string
  readonly breakGlass: PublicJwk
}

function contextOf(options: ServerOptions, parts: Parts): ServerContext {
  const { clock, keys, store, vault, settings, tiles, runner, place, vkey, breakGlass } = parts
  const registry: RegistryContext = {
    store,
    vault,
    crypto: nodeCrypto,
    issuer: keys.issuer,
    frame: keys.frame,
    breakGlass,
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
