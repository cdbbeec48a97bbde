import { beforeEach, describe, expect, test } from 'vitest'
import { memoryCheckpointLock } from '../../test/contract/checkpoint-lock.ts'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { directWitness } from '../../test/contract/witness.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import type { CheckpointLock } from '../ports/tile-store.ts'
import type { WitnessConnection } from '../ports/witness.ts'
import { openCosigned } from './cosignature.ts'
import { Cosigner, type CosignerOptions, type WitnessPeer, type WitnessTrouble } from './cosigner.ts'
import { LogError } from './entries.ts'
import { formatVkey, noteKey } from './note.ts'
import { kOfN } from './policy.ts'
import { LogPublisher } from './publisher.ts'
import { Witness } from './witness.ts'

const ORIGIN = 'log.example/test'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const logKey = noteKey(crypto, ORIGIN, signer.publicJwk)
const vkey = formatVkey(logKey)

let now_ms: number
let monotonic_ms: number
let entries: Uint8Array[]
let tiles: MemoryTileStore
let lock: CheckpointLock
let troubles: WitnessTrouble[]
const clock = { now: () => now_ms, monotonic: () => monotonic_ms }
beforeEach(() => {
  now_ms = 1_700_000_000_000
  monotonic_ms = 0
  entries = []
  tiles = memoryTileStore()
  lock = memoryCheckpointLock({ holder: null, stored: null })
  troubles = []
})

async function witness(name: string): Promise<Witness> {
  const made = new Witness({
    crypto,
    clock,
    name,
    signer: crypto.signer(crypto.generateKey('Ed25519')),
    logs: [logKey],
    stateOf: () => memoryCheckpointLock({ holder: null, stored: null }),
  })
  await made.start()
  return made
}

function peer(of: Witness, connection: WitnessConnection = directWitness(of)): WitnessPeer {
  return { key: of.key, connection }
}

/** A witness whose answers arrive when the test says so. */
function held(of: Witness): WitnessPeer & { release(): void; asked: number } {
  const gate = Promise.withResolvers<void>()
  const result = {
    key: of.key,
    asked: 0,
    release: () => gate.resolve(),
    connection: {
      addCheckpoint: async (body: Uint8Array, signal: AbortSignal) => {
        result.asked++
        await gate.promise
        return directWitness(of).addCheckpoint(body, signal)
      },
    },
  }
  return result
}

function away(of: Witness): WitnessPeer & { asked: number } {
  const result = {
    key: of.key,
    asked: 0,
    connection: {
      addCheckpoint: async (): Promise<never> => {
        result.asked++
        throw new LogError('WITNESS_UNAVAILABLE', 'away')
      },
    },
  }
  return result
}

function cosigner(
  peers: readonly WitnessPeer[],
  k: number,
  changes: Partial<CosignerOptions> = {},
): Cosigner {
  const { quorum } = kOfN(
    k,
    peers.map(({ key }) => ({ key, url: null })),
  )
  return new Cosigner({
    crypto,
    clock,
    tiles,
    vkey,
    peers,
    quorum,
    mode: 'best_effort',
    deadline: () => new AbortController().signal,
    onTrouble: (trouble) => void troubles.push(trouble),
    ...changes,
  })
}

async function publisher(cosign: Cosigner): Promise<LogPublisher> {
  const log = new LogPublisher({
    crypto,
    source: {
      size: async () => entries.length,
      read: async (start, end) => entries.slice(start, end),
      hashes: async () => null,
    },
    tiles,
    lock,
    signer,
    origin: ORIGIN,
    clock,
    cosign: (note) => cosign.cosign(note),
  })
  await log.start()
  return log
}

function commit(count: number): void {
  for (let i = 0; i < count; i++) entries.push(utf8(`entry ${entries.length}`))
}

function cosignersOf(note: Uint8Array, ...peers: readonly { key: Witness['key'] }[]): string[] {
  const known = peers.map(({ key }) => key)
  return openCosigned(crypto, note, vkey, known).cosignatures.map(({ by }) => by.name)
}

function published(): Uint8Array {
  return tiles.files.get('checkpoint') ?? new Uint8Array(0)
}

