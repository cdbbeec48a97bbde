/**
 * A published log of so many actions: a company with a hundred agents that keeps its controls (the fixture of the tests),
 * each action an allowed call and its outcome. Written tile by tile, so that no log is in memory.
 * `node bench/pack/plant.ts FOLDER ACTIONS`
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { signCheckpoint } from '../../src/log/checkpoint.ts'
import { leafHash } from '../../src/log/merkle.ts'
import { encodeBundle, encodeHashes, TILE_WIDTH, TileBuilder, tilePath } from '../../src/log/tiles.ts'
import { ControlLog, DAY_MS, HOUR_MS } from '../../test/fixtures/control-log.ts'
import { ORIGIN } from '../../test/fixtures/history.ts'
import { NOW_MS } from '../../test/fixtures/tokens.ts'

const AGENTS = 100
/** Delegations of the fixture live for 80 days. */
const DAYS = 70
/** Receipts that one signed head covers. */
const BATCH = 512
export const PERIOD = { from_ms: NOW_MS - HOUR_MS, to_ms: NOW_MS + (DAYS + 1) * DAY_MS }

/** In place of an entry that is on disk. */
const WRITTEN = new Uint8Array(0)

class Plant {
  readonly #folder: string
  readonly #control = new ControlLog()
  readonly #tree = new TileBuilder(nodeCrypto)
  /** Entries that are written, and no longer in memory. */
  #written = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  run(actions: number): void {
    const control = this.#control
    control.call() // what a chain says is logged when it is first used
    const chains = Array.from({ length: AGENTS }, () => control.agent())
    const step_ms = Math.floor((DAYS * DAY_MS) / actions)
    let hour = Math.floor(control.now / HOUR_MS)
    for (let i = 1; i <= actions; i++) {
      control.log.clock.advance(step_ms)
      for (; hour < Math.floor(control.now / HOUR_MS); hour++) control.sample()
      const { action } = control.log.decide(chains[i % AGENTS] ?? control.chain)
      control.log.outcome(action)
      if (i % (BATCH / 2) === 0 || i === actions) control.log.head()
      if (i % BATCH === 0) this.#flush(TILE_WIDTH)
    }
    this.#flush(1)
    for (const { tile, hashes } of this.#tree.partials()) this.#write(tilePath(tile), encodeHashes(hashes))
    const head = { origin: ORIGIN, size: this.#written, root: this.#tree.root() }
    const signer = control.log.world.signer('log')
    this.#write('checkpoint', signCheckpoint(nodeCrypto, signer, head))
    this.#write('vkey', Buffer.from(control.log.vkey))
  }

  #flush(least: number): void {
    const { entries } = this.#control.log
    while (entries.length - this.#written >= least) {
      const bundle = entries.slice(this.#written, this.#written + TILE_WIDTH)
      const tile = { level: 'entries', index: this.#written / TILE_WIDTH, width: bundle.length } as const
      this.#write(tilePath(tile), encodeBundle(bundle))
      for (const entry of bundle)
        for (const full of this.#tree.append(leafHash(nodeCrypto, entry)))
          this.#write(tilePath(full.tile), encodeHashes(full.hashes))
      for (let at = this.#written; at < this.#written + bundle.length; at++) entries[at] = WRITTEN
      this.#written += bundle.length
    }
  }

  #write(path: string, bytes: Uint8Array): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true })
    writeFileSync(join(this.#folder, path), bytes)
  }
}

if (import.meta.main) new Plant(process.argv[2] ?? '').run(Number(process.argv[3]))
