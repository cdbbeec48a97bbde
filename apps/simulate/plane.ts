/**
 * The control plane of a simulation: its registers, routes, log, observer and anchors, as they are, in this process and
 * under a clock that is moved. Nothing of it runs by itself: whoever simulates says when the log is published, the
 * observer looks and the witness is asked. spec/simulation.md (SIM-3).
 * @module
 */
import { join } from 'node:path'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { LogPublisher } from '../../src/log/publisher.ts'
import { DETECTORS } from '../../src/observe/detectors/detectors.ts'
import type { Store } from '../../src/ports/store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { pinBreakGlass } from '../../src/registry/break-glass.ts'
import { recordCheckpoint } from '../../src/registry/checkpoints.ts'
import { FrameRing } from '../../src/registry/frame-ring.ts'
import { IssuerRing } from '../../src/registry/issuer-ring.ts'
import { pairVault, setUp } from '../../src/registry/setup.ts'
import { AnchorRunner } from '../server/anchor-runner.ts'
import { createApp } from '../server/app.ts'
import { Load } from '../server/capacity-runner.ts'
import { contextOf } from '../server/compose-context.ts'
import type { ServerContext } from '../server/context.ts'
import { databaseOf, makeDataDir } from '../server/data-dir.ts'
import { defaultSettings } from '../server/first-choices.ts'
import type { ServerKeys } from '../server/load-keys.ts'
import { OauthKeys } from '../server/oauth/keys.ts'
import { composeObserving, type Observing } from '../server/observing.ts'
import { PruneKeeper } from '../server/prune-keeper.ts'
import { openLogPlace, placeOfLog } from '../server/tiles.ts'
import { vaultPlace } from '../server/vault.ts'
import type { SimulatedClock } from './clock.ts'
import { SimulatedWitness } from './witness.ts'

/** RFC 2606: nobody can own it, and no browser goes there. */
const HOST = 'simulation.invalid'
const URL_OF_PLANE = `https://${HOST}`

export interface PlaneOptions {
  readonly dataDir: string
  readonly clock: SimulatedClock
  readonly crypto: Crypto
  /** Names the log. */
  readonly name: string
  readonly separation: 'independent' | 'after'
  /** Hears of faults of ours: none is expected. */
  readonly report: (error: unknown) => void
}

interface Parts {
  readonly options: PlaneOptions
  readonly ctx: ServerContext
  readonly keys: ServerKeys
  readonly publisher: LogPublisher
  readonly observing: Observing
  readonly anchors: AnchorRunner
  readonly witness: SimulatedWitness
  readonly bootstrapSecret: string
}

export class Plane {
  readonly url = URL_OF_PLANE
  readonly rp = { rp_id: HOST, origin: URL_OF_PLANE }
  readonly ctx: ServerContext
  readonly bootstrapSecret: string
  /** Detectors whose canaries are judged each day. */
  readonly rules = DETECTORS.map(({ rule }) => rule)
  readonly #parts: Parts
  readonly #answer: (request: Request) => Response | Promise<Response>

  private constructor(parts: Parts) {
    this.#parts = parts
    this.ctx = parts.ctx
    this.bootstrapSecret = parts.bootstrapSecret
    const app = createApp(parts.ctx)
    this.#answer = (request) => app.fetch(request)
  }