const aborted = (): AbortSignal => AbortSignal.abort()

describe('a log with witnesses', () => {
  test('publishes each checkpoint with the cosignatures of all, over many growths', async () => {
    const [a, b] = [await witness('a.example'), await witness('b.example')]
    const log = await publisher(cosigner([peer(a), peer(b)], 2))
    for (const growth of [1, 6, 249, 1, 300]) {
      commit(growth)
      monotonic_ms += 1_000
      const { note, size } = await log.publish()
      expect(size).toBe(entries.length)
      expect(cosignersOf(note, a, b)).toEqual(['a.example', 'b.example'])
      expect(published()).toEqual(note)
    }
  })

  test('hears from a witness which size it has, after a restart too', async () => {
    const a = await witness('a.example')
    const first = await publisher(cosigner([peer(a)], 1))
    commit(5)
    await first.publish()
    await first.stop()
    commit(5)
    const { note } = await (await publisher(cosigner([peer(a)], 1))).publish()
    expect(cosignersOf(note, a)).toEqual(['a.example'])
    expect(troubles).toEqual([])
  })

  test('keeps the cosignatures that were published when it restarts and no witness answers', async () => {
    const a = await witness('a.example')
    const first = await publisher(cosigner([peer(a)], 1))
    commit(5)
    const { note } = await first.publish()
    await first.stop()
    const second = await publisher(cosigner([away(a)], 1))
    expect((await second.publish()).note).toEqual(note)
    expect(published()).toEqual(note)
  })

  test('asks a witness at most once a second: what was signed in between is published as it is', async () => {
    const a = await witness('a.example')
    const log = await publisher(cosigner([peer(a)], 1))
    commit(5)
    await log.publish()
    commit(1)
    expect(cosignersOf((await log.publish()).note, a)).toEqual([])
    monotonic_ms += 1_000
    expect(cosignersOf((await log.publish()).note, a)).toEqual(['a.example'])
  })
})

describe('a slow witness', () => {
  test('does not hold the quorum up, and its cosignature is added when it comes', async () => {
    const [a, b] = [await witness('a.example'), await witness('b.example')]
    const slow = held(b)
    const log = await publisher(cosigner([peer(a), slow], 1))
    commit(5)
    expect(cosignersOf((await log.publish()).note, a, b)).toEqual(['a.example'])
    slow.release()
    await expect
      .poll(async () => cosignersOf((await log.publish()).note, a, b))
      .toEqual(['a.example', 'b.example'])
    expect(cosignersOf(published(), a, b)).toEqual(['a.example', 'b.example'])
    expect(slow.asked).toBe(1)
  })

  test('does not stop the log: at the deadline the checkpoint is published without it', async () => {
    const a = await witness('a.example')
    const slow = held(a)
    const log = await publisher(cosigner([slow], 1, { deadline: aborted }))
    commit(5)
    expect(cosignersOf((await log.publish()).note, a)).toEqual([])
    commit(5)
    monotonic_ms += 1_000
    expect((await log.publish()).size).toBe(10)
    expect(slow.asked).toBe(1)
    slow.release()
  })
})

test('a witness that hangs is given up when the log stops', async () => {
  const a = await witness('a.example')
  const hung = Promise.withResolvers<AbortSignal>()
  const connection: WitnessConnection = {
    addCheckpoint: (_, signal) => {
      hung.resolve(signal)
      return new Promise((__, reject) =>
        signal.addEventListener('abort', () => reject(new Error('given up'))),
      )
    },
  }
  const asking = cosigner([peer(a, connection)], 1, { deadline: aborted })
  const log = await publisher(asking)
  commit(5)
  await log.publish()
  asking.stop()
  expect((await hung.promise).aborted).toBe(true)
})

