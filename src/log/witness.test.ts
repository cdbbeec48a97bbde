import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { memoryCheckpointLock, type MemoryLockState } from '../../test/contract/checkpoint-lock.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64, concat, fromUtf8, utf8 } from '../core/encoding.ts'
import type { CheckpointLock } from '../ports/tile-store.ts'
import { formatCheckpoint, signCheckpoint } from './checkpoint.ts'
import { openCosigned } from './cosignature.ts'
import { LogError } from './entries.ts'
import { consistencyProof, emptyRoot, leafHash, rootOf, type NodeReader } from './merkle.ts'
import { formatNote, formatVkey, noteKey, parseNote, signNote } from './note.ts'
import { Witness, type Contradiction, type WitnessAnswer, type WitnessOptions } from './witness.ts'
import { formatAddCheckpoint } from './witness-request.ts'

const ORIGIN = 'log.example/test'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const logKey = noteKey(crypto, ORIGIN, signer.publicJwk)
const witnessSigner = crypto.signer(crypto.generateKey('Ed25519'))

/** A history of a log, any part of which can be shown. */
class Tree {
  readonly leaves: Uint8Array[]

  constructor(size: number, salt = '') {
    this.leaves = Array.from({ length: size }, (_, i) => leafHash(crypto, utf8(`${salt}${i}`)))
  }

  root(size: number): Uint8Array {
    return rootOf(crypto, this.leaves.slice(0, size))
  }

  note(size: number): Uint8Array {
    return signCheckpoint(crypto, signer, { origin: ORIGIN, size, root: this.root(size) })
  }

  async body(old_size: number, size: number): Promise<Uint8Array> {
    const read: NodeReader = (level, index) =>
      rootOf(crypto, this.leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))
    const proof =
      old_size === 0 || old_size > size ? [] : await consistencyProof(crypto, read, old_size, size)
    return formatAddCheckpoint({ old_size, proof, note: this.note(size) })
  }
}

const tree = new Tree(40)
let state: MemoryLockState
let now_ms: number
let found: Contradiction[]
beforeEach(() => {
  state = { holder: null, stored: null }
  now_ms = 1_700_000_000_500
  found = []
})

function create(changes: Partial<WitnessOptions> = {}): Witness {
  return new Witness({
    crypto,
    clock: { now: () => now_ms, monotonic: () => 0 },
    name: 'witness.example/w1',
    signer: witnessSigner,
    logs: [logKey],
    stateOf: () => memoryCheckpointLock(state),
    onContradiction: (each) => void found.push(each),
    ...changes,
  })
}

async function started(changes: Partial<WitnessOptions> = {}): Promise<Witness> {
  const witness = create(changes)
  await witness.start()
  return witness
}

function times(witness: Witness, answer: WitnessAnswer, note: Uint8Array): number[] {
  if (answer.kind !== 'cosigned') throw new Error(answer.kind)
  const whole = concat(note, utf8(answer.lines))
  const { cosignatures } = openCosigned(crypto, whole, formatVkey(logKey), [witness.key])
  return cosignatures.map(({ time_s }) => time_s)
}

test('cosigns the first checkpoint it sees of a log, with the time', async () => {
  const witness = await started()
  const answer = await witness.addCheckpoint(await tree.body(0, 7))
  expect(times(witness, answer, tree.note(7))).toEqual([1_700_000_000])
})

test('cosigns what extends it, in steps of any length', async () => {
  const steps = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(steps, async (sizes) => {
      state = { holder: null, stored: null }
      const witness = await started()
      let last = 0
      for (const size of sizes.sort((a, b) => a - b)) {
        expect((await witness.addCheckpoint(await tree.body(last, size))).kind).toBe('cosigned')
        last = size
      }
    }),
    { numRuns: 30 },
  )
})

