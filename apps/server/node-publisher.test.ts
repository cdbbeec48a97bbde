/** Two nodes on one PostgreSQL database with a witness: one asks, the other has what it got. spec/witness.md, WIT-13. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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
import { Elsewhere } from './elsewhere.ts'
import { NodePublisher } from './node-publisher.ts'
import { keptNote } from './tiles.ts'

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
  /** The database does not take the checkpoints that it signs. */
  readonly isMute?: boolean
  /** What this node believes of its place. */
  readonly isHeld?: (really: boolean) => boolean
  /** Asked as over HTTP for what they signed. */
  readonly peers?: readonly Asked[]
  readonly isWitnessed?: boolean
  readonly takeOverFrom?: Uint8Array
  /** Of each public file that it writes. */
  readonly beforeWrite?: () => Promise<void>
}

type Asked = () => Promise<Uint8Array | null>

interface Node {
  readonly store: Store
  readonly publisher: NodePublisher
  readonly asked: () => number
  readonly published: () => Promise<{ size: number; cosigned: number } | null>
  /** Another node may take the place, whether this one knows it or not. */
  readonly losePlace: () => Promise<void>
  readonly signed: Asked
}

async function startNode(name: string, faults: Faults = {}): Promise<Node> {
  const { before, isMute, isHeld = (really: boolean) => really, peers = [] } = faults
  const store = await openPostgresStore({ url })
  ends.push(() => store.close())
  const files = fsTileStore(join(folder, name))
  const { beforeWrite = async () => undefined } = faults
  const tiles: typeof files = {
    ...files,
    write: async (path, bytes) => {
      await beforeWrite()
      return files.write(path, bytes)
    },
  }
  let losePlace = async (): Promise<void> => undefined
  const { cosigner, asked } = log.cosigner(tiles, before === undefined ? {} : { before })
  const lock = fsCheckpointLock(join(folder, `${name}.lock`))
  const elsewhere = new Elsewhere({
    crypto,
    clock,
    vkey: log.vkey,
    peers: peers.map((signed, i) => ({ name: `peer ${i}`, signed })),
    kept: keptNote(join(folder, `${name}.lock`)),
    isWitnessed: faults.isWitnessed ?? false,
    isFirst: false,
    takeOverFrom: faults.takeOverFrom ?? null,
  })
  const publisher = new NodePublisher({
    elsewhere,
    lock,
    crypto,
    clock,
    tiles,
    signer: log.signer,
    store,
    source: store.entries,
    origin: ORIGIN,
    nodes: {
      ...nodesOf(store),
      takePlace: async () => {
        const place = await nodesOf(store).takePlace()
        if (place === null) return null
        losePlace = () => place.leave()
        return { ...place, isHeld: () => isHeld(place.isHeld()) }
      },
    },
    cosign: (note, isOvertaken) => cosigner.cosign(note, isOvertaken),
    onPublished: async (note, size) => {
      if (isMute === true) throw new Error('the database is slow')
      await recordCheckpoint(store, { size, time: clock.now(), note })
    },
  })
  ends.push(() => publisher.stop())
  return {
    store,
    publisher,
    asked,
    losePlace: () => losePlace(),
    signed: () => lock.load(),
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

test('the one that follows takes one checkpoint at a time, also when it is asked in the middle', async () => {
  const one = await startNode('one')
  await commit(one, 3)
  await one.publisher.start()
  let meanwhile: (() => Promise<void>) | null = null
  const two = await startNode('two', {
    beforeWrite: async () => {
      const work = meanwhile
      meanwhile = null
      await work?.()
    },
  })
  await two.publisher.start()
  await commit(one, 1)
  await one.publisher.publish()
  let other: Promise<void> | undefined
  meanwhile = async () => {
    await commit(one, 1)
    await one.publisher.publish()
    other = two.publisher.publish()
    other.catch(() => undefined)
    await pause(100) // it would have begun by then, if it did not wait for this very run
  }
  await two.publisher.publish()
  await other
  expect(await two.published()).toMatchObject({ size: 5 })
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

test('one that lost its place and cannot know, because what overtook it is not recorded yet, raises no conflict', async () => {
  const two = await startNode('two', { isMute: true })
  const one = await startNode('one', {
    isHeld: () => true,
    before: async () => {
      await one.losePlace()
      await commit(two, 4)
      await expect(two.publisher.start()).rejects.toThrow('slow')
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

describe('an insider with the database, which hides what the last one signed and changes it,', () => {
  const away: Asked = () => Promise.reject(new Error('away'))

  /** The follower has 3 entries of the 5 that were signed; of the others it is told something else, and the place is free. */
  async function attacked(faults: (one: Node) => Faults): Promise<{ one: Node; two: Node }> {
    const one = await startNode('one')
    await commit(one, 3)
    await one.publisher.start()
    const two = await startNode('two', faults(one))
    await two.publisher.start()
    await commit(one, 2)
    await one.publisher.publish()
    const client = new pg.Client(url)
    await client.connect()
    await client.query('DELETE FROM checkpoints WHERE size > 3')
    await client.query(
      "UPDATE entries SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), '\"x\"', '\"y\"'), 'UTF8') WHERE idx = 4",
    )
    await client.end()
    await one.losePlace()
    return { one, two }
  }

  const signs = (node: Node): Promise<number> =>
    node.publisher.publish().then(async () => (await node.published())?.size ?? 0)

  test('does not have a node sign a fork that knows of no other way', async () => {
    const { two } = await attacked(() => ({}))
    expect(await signs(two)).toBe(3)
    now_ms += 10_001
    await expect(two.publisher.publish()).rejects.toMatchObject({
      code: 'TAKE_OVER_UNCONFIRMED',
      message: expect.stringContaining('--peer') as string,
    })
    const again = await startNode('two') // it stays so after a restart
    await two.publisher.stop()
    await again.publisher.start()
    expect(await signs(again)).toBe(3)
  })

  test('does not with the other node, which says what it signed', async () => {
    const { one, two } = await attacked(({ signed }) => ({ peers: [signed] }))
    await expect(two.publisher.publish()).rejects.toThrowWithCode('LOG_DIVERGED')
    expect([(await two.published())?.size, (await one.published())?.size]).toEqual([3, 5])
  })

  test('does not with what the other node said before it was gone', async () => {
    let isAway = false
    const { two } = await attacked(({ signed }) => ({ peers: [() => (isAway ? away() : signed())] }))
    now_ms += 1_000
    const real = await startNode('hold') // keeps the place while two asks
    const place = await nodesOf(real.store).takePlace()
    await two.publisher.publish()
    await place?.leave()
    isAway = true
    await expect(two.publisher.publish()).rejects.toThrowWithCode('LOG_DIVERGED')
    expect((await two.published())?.size).toBe(3)
  })

  test('does not with a node that has not answered for longer than ten seconds', async () => {
    let isAway = false
    const { two } = await attacked(({ signed }) => ({ peers: [() => (isAway ? away() : signed())] }))
    isAway = true
    now_ms += 10_001
    await two.publisher.publish()
    expect((await two.published())?.size).toBe(3)
  })

  test('does not by the word of an operator, which is a later checkpoint', async () => {
    const { one, two } = await attacked(() => ({}))
    const takeOverFrom = (await one.signed()) ?? new Uint8Array(0)
    await two.publisher.stop()
    const again = await startNode('two', { takeOverFrom })
    await expect(again.publisher.start()).rejects.toThrowWithCode('LOG_DIVERGED')
  })
})

describe('one that follows takes over', () => {
  async function killed(faults: (one: Node) => Faults): Promise<Node> {
    const one = await startNode('one')
    await commit(one, 3)
    await one.publisher.start()
    const two = await startNode('two', faults(one))
    await two.publisher.start()
    await commit(one, 2)
    await one.publisher.publish()
    await one.losePlace()
    await commit(two, 1)
    return two
  }

  test.each<[string, (one: Node) => Faults]>([
    ['what the other says it signed', ({ signed }) => ({ peers: [signed] })],
    ['what witnesses must see before anybody', () => ({ isWitnessed: true })],
  ])('from %s', async (_, faults) => {
    const two = await killed(faults)
    await two.publisher.publish()
    expect((await two.published())?.size).toBe(6)
  })

  test('from the word of an operator, once', async () => {
    const two = await killed(() => ({}))
    await two.publisher.publish()
    expect((await two.published())?.size).toBe(5)
    await two.publisher.stop()
    const takeOverFrom = (await two.signed()) ?? new Uint8Array(0)
    const again = await startNode('two', { takeOverFrom })
    await again.publisher.start()
    expect((await again.published())?.size).toBe(6)
    await again.losePlace()
    await commit(again, 1)
    await again.publisher.publish() // it finds that it lost the place, and may not have it back
    await again.publisher.publish()
    expect((await again.published())?.size).toBe(6)
  })
})
