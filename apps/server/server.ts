/**
 * The control plane, composed: SQLite or PostgreSQL, key files, tiles, the log's publisher and the HTTP application.
 * Order at start: port, keys, database, first entries, log (refuses to go on if it was rewritten), streams.
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { systemClock, type Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { Vault } from '../../src/ports/vault.ts'
import { recordCheckpoint } from '../../src/registry/checkpoints.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { renewFirstInvitation } from '../../src/registry/invitations.ts'
import { inviteByMachine } from '../../src/registry/recoveries.ts'
import { pinBreakGlass } from '../../src/registry/break-glass.ts'
import { pairVault, setUp } from '../../src/registry/setup.ts'
import { replayTombstones } from '../../src/registry/tombstones.ts'
import { composeAnchoring } from './anchoring.ts'
import type { DueAnchor } from './anchor-runner.ts'
import { createApp } from './app.ts'
import { Load, timedStore } from './capacity-runner.ts'
import { contextOf, type ContextParts } from './compose-context.ts'
import { databaseOf, makeDataDir } from './data-dir.ts'
import { destroyEndedKeys, endKeys } from './ended-keys.ts'
import { chosenSettings, defaultSettings } from './first-choices.ts'
import { openFront, placeOf, type Front } from './front.ts'
import { loadKeys, type ServerKeys } from './load-keys.ts'
import { composeLoops } from './loops.ts'
import { FOLLOW_MS, LogRunner, RETRY_MS } from './log-runner.ts'
import { httpPeer } from './peers.ts'
import { PruneKeeper } from './prune-keeper.ts'
import { publisherOf } from './publisher.ts'
import type { ServerOptions } from './server-options.ts'
import { openLogPlace, placeOfLog } from './tiles.ts'
import { tryPassphrase, unlockVault, vaultPlace } from './vault.ts'

export interface RunningServer {
  readonly url: string
  /** The log's verifier key. */
  readonly vkey: string
  /** Enrols the first person. Null once anyone has enrolled. */
  readonly bootstrapSecret: string | null
  /** Of {@link ServerOptions.recover}: a secret that is shown once; null: nobody is recovered. */
  readonly recoverySecret: string | null
  /** What is anchored next, and when. */
  readonly dueAnchors: readonly DueAnchor[]
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
  const place = vaultPlace(options)
  const keys = await loadKeys(options, () => tryPassphrase(place, options.passphrase))
  const load = new Load()
  const store = timedStore(await openStore(options, clock), load)
  let vault: Vault | undefined
  try {
    vault = await place.open()
    return await run(front, options, clock, keys, { store, vault, load })
  } catch (cause) {
    await store.close()
    await vault?.close()
    throw cause
  }
}

async function openStore(options: ServerOptions, clock: Clock): Promise<Store> {
  const { store } = options
  if (store === undefined) return openSqliteStore({ path: databaseOf(options.dataDir), clock })
  const { openPostgresStore } = await import('../../src/adapters/postgres/postgres-store.ts')
  return openPostgresStore({ url: store })
}

async function run(
  front: Front,
  options: ServerOptions,
  clock: Clock,
  keys: ServerKeys,
  { store, vault, load }: Pick<RegistryContext, 'store' | 'vault'> & { readonly load: Load },
): Promise<RunningServer> {
  await pairVault(store, vault, options.newVault ?? false)
  await unlockVault(vault, options.passphrase, options.onEncrypted)
  const wanted = { chosen: chosenSettings(options), otherwise: defaultSettings(options) }
  const { settings, bootstrapSecret: firstSecret } = await setUp(
    { store, vault, crypto: nodeCrypto },
    keys,
    wanted,
  )
  await endKeys(store, keys)
  const breakGlass = await pinBreakGlass({ store, crypto: nodeCrypto }, keys.breakGlass.first, () =>
    options.onBreakGlass?.(keys.breakGlass.file),
  )
  const ended = Promise.withResolvers<Error | null>()
  const vkey = formatVkey(noteKey(nodeCrypto, settings.origin, keys.log.publicJwk))
  const report = options.report ?? (() => undefined)
  const logPlace = placeOfLog(options)
  const { tiles, lock } = openLogPlace(logPlace)
  const prunings = new PruneKeeper({ store, tiles, crypto: nodeCrypto, vkey, report })
  const anchoring = composeAnchoring(options.anchors, { store, tiles, clock, vkey, report })
  const publisher = await publisherOf({
    ...anchoring.publisher,
    store,
    database: databaseOf(options.dataDir),
    place: logPlace,
    thread: options.publisherThread ?? false,
    key: keys.logKey,
    origin: settings.origin,
    clock,
    onPublished: (note, size) => recordCheckpoint(store, { size, time: clock.now(), note }),
    elsewhere: {
      peers: (options.peers ?? []).map((url) =>
        httpPeer(url, { crypto: nodeCrypto, clock, signer: keys.log }),
      ),
      isWitnessed: options.anchors?.witnesses?.mode === 'required',
      isFirst: firstSecret !== null,
      takeOverFrom: options.takeOverFrom ?? null,
    },
  })
  const retry_ms = store.nodes === null ? RETRY_MS : FOLLOW_MS
  const runner = new LogRunner({
    publisher,
    store,
    retry_ms,
    onFatal: (error) => void stop(error),
    ...(options.onUnpublished === undefined ? {} : { onUnpublished: options.onUnpublished }),
  })
  await runner.start()
  const back = await replayTombstones({ store, vault }) // ERA-10
  if (back.length > 0) options.onErasedAgain?.(back)
  const place = { url: '', hosts: new Set<string>() }
  const observed: Pick<ContextParts, 'behind'> = { behind: () => Promise.resolve(null) }
  const fixed = { clock, keys, store, vault, load, settings, tiles, lock, logPlace, prunings, breakGlass }
  const ctx = contextOf(options, {
    ...fixed,
    crypto: nodeCrypto,
    runner,
    place,
    vkey,
    behind: () => observed.behind(),
  })
  const stopEnded = destroyEndedKeys(store, keys, report)
  const loops = composeLoops(ctx.registry, { ...options, clock, load, place, report })
  observed.behind = () => loops.behind()
  let stopping: Promise<void> | null = null
  const stop = (why: Error | null): Promise<void> => {
    stopping ??= (async () => {
      await ctx.hub.close()
      stopEnded()
      ctx.feed.close()
      ctx.fleet.close()
      await front.close()
      await loops.stop()
      await anchoring.anchors.stop()
      await prunings.stop()
      await ctx.previews.stop()
      await ctx.packs.stop()
      await ctx.samples.stop()
      await runner.stop()
      anchoring.stop()
      await store.close()
      await vault.close()
      ended.resolve(why)
    })()
    return stopping
  }
  let bootstrapSecret: string | null
  let recoverySecret: string | null
  let dueAnchors: readonly DueAnchor[]
  try {
    await ctx.hub.start()
    dueAnchors = await anchoring.anchors.due()
    anchoring.anchors.start()
    prunings.start()
    Object.assign(place, placeOf(front.address, options.publicUrl))
    bootstrapSecret = firstSecret ?? (await renewFirstInvitation(ctx.registry))
    recoverySecret =
      options.recover === undefined ? null : await inviteByMachine(ctx.registry, options.recover)
    front.answerWith(createApp(ctx).fetch)
    loops.start()
  } catch (cause) {
    await stop(null)
    throw cause
  }
  return {
    url: place.url,
    vkey,
    bootstrapSecret,
    recoverySecret,
    dueAnchors,
    stopped: ended.promise,
    close: () => stop(null),
  }
}