describe('a witness that is away', () => {
  test('is asked less and less often, down to once a minute, and reported once', async () => {
    const gone = away(await witness('a.example'))
    const log = await publisher(cosigner([gone], 1))
    commit(1)
    const pauses: number[] = []
    let last_ms = 0
    for (let asked = 0; asked < 9;) {
      await log.publish()
      if (gone.asked > asked) {
        if (asked > 0) pauses.push(monotonic_ms - last_ms)
        last_ms = monotonic_ms
        asked = gone.asked
      }
      monotonic_ms += 1_000
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(troubles).toMatchObject([{ kind: 'unavailable', witness: 'a.example' }])
  })

  test('stops the publication when the policy says required, until it is back', async () => {
    const a = await witness('a.example')
    const gone = away(a)
    let isBack = false
    const connection: WitnessConnection = {
      addCheckpoint: (body, signal) =>
        (isBack ? directWitness(a) : gone.connection).addCheckpoint(body, signal),
    }
    const log = await publisher(cosigner([peer(a, connection)], 1, { mode: 'required' }))
    commit(5)
    await expect(log.publish()).rejects.toThrowWithCode('COSIGNATURES_MISSING')
    expect(tiles.files.has('checkpoint')).toBe(false)
    isBack = true
    const { note, size } = await log.publish()
    expect([size, cosignersOf(note, a)]).toEqual([5, ['a.example']])
  })
})

describe('a cosignature does not count', () => {
  async function answered(answer: (honest: Uint8Array) => Uint8Array): Promise<string[]> {
    const a = await witness('a.example')
    const connection: WitnessConnection = {
      addCheckpoint: async (body, signal) => {
        const reply = await directWitness(a).addCheckpoint(body, signal)
        return reply.kind === 'cosigned' ? { kind: 'cosigned', lines: answer(reply.lines) } : reply
      },
    }
    const log = await publisher(cosigner([peer(a, connection)], 1))
    commit(5)
    return cosignersOf((await log.publish()).note, a)
  }

  const foreign = utf8(`\u2014 other.example ${Buffer.alloc(76).toString('base64')}\n`)
  const damaged = (lines: Uint8Array): Uint8Array => {
    const [dash = '', name = '', encoded = ''] = Buffer.from(lines).toString().trim().split(' ')
    const bytes = Buffer.from(encoded, 'base64')
    bytes[75]! ^= 1
    return utf8(`${dash} ${name} ${bytes.toString('base64')}\n`)
  }

  test.each<[string, (lines: Uint8Array) => Uint8Array]>([
    ['does not verify', damaged],
    ['is by nobody known', () => foreign],
    ['is missing', () => new Uint8Array(0)],
  ])('when it %s', async (_, answer) => {
    expect(await answered(answer)).toEqual([])
    expect(troubles).toHaveLength(1)
  })

  test('when its time is far ahead of our clock', async () => {
    const a = await witness('a.example')
    const connection: WitnessConnection = {
      addCheckpoint: async (body, signal) => {
        now_ms += 400_000
        const reply = await directWitness(a).addCheckpoint(body, signal)
        now_ms -= 400_000
        return reply
      },
    }
    const log = await publisher(cosigner([peer(a, connection)], 1))
    commit(5)
    expect(cosignersOf((await log.publish()).note, a)).toEqual([])
    expect(troubles).toMatchObject([{ kind: 'refused' }])
  })
})

describe('a log that was rolled back together with its lock store', () => {
  async function rolledBack(): Promise<Witness> {
    const a = await witness('a.example')
    const before = await publisher(cosigner([peer(a)], 1))
    commit(9)
    await before.publish()
    await before.stop()
    tiles = memoryTileStore()
    lock = memoryCheckpointLock({ holder: null, stored: null })
    entries = entries.slice(0, 4)
    return a
  }

  test('is behind its witness, which is said', async () => {
    const a = await rolledBack()
    const { note } = await (await publisher(cosigner([peer(a)], 1))).publish()
    expect(cosignersOf(note, a)).toEqual([])
    expect(troubles).toMatchObject([{ kind: 'ahead', witness: 'a.example' }])
  })

  test('and went on otherwise, is a fork, which is said', async () => {
    const a = await rolledBack()
    for (let i = 0; i < 8; i++) entries.push(utf8(`another ${i}`))
    const { note } = await (await publisher(cosigner([peer(a)], 1))).publish()
    expect(cosignersOf(note, a)).toEqual([])
    expect(troubles).toMatchObject([{ kind: 'fork', witness: 'a.example' }])
  })
})
