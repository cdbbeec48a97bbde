/**
 * `kill -9` of a process that appends and publishes, again and again over one folder, each at a moment of its own: damage
 * would add up. SQLite and a directory of tiles, as the embedded log has them. `npm run test:kills` kills a hundred times.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { rootAt, verifyTree } from '../../src/log/reader.ts'
import { systemClock } from '../../src/ports/clock.ts'

/** A start costs more than what comes after it. The seed makes the first of a longer story the same kills. */
const ROUNDS = Number(process.env.KILLS ?? 12)
/** Lines that a process says after it is ready, before it is killed: from none to so many. */
const LINES_MAX = 300
const STORY_MS_MAX = 900_000

const key = crypto.generateKey('Ed25519')
const vkey = formatVkey(noteKey(crypto, 'log.example/killed', crypto.signer(key).publicJwk))
const worker = new URL('../fixtures/log-worker.ts', import.meta.url).pathname

let folder: string
const acked = new Map<number, string>()
const twice: string[] = []
const notes: Checkpoint[] = []
const ends: unknown[] = []
const complaints: string[] = []

/** Deterministic moments: a linear congruential generator. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

async function life(round: number, lines: number): Promise<void> {
  const child = spawn(process.execPath, [worker, folder, JSON.stringify(key), `r${round}`])
  child.stderr.on('data', (text: Buffer) => complaints.push(text.toString()))
  const ended = once(child, 'exit')
  let left = lines
  let isReady = false
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, first = '', name = ''] = line.split(' ')
    if (what === 'ready') isReady = true
    // A line that the kill cut short promised nothing that we heard.
    if (what === 'note' && first.length % 4 === 0) keepNote(first)
    if (what === 'ack' && name.startsWith(`r${round}.`)) {
      if (acked.has(Number(first))) twice.push(line)
      acked.set(Number(first), name)
    }
    if (isReady && left-- <= 0) child.kill('SIGKILL')
  }
  ends.push((await ended)[1])
}

function keepNote(base64: string): void {
  notes.push(openCheckpoint(crypto, new Uint8Array(Buffer.from(base64, 'base64')), vkey))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-killed-'))
  const random = seeded(20_261_128)
  for (let round = 0; round < ROUNDS; round++) await life(round, Math.floor(random() ** 2 * LINES_MAX))
}, STORY_MS_MAX)
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the story is worth telling: every process was killed, none gave up, and there were promises', () => {
  expect(complaints).toEqual([])
  expect(ends).toEqual(Array.from({ length: ROUNDS }, () => 'SIGKILL'))
  expect(acked.size).toBeGreaterThan(ROUNDS * 20)
  expect(notes.length).toBeGreaterThanOrEqual(ROUNDS)
})

test('nothing that was acknowledged is lost, nothing is there twice, and indices have no gap', async () => {
  const store = openSqliteStore({ path: join(folder, 'countersign.db'), clock: systemClock })
  try {
    const size = await store.entries.size()
    const entries = (await store.entries.read(0, size)).map(decodeEntry)
    expect(entries).toHaveLength(size)
    const names = entries.map((entry) => (entry.type === 'system.added' ? entry.body.name : ''))
    expect([...acked].filter(([index, name]) => names[index] !== name)).toEqual([])
    expect(new Set(names).size).toBe(size)
    expect(twice).toEqual([])
  } finally {
    await store.close()
  }
})

test('the public log verifies, and every checkpoint ever published grows into the last', async () => {
  const log = fsTileStore(join(folder, 'log'))
  const last = openCheckpoint(crypto, (await log.read('checkpoint'))!, vkey)
  expect(await verifyTree(crypto, log, last)).toMatchObject({ ok: true, size: last.size })
  const sizes = notes.map(({ size }) => size)
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  for (const { size, root } of notes) {
    expect(size).toBeLessThanOrEqual(last.size)
    expect(Buffer.from(await rootAt(crypto, log, size, last.size)).equals(root)).toBe(true)
  }
})