test('cosigns the same checkpoint again with a newer time', async () => {
  const witness = await started()
  await witness.addCheckpoint(await tree.body(0, 7))
  now_ms += 60_000
  expect(times(witness, await witness.addCheckpoint(await tree.body(7, 7)), tree.note(7))).toEqual([
    1_700_000_060,
  ])
})

test('says which size it has when the log is wrong about it, and changes nothing', async () => {
  const witness = await started()
  expect(await witness.addCheckpoint(await tree.body(3, 7))).toEqual({ kind: 'conflict', size: 0 })
  await witness.addCheckpoint(await tree.body(0, 7))
  for (const old of [0, 3, 8]) {
    expect(await witness.addCheckpoint(await tree.body(old, 12))).toEqual({ kind: 'conflict', size: 7 })
  }
  expect((await witness.addCheckpoint(await tree.body(7, 12))).kind).toBe('cosigned')
})

test('never cosigns a smaller tree after a larger one: a replay is a conflict', async () => {
  const witness = await started()
  const first = await tree.body(0, 7)
  await witness.addCheckpoint(first)
  await witness.addCheckpoint(await tree.body(7, 12))
  expect(await witness.addCheckpoint(first)).toEqual({ kind: 'conflict', size: 12 })
})

test('takes an origin with extension lines, and cosigns them with it', async () => {
  const witness = await started()
  const text = `${formatCheckpoint({ origin: ORIGIN, size: 7, root: tree.root(7) })}more\n`
  const note = signNote(crypto, text, ORIGIN, signer)
  expect((await witness.addCheckpoint(formatAddCheckpoint({ old_size: 0, proof: [], note }))).kind).toBe(
    'cosigned',
  )
  expect(parseNote(state.stored!).text).toBe(text)
})

test('keeps of a note only what the log signed, and its own line', async () => {
  const witness = await started()
  const { text, signatures } = parseNote(tree.note(7))
  const foreign = { name: 'other.example', id: '01020304', signature: new Uint8Array(64) }
  const note = formatNote(text, [foreign, ...signatures, foreign])
  expect((await witness.addCheckpoint(formatAddCheckpoint({ old_size: 0, proof: [], note }))).kind).toBe(
    'cosigned',
  )
  expect(parseNote(state.stored!).signatures.map(({ name }) => name)).toEqual([ORIGIN, 'witness.example/w1'])
})

describe('a log that shows two histories', () => {
  const other = new Tree(40, 'other ')

  test('of one size is refused, and both notes are kept as proof', async () => {
    const witness = await started()
    await witness.addCheckpoint(await tree.body(0, 7))
    expect(await witness.addCheckpoint(await other.body(7, 7))).toEqual({ kind: 'conflict', size: 7 })
    expect(found).toMatchObject([{ origin: ORIGIN, isProof: true, submitted: other.note(7) }])
  })

  test('of two sizes finds no proof, and both notes are kept', async () => {
    const witness = await started()
    await witness.addCheckpoint(await tree.body(0, 7))
    expect(await witness.addCheckpoint(await other.body(7, 12))).toEqual({ kind: 'bad_proof' })
    expect(found).toMatchObject([{ origin: ORIGIN, isProof: false }])
    expect((await witness.addCheckpoint(await tree.body(7, 12))).kind).toBe('cosigned')
  })
})