  /** @throws {StoreError}, {VaultError}, {KeyStoreError}, {LogError}, {RegistryError} */
  static async start(options: PlaneOptions): Promise<Plane> {
    const { dataDir, clock, crypto, report } = options
    makeDataDir(dataDir)
    const keys = await keysOf(crypto, dataDir)
    const store = openSqliteStore({ path: databaseOf(dataDir), clock })
    const vault = await vaultPlace({ dataDir }).open()
    await vault.unlock(null)
    await pairVault(store, vault, false)
    const otherwise = {
      ...defaultSettings({ rpDefault: { rp_id: HOST, origins: [URL_OF_PLANE] } }),
      origin: `${HOST}/${options.name}`,
      simulated: true,
      separation: options.separation,
    }
    const wanted = { chosen: NOTHING, otherwise }
    const { settings, bootstrapSecret } = await setUp({ store, vault, crypto }, keys, wanted)
    const breakGlass = await pinBreakGlass({ store, crypto }, keys.breakGlass.first, () => undefined)
    const vkey = formatVkey(noteKey(crypto, settings.origin, keys.log.publicJwk))
    const logPlace = placeOfLog({ dataDir }, {})
    const { tiles, lock } = openLogPlace(logPlace)
    const witness = await SimulatedWitness.start({ crypto, clock, dataDir, tiles, vkey })
    const publisher = new LogPublisher({
      crypto,
      source: store.entries,
      tiles,
      lock,
      signer: keys.log,
      origin: settings.origin,
      clock,
      onPublished: (note, size) => recordCheckpoint(store, { size, time: clock.now(), note }),
    })
    await publisher.start()
    const services = [witness.anchor]
    const anchors = new AnchorRunner({ crypto, clock, store, tiles, vkey, services, report })
    let observing: Observing | null = null
    const ctx = contextOf(options, {
      crypto,
      clock,
      keys,
      store,
      vault,
      load: new Load(),
      settings,
      tiles,
      lock,
      logPlace,
      prunings: new PruneKeeper({ store, tiles, crypto, vkey, report }),
      runner: { fault: null },
      place: { url: URL_OF_PLANE, hosts: new Set([HOST]) },
      vkey,
      breakGlass,
      behind: async () => observing?.observer.behind() ?? null,
    })
    observing = composeObserving(ctx.registry, { clock, report, otlp: null })
    const secret = bootstrapSecret ?? ''
    return new Plane({ options, ctx, keys, publisher, observing, anchors, witness, bootstrapSecret: secret })
  }

  get store(): Store {
    return this.ctx.registry.store
  }

  get tiles(): TileStore {
    return this.ctx.tiles
  }

  get vkey(): string {
    return this.ctx.vkey
  }

  /** In place of the network, for whoever calls the control plane. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    request.headers.set('host', HOST)
    return this.#answer(request)
  }

  /** The key that is taken away after the first start (KIL-7). */
  breakGlassKey(): ReturnType<ServerKeys['breakGlass']['first']> {
    return this.#parts.keys.breakGlass.first()
  }

  /** @returns the checkpoint over all that is committed */
  publish(): Promise<{ readonly size: number; readonly note: Uint8Array; readonly root: Uint8Array }> {
    return this.#parts.publisher.publish()
  }

  /** The witness is asked to cosign what is published, if that is due. */
  async anchor(): Promise<void> {
    await this.publish()
    await this.#parts.anchors.tick()
  }

  /** Everything that was logged is taken and looked at, and so is what came of it. */
  async observe(): Promise<void> {
    const { observer } = this.#parts.observing
    for (let size = -1; size !== (await this.store.entries.size());) {
      size = await this.store.entries.size()
      await observer.hold()
      await observer.catchUp()
      await observer.look(await this.store.now())
    }
  }

  async close(): Promise<void> {
    const { ctx, observing, anchors, publisher, witness } = this.#parts
    await observing.observer.stop()
    await ctx.hub.close()
    ctx.feed.close()
    ctx.fleet.close()
    await anchors.stop()
    await ctx.previews.stop()
    await ctx.samples.stop()
    await publisher.stop()
    await witness.stop()
    await ctx.registry.store.close()
    await ctx.registry.vault.close()
  }
}

/** Nobody has chosen anything: what is not the default is of every simulation. */
const NOTHING = {
  origin: undefined,
  simulated: undefined,
  separation: undefined,
  bound_ms: undefined,
  rp_id: undefined,
  origins: undefined,
}

async function keysOf(crypto: Crypto, dataDir: string): Promise<ServerKeys> {
  const folder = join(dataDir, 'keys')
  const store = await openFsKeyStore(folder, {
    crypto,
    passphrase: null,
    beforeEncrypting: async () => undefined,
  })
  const logKey = await store.first('log')
  return {
    logKey,
    oauth: await OauthKeys.open(crypto, store),
    breakGlass: { file: join(folder, 'break-glass.jwk'), first: () => store.first('break-glass') },
    issuer: await IssuerRing.open(crypto, store),
    frame: await FrameRing.open(crypto, store),
    log: crypto.signer(logKey),
  }
}
