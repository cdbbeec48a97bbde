/** Several signers of one log and its witness: who asks, and what is no conflict. spec/witness.md, WIT-13. */
import { beforeEach, expect, test } from 'vitest'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { WitnessedLog, type CosignerChanges } from '../../test/fixtures/witnessed-log.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { equalBytes, utf8 } from '../core/encoding.ts'
import type { CheckpointLock } from '../ports/tile-store.ts'
import { openCheckpoint } from './checkpoint.ts'
import { LogPublisher } from './publisher.ts'

const ORIGIN = 'log.example/side-by-side'

let monotonic_ms: number
let entries: Uint8Array[]
let tiles: MemoryTileStore
let stored: Uint8Array | null
let witnessed: WitnessedLog
const clock = { now: () => 1_700_000_000_000 + monotonic_ms, monotonic: () => monotonic_ms }

beforeEach(async () => {
  monotonic_ms = 0
  entries = []
  tiles = memoryTileStore()
  stored = null
  witnessed = await WitnessedLog.start(ORIGIN, clock)
})

/** As conditional writes are: no place to take, only the comparison. */
const shared: CheckpointLock = {
  acquire: async () => undefined,
  load: async () => stored,
  compareAndSwap: async (previous, next) => {
    const isSame = stored && previous ? equalBytes(stored, previous) : stored === previous
    if (isSame) stored = next
    return isSame
  },
  release: async () => undefined,
}

interface Node {
  readonly log: LogPublisher
  readonly asked: () => number
}

interface NodeChanges extends CosignerChanges {
  /** Its own view of the database. */
  readonly database?: () => readonly Uint8Array[]
}

async function node({ database = () => entries, ...changes }: NodeChanges = {}): Promise<Node> {
  const { cosigner, asked } = witnessed.cosigner(tiles, changes)
  const log = new LogPublisher({
    crypto,
    source: {
      size: async () => database().length,
      read: async (start, end) => database().slice(start, end),
      hashes: async () => null,
    },
    tiles,
    lock: shared,
    signer: witnessed.signer,
    origin: ORIGIN,
    clock,
    cosign: (note, isOvertaken) => cosigner.cosign(note, isOvertaken),
  })
  await log.start()
  return { log, asked }
}

function commit(count: number): void {
  for (let i = 0; i < count; i++) entries.push(utf8(`entry ${entries.length}`))
}

function published(): { size: number; cosigned: number } | null {
  const note = tiles.files.get('checkpoint')
  return note === undefined ? null : witnessed.said(note)
}

test('the signer that stored a checkpoint asks for it, and another leaves it to that one', async () => {
  const [one, two] = [await node(), await node()]
  commit(3)
  await one.log.publish()
  expect((await two.log.publish()).size).toBe(3)
  expect([one.asked(), two.asked()]).toEqual([1, 0])
  expect(published()).toEqual({ size: 3, cosigned: 1 })
})

test('another takes over when the one that stored it ended before it was public', async () => {
  const ended = await node({
    before: async () => {
      throw new Error('the process ends')
    },
    mode: 'required',
  })
  const two = await node()
  commit(3)
  await expect(ended.log.publish()).rejects.toThrowWithCode('COSIGNATURES_MISSING')
  await two.log.publish()
  expect([two.asked(), published()]).toEqual([0, null])
  monotonic_ms += 15_000
  await two.log.publish()
  expect([two.asked(), published()]).toEqual([1, { size: 3, cosigned: 1 }])
})

test.each(['best_effort', 'required'] as const)(
  'a signer that another overtook hears that the witness is ahead, and that is no trouble (%s)',
  async (mode) => {
    const two = await node({ mode })
    const one = await node({
      mode,
      before: async () => {
        commit(4)
        await two.log.publish()
      },
    })
    commit(3)
    await one.log.publish()
    expect(published()).toEqual({ size: 7, cosigned: 1 })
    expect(witnessed.troubles).toEqual([])
  },
)

test('a checkpoint beyond ours that our entries do not extend is a conflict', async () => {
  const fork = ['other 0', 'other 1', 'other 2', 'other 3'].map(utf8)
  const two = await node({ database: () => fork })
  const one = await node({
    before: async () => {
      stored = null // the fork's node reads another lock store
      await two.log.publish()
    },
  })
  commit(3)
  await one.log.publish()
  expect(openCheckpoint(crypto, stored ?? new Uint8Array(0), witnessed.vkey).size).toBe(4)
  expect(witnessed.troubles).toMatchObject([{ kind: 'ahead', witness: 'a.example' }])
})