describe('a request is', () => {
  const note = tree.note(7)
  const hash = base64(new Uint8Array(32))
  const after = (head: string): Uint8Array => concat(utf8(head), note)
  const signed = (text: string): Uint8Array =>
    concat(utf8('old 0\n\n'), signNote(crypto, text, ORIGIN, signer))
  const root = base64(tree.root(7))

  test.each<[string, Uint8Array]>([
    ['empty', new Uint8Array(0)],
    ['without an empty line', after('old 0\n')],
    ['without an old size', after('\n')],
    ['with a leading zero', after('old 00\n\n')],
    ['with a sign', after('old -1\n\n')],
    ['with two spaces', after('old  0\n\n')],
    ['with a carriage return', after('old 0\r\n\n')],
    ['with a size that is no exact number', after('old 9007199254740993\n\n')],
    ['with a size above the checkpoint', after('old 8\n\n')],
    ['with a proof line that is not base64', after('old 7\n????\n\n')],
    ['with a proof line that is no hash', after('old 7\nAAAA\n\n')],
    ['with 64 proof lines', after(`old 7\n${`${hash}\n`.repeat(64)}\n`)],
    ['not UTF-8', concat(after('old 0\n\n'), Uint8Array.of(0xff))],
    ['without signatures', utf8(`old 0\n\n${ORIGIN}\n7\n${root}\n`)],
    ['over 128 KiB', concat(after('old 0\n\n'), new Uint8Array(128 * 1024))],
    ['a note that is no checkpoint', signed('hello\n')],
    ['a checkpoint of a size with a leading zero', signed(`${ORIGIN}\n07\n${root}\n`)],
    ['a checkpoint with a short root', signed(`${ORIGIN}\n7\nAAAA\n`)],
    ['a checkpoint with an empty extension line', signed(`${ORIGIN}\n7\n${root}\n\nmore\n`)],
  ])('malformed when it is %s', async (_, body) => {
    const witness = await started()
    expect(await witness.addCheckpoint(body)).toEqual({ kind: 'malformed' })
    expect(state.stored).toBeNull()
  })

  test('of an unknown log when nobody named its origin', async () => {
    const witness = await started({ logs: [noteKey(crypto, 'elsewhere.example', signer.publicJwk)] })
    expect(await witness.addCheckpoint(await tree.body(0, 7))).toEqual({ kind: 'unknown_log' })
  })

  test('badly signed when the key is another, or the signature is of another text', async () => {
    const witness = await started()
    const stranger = crypto.signer(crypto.generateKey('Ed25519'))
    const { text, signatures } = parseNote(note)
    const notes = [
      signNote(crypto, text, ORIGIN, stranger),
      formatNote(text.replace('7', '8'), signatures),
      formatNote(text, [{ ...signatures[0]!, signature: new Uint8Array(64) }]),
      formatNote(text, [...signatures, { ...signatures[0]!, signature: new Uint8Array(64) }]),
    ]
    for (const forged of notes) {
      const body = formatAddCheckpoint({ old_size: 0, proof: [], note: forged })
      expect(await witness.addCheckpoint(body)).toEqual({ kind: 'bad_signature' })
    }
  })

  test('badly proven with a proof that is wrong, missing or not wanted', async () => {
    const witness = await started()
    const add = (old_size: number, size: number, proof: Uint8Array[]) =>
      witness.addCheckpoint(formatAddCheckpoint({ old_size, proof, note: tree.note(size) }))
    expect(await add(0, 7, [new Uint8Array(32)])).toEqual({ kind: 'bad_proof' })
    await add(0, 7, [])
    expect(await add(7, 12, [])).toEqual({ kind: 'bad_proof' })
    expect(await add(7, 12, [new Uint8Array(32)])).toEqual({ kind: 'bad_proof' })
    expect(await add(7, 7, [new Uint8Array(32)])).toEqual({ kind: 'bad_proof' })
  })

  test('badly proven when it is of an empty tree with entries', async () => {
    const witness = await started()
    const empty = (root: Uint8Array): Uint8Array =>
      formatAddCheckpoint({
        old_size: 0,
        proof: [],
        note: signCheckpoint(crypto, signer, { origin: ORIGIN, size: 0, root }),
      })
    expect(await witness.addCheckpoint(empty(new Uint8Array(32)))).toEqual({ kind: 'bad_proof' })
    expect((await witness.addCheckpoint(empty(emptyRoot(crypto)))).kind).toBe('cosigned')
    expect((await witness.addCheckpoint(await tree.body(0, 7))).kind).toBe('cosigned')
  })
})

