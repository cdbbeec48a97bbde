/** Two nodes on one PostgreSQL database with a witness: one asks, the other has what it got. spec/witness.md, WIT-13. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openPostgresStore } from '../../src/adapters/postgres/postgres-store.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Nodes } from '../../src/ports/nodes.ts'
import type { Store } from '../../src/ports/store.ts'
import { recordCheckpoint } from '../../src/registry/checkpoints.ts'
import { Postgres } from '../../test/fixtures/postgres.ts'
import { WitnessedLog } from '../../test/fixtures/witnessed-log.ts'
import { NodePublisher } from './node-publisher.ts'

const ORIGIN = 'log.example/nodes'
let postgres: Postgres
let url: string
let folder: string
let log: WitnessedLog
let now_ms: number
const ends: (() => Promise<void>)[] = []
/** Moved by hand, so that the witness is asked when a test says so. */
const clock = { now: () => systemClock.now(), monotonic: () => now_ms }

beforeAll(async () => {
  postgres = await Postgres.start()
})
afterAll(() => postgres.remove())

beforeEach(async () => {
  url = await postgres.database()
  folder = mkdtempSync(join(tmpdir(), 'countersign-nodes-'))
  now_ms = 0
  log = await WitnessedLog.start(ORIGIN, clock)
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  rmSync(folder, { recursive: true, force: true })
})

/** What a test does to a node. */
interface Faults {
  /** Before the witness hears of the first request. */
  readonly before?: () => Promise<void>
  /** What this node believes of its place. */
  readonly isHeld?: (really: boolean) => boolean
}

interface Node {
  readonly store: Store
  readonly publisher: NodePublisher
  readonly asked: () => number
  readonly published: () => Promise<{ size: number; cosigned: number } | null>
  /** Another node may take the place, whether this one knows it or not. */
  readonly losePlace: () => Promise<void>
}

async function startNode(name: string, { before, isHeld = (really) => really }: Faults = {}): Promise<Node> {
  const store = await openPostgresStore({ url })
  ends.push(() => store.close())
  const tiles = fsTileStore(join(folder, name))
  let losePlace = async (): Promise<void> => undefined
  const { cosigner, asked } = log.cosigner(tiles, before === undefined ? {} : { before })
  const publisher = new NodePublisher({
    crypto,
    clock,
    tiles,
    signer: log.signer,
    store,
    source: store.entries,
    lock: fsCheckpointLock(join(folder, `${name}.lock`)),
    origin: ORIGIN,
    nodes: {
      ...nodesOf(store),
      takePlace: async () => {
        const place = await nodesOf(store).takePlace()
        if (place === null) return null
        losePlace = () => place.leave()
        return { isHeld: () => isHeld(place.isHeld()), leave: () => place.leave() }
      },
    },
    cosign: (note, isOvertaken) => cosigner.cosign(note, isOvertaken),
    onPublished: (note, size) => recordCheckpoint(store, { size, time: clock.now(), note }),
  })
  ends.push(() => publisher.stop())
  return {
    store,
    publisher,
    asked,
    losePlace: () => losePlace(),
    published: async () => {
      const note = await tiles.read('checkpoint')
      return note && log.said(note)
    },
  }
}

function nodesOf({ nodes }: Store): Nodes {
  if (nodes === null) throw new Error('the store is for one node')
  return nodes
}

async function commit({ store }: Node, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const actor = { kind: 'system', id: 'test' } as const
    await store.write((tx) => tx.append({ type: 'system.added', actor, body: { name: 'x' } }))
  }
}

test('the one that follows has the cosignatures that the one that signs got, and asks nobody', async () => {
  const one = await startNode('one')
  await commit(one, 3)
  await one.publisher.start()
  const two = await startNode('two')
  await two.publisher.start()
  expect(await two.published()).toEqual({ size: 3, cosigned: 1 })
  await commit(two, 2)
  await one.publisher.publish()
  await two.publisher.publish()
  expect(await two.published()).toEqual({ size: 5, cosigned: (await one.published())?.cosigned })
  expect(two.asked()).toBe(0)
})

test('a cosignature that comes late reaches the one that follows as well', async () => {
  const one = await startNode('one', {
    before: async () => {
      throw new Error('the witness is away')
    },
  })
  await commit(one, 3)
  await one.publisher.start()
  const two = await startNode('two')
  await two.publisher.start()
  expect(await two.published()).toEqual({ size: 3, cosigned: 0 })
  now_ms += 60_000
  await one.publisher.publish()
  await two.publisher.publish()
  expect(await two.published()).toEqual({ size: 3, cosigned: 1 })
  expect(two.asked()).toBe(0)
})

test.each([
  ['knows it', (really: boolean) => really],
  ['does not know it yet', () => true],
])('one that lost its place while it asks, and %s, raises no conflict', async (_, isHeld) => {
  const two = await startNode('two')
  const one = await startNode('one', {
    isHeld,
    before: async () => {
      await one.losePlace()
      await commit(two, 4)
      await two.publisher.start()
    },
  })
  await commit(one, 3)
  await one.publisher.start()
  expect(await two.published()).toEqual({ size: 7, cosigned: 1 })
  expect([one.asked() > 0, log.troubles]).toEqual([true, []])
})

test('one that lost its place before it asks does not ask', async () => {
  let isHeld = true
  const one = await startNode('one', { isHeld: (really) => really && isHeld })
  await commit(one, 3)
  await one.publisher.start()
  const asked = one.asked()
  await commit(one, 1)
  isHeld = false
  await one.publisher.publish()
  expect(one.asked()).toBe(asked)
})
