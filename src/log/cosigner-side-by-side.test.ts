/** Several signers of one log and its witness: who asks, and what is no conflict. spec/witness.md, WIT-13. */
import { beforeEach, expect, test } from 'vitest'
import { memoryCheckpointLock } from '../../test/contract/checkpoint-lock.ts'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { directWitness } from '../../test/contract/witness.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { equalBytes, utf8 } from '../core/encoding.ts'
import type { CheckpointLock } from '../ports/tile-store.ts'
import type { WitnessConnection } from '../ports/witness.ts'
import { openCheckpoint } from './checkpoint.ts'
import { openCosigned } from './cosignature.ts'
import { Cosigner, type CosignerOptions, type WitnessTrouble } from './cosigner.ts'
import { formatVkey, noteKey } from './note.ts'
import { kOfN } from './policy.ts'
import { LogPublisher } from './publisher.ts'
import { Witness } from './witness.ts'

const ORIGIN = 'log.example/side-by-side'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const logKey = noteKey(crypto, ORIGIN, signer.publicJwk)
const vkey = formatVkey(logKey)

let monotonic_ms: number
let entries: Uint8Array[]
let tiles: MemoryTileStore
let stored: Uint8Array | null
let troubles: WitnessTrouble[]
let witness: Witness
const clock = { now: () => 1_700_000_000_000 + monotonic_ms, monotonic: () => monotonic_ms }

beforeEach(async () => {
  monotonic_ms = 0
  entries = []
  tiles = memoryTileStore()
  stored = null
  troubles = []
  witness = new Witness({
    crypto,
    clock,
    name: 'a.example',
    signer: crypto.signer(crypto.generateKey('Ed25519')),
    logs: [logKey],
    stateOf: () => memoryCheckpointLock({ holder: null, stored: null }),
  })
  await witness.start()
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

interface NodeChanges extends Partial<CosignerOptions> {
  /** What happens once this node has signed, before the witness hears of it. */
  readonly before?: () => Promise<void>
  /** Its own view of the database. */
  readonly database?: () => readonly Uint8Array[]
}

async function node({ before, database = () => entries, ...changes }: NodeChanges = {}): Promise<Node> {
  let asked = 0
  const connection: WitnessConnection = {
    addCheckpoint: async (body, signal) => {
      asked++
      if (asked === 1) await before?.()
      return directWitness(witness).addCheckpoint(body, signal)
    },
  }
  const peers = [{ key: witness.key, connection }]
  const cosigner = new Cosigner({
    crypto,
    clock,
    tiles,
    vkey,
    peers,
    quorum: kOfN(1, [{ key: witness.key, url: null }]).quorum,
    mode: 'best_effort',
    deadline: () => new AbortController().signal,
    onTrouble: (trouble) => void troubles.push(trouble),
    ...changes,
  })
  const log = new LogPublisher({
    crypto,
    source: {
      size: async () => database().length,
      read: async (start, end) => database().slice(start, end),
      hashes: async () => null,
    },
    tiles,
    lock: shared,
    signer,
    origin: ORIGIN,
    clock,
    cosign: (note, isOvertaken) => cosigner.cosign(note, isOvertaken),
  })
  await log.start()
  return { log, asked: () => asked }
}

function commit(count: number): void {
  for (let i = 0; i < count; i++) entries.push(utf8(`entry ${entries.length}`))
}

function published(): { size: number; cosigned: number } | null {
  const note = tiles.files.get('checkpoint')
  if (!note) return null
  const { checkpoint, cosignatures } = openCosigned(crypto, note, vkey, [witness.key])
  return { size: checkpoint.size, cosigned: cosignatures.length }
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
    expect(troubles).toEqual([])
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
  expect(openCheckpoint(crypto, stored ?? new Uint8Array(0), vkey).size).toBe(4)
  expect(troubles).toMatchObject([{ kind: 'ahead', witness: 'a.example' }])
})