describe('the clock', () => {
  test('may be a little behind: the time of a cosignature stays where it was', async () => {
    const witness = await started()
    await witness.addCheckpoint(await tree.body(0, 7))
    now_ms -= 200_000
    expect(times(witness, await witness.addCheckpoint(await tree.body(7, 12)), tree.note(12))).toEqual([
      1_700_000_000,
    ])
  })

  test('stops the witness when it went back by more than five minutes, also across a restart', async () => {
    const witness = await started()
    await witness.addCheckpoint(await tree.body(0, 7))
    await witness.stop()
    now_ms -= 302_000
    expect(await (await started()).addCheckpoint(await tree.body(7, 12))).toEqual({ kind: 'clock_behind' })
  })
})

describe('the state', () => {
  test('is stored before the answer: a failure to store it gives no cosignature', async () => {
    const failing: CheckpointLock = {
      ...memoryCheckpointLock(state),
      acquire: async () => undefined,
      compareAndSwap: async () => {
        throw new LogError('LOG_UNAVAILABLE', 'disk full')
      },
    }
    const witness = await started({ stateOf: () => failing })
    await expect(witness.addCheckpoint(await tree.body(0, 7))).rejects.toThrowWithCode('LOG_UNAVAILABLE')
  })

  test('stored without an answer is remembered: the log is told the size and cosigned then', async () => {
    let isCrashing = true
    const memory = memoryCheckpointLock(state)
    const storesAndFails: CheckpointLock = {
      ...memory,
      compareAndSwap: async (previous, next) => {
        const done = await memory.compareAndSwap(previous, next)
        if (isCrashing) throw new LogError('LOG_UNAVAILABLE', 'no answer')
        return done
      },
    }
    const witness = await started({ stateOf: () => storesAndFails })
    await expect(witness.addCheckpoint(await tree.body(0, 7))).rejects.toThrowWithCode('LOG_UNAVAILABLE')
    isCrashing = false
    expect(await witness.addCheckpoint(await tree.body(0, 7))).toEqual({ kind: 'conflict', size: 7 })
    expect((await witness.addCheckpoint(await tree.body(7, 7))).kind).toBe('cosigned')
  })

  test('that moved under us is a conflict with where it is now', async () => {
    const memory = memoryCheckpointLock(state)
    const overtaken: CheckpointLock = {
      ...memory,
      compareAndSwap: async (previous, next) => {
        await memory.compareAndSwap(previous, next)
        return false
      },
    }
    const witness = await started({ stateOf: () => overtaken })
    expect(await witness.addCheckpoint(await tree.body(0, 7))).toEqual({ kind: 'conflict', size: 7 })
  })

  test('of concurrent requests from one size is taken forward by one', async () => {
    const witness = await started()
    await witness.addCheckpoint(await tree.body(0, 7))
    const bodies = await Promise.all([12, 20, 9].map((size) => tree.body(7, size)))
    const answers = await Promise.all(bodies.map((body) => witness.addCheckpoint(body)))
    expect(answers.map(({ kind }) => kind)).toEqual(['cosigned', 'conflict', 'conflict'])
  })

  test('that another key or name cosigned, or that was changed, stops the start', async () => {
    const first = await started()
    await first.addCheckpoint(await tree.body(0, 7))
    await first.stop()
    const stranger = crypto.signer(crypto.generateKey('Ed25519'))
    await expect(started({ signer: stranger })).rejects.toThrowWithCode('NOTE_INVALID')
    await expect(started({ name: 'other.example' })).rejects.toThrowWithCode('NOTE_INVALID')
    const stored = fromUtf8(state.stored!)
    state.stored = utf8(stored.replace('\n7\n', '\n6\n'))
    await expect(started()).rejects.toThrowWithCode('NOTE_INVALID')
    state.stored = utf8(stored)
    await (await started()).stop()
  })

  test('is held by one process', async () => {
    const first = await started()
    await expect(started()).rejects.toThrowWithCode('LOG_LOCKED')
    await first.stop()
    await started()
  })
})
