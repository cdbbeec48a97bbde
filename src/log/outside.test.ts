/** A log and what outsiders say of it: cosigned checkpoints as anchors, each fault with its place. spec/witness.md, ANC-7. */
import { beforeEach, describe, expect, test } from 'vitest'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { publishEntries } from '../../test/fixtures/published.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64url, fromBase64url, utf8 } from '../core/encoding.ts'
import { rfc3339 } from '../core/time.ts'
import { addAnchor, anchorPath, INDEX_PATH } from './anchor-files.ts'
import type { IndexLine } from './anchored.ts'
import { openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { addCosignatures, cosign, cosignerKey } from './cosignature.ts'
import { decodeEntry, encodeEntry, type AnyEntry } from './entries.ts'
import { exportLog } from './export.ts'
import { formatVkey, noteKey, parseNote } from './note.ts'
import { anchorRules, cosignedBy } from './outside.ts'
import { kOfN } from './policy.ts'
import type { TileReader } from './tile-file.ts'
import { verifyLog, type LogFault } from './verify.ts'

const ORIGIN = 'log.example/outside'
const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))
const actor = { kind: 'system' as const, id: 'control-plane' }
const signers = new Map(
  ['a.example', 'b.example'].map((name) => [name, crypto.signer(crypto.generateKey('Ed25519'))]),
)
const a = keyOf('a.example')
const b = keyOf('b.example')

let entries: Uint8Array[]
let tiles: MemoryTileStore

function signerOf(name: string) {
  const found = signers.get(name)
  if (!found) throw new Error(`no witness ${name}`)
  return found
}

function keyOf(name: string) {
  return cosignerKey(crypto, name, signerOf(name).publicJwk)
}

function grow(hours: number): void {
  const time = rfc3339(START + hours * HOUR)
  const body = { name: `system ${entries.length}` }
  entries.push(encodeEntry({ v: 1, type: 'system.added', time, actor, body }))
  publish()
}

function publish(): void {
  publishEntries(entries, signer, ORIGIN, (path, bytes) => void tiles.files.set(path, bytes))
}

function checkpoint(): Uint8Array {
  return tiles.files.get('checkpoint') ?? new Uint8Array(0)
}

function cosigned(note: Uint8Array, by: string, hours: number): Uint8Array {
  const { text } = parseNote(note)
  return addCosignatures(note, [cosign(crypto, text, by, signerOf(by), (START + hours * HOUR) / 1000)])
}

/** As the control plane does: the token, its line, and `log.anchored`. */
async function anchor(hours: number, by = 'a.example', note = checkpoint()): Promise<IndexLine> {
  const head = openCheckpoint(crypto, note, vkey)
  const anchored = { token: cosigned(note, by, hours), at_ms: START + hours * HOUR }
  const line = await addAnchor(crypto, tiles, { kind: 'cosignature', by, head, anchored })
  const body = { ...line, root: base64url(head.root) }
  const time = rfc3339(START + hours * HOUR)
  entries.push(encodeEntry({ v: 1, type: 'log.anchored', time, actor, body }))
  publish()
  return line
}

interface Wanted {
  readonly required?: boolean
  readonly end?: number
}

const openedSize = (): number => openCheckpoint(crypto, tiles.files.get('checkpoint')!, vkey).size

/** The log as somebody reads it while it gets another anchor: between the index and the checkpoint. */
function whileAnchored(hours: number): TileReader {
  let done = false
  return {
    read: async (path) => {
      if (path === 'checkpoint' && !done) {
        done = true
        await anchor(hours)
      }
      return tiles.read(path)
    },
  }
}

async function check({ required = false, end }: Wanted = {}, from: TileReader = tiles) {
  const trust = { crypto, vkey, cosigners: [a], tokens: null }
  const end_ms = end === undefined ? {} : { end_ms: START + end * HOUR }
  const anchors = await anchorRules(from, { trust, required, ...end_ms })
  const report = await verifyLog(crypto, from, {
    vkey,
    checkpointRules: [anchors.checkpointRule],
    entryRules: [anchors.entryRule],
    beginnings: anchors.beginnings,
  })
  return { faults: report.faults, anchors }
}

const code = (name: string, more: Partial<LogFault> = {}) => expect.objectContaining({ code: name, ...more })
const fileOf = ({ sha256 }: IndexLine): string => anchorPath(fromBase64url(sha256))

beforeEach(() => {
  entries = []
  tiles = memoryTileStore()
  grow(0)
})

describe('cosignatures of a checkpoint', () => {
  const policy = (k: number) =>
    kOfN(
      k,
      [a, b].map((key) => ({ key, url: null })),
    )
  const faults = async (k: number, note: Uint8Array) => {
    tiles.files.set('checkpoint', note)
    const names: string[] = []
    const rule = cosignedBy(crypto, policy(k), (found) => names.push(...found.map(({ by }) => by.name)))
    return { names, faults: (await verifyLog(crypto, tiles, { vkey, checkpointRules: [rule] })).faults }
  }

  test('hold with the quorum, and those there are are told', async () => {
    const both = cosigned(cosigned(checkpoint(), 'a.example', 1), 'b.example', 1)
    expect(await faults(2, both)).toEqual({ names: ['a.example', 'b.example'], faults: [] })
  })

  test('are missing below it: who did not cosign is named', async () => {
    const one = cosigned(checkpoint(), 'b.example', 1)
    expect((await faults(1, one)).faults).toEqual([])
    const missing = code('COSIGNATURE_MISSING', {
      path: 'checkpoint',
      message: expect.stringMatching(/1 of 2, none by a\.example$/) as string,
    })
    expect(await faults(2, one)).toEqual({ names: ['b.example'], faults: [missing] })
  })

  test('are invalid when one of a known key does not verify, whatever the quorum', async () => {
    const { text } = parseNote(checkpoint())
    const wrong = cosign(crypto, `${text}x`, 'a.example', signerOf('a.example'), 1)
    const note = addCosignatures(cosigned(checkpoint(), 'b.example', 1), [wrong])
    const invalid = code('COSIGNATURE_INVALID', { message: expect.stringContaining('a.example') as string })
    expect(await faults(1, note)).toEqual({ names: ['b.example'], faults: [invalid] })
  })
})

describe('anchors', () => {
  test('of an honest log hold, required too, and are told', async () => {
    for (const hours of [1, 20, 40]) await anchor(hours)
    grow(45)
    const { faults, anchors } = await check({ required: true, end: 50 })
    expect(faults).toEqual([])
    expect(anchors.trusted).toHaveLength(3)
    expect(anchors.report()).toMatchObject({ outside_count: 0, gaps: [] })
  })

  test('are refused when the file of one was changed or is gone, with its path', async () => {
    const lines = [await anchor(1), await anchor(2), await anchor(3)]
    const [changed = '', gone = ''] = lines.map(fileOf)
    tiles.files.set(changed, utf8('changed'))
    tiles.files.delete(gone)
    expect((await check()).faults).toEqual([changed, gone].map((path) => code('ANCHOR_REFUSED', { path })))
  })

  test('are refused together when their index is malformed', async () => {
    tiles.files.set(INDEX_PATH, utf8('{}'))
    expect((await check()).faults).toEqual([code('ANCHOR_REFUSED', { path: INDEX_PATH })])
  })

  test('are refused together when the index gives a time that no date has', async () => {
    const line = await anchor(1)
    const anchors = [{ ...line, at: Number.MAX_SAFE_INTEGER }]
    tiles.files.set(INDEX_PATH, utf8(JSON.stringify({ v: 1, anchors })))
    const { faults, anchors: opened } = await check()
    expect(faults).toEqual([code('ANCHOR_REFUSED', { path: INDEX_PATH })])
    expect(opened.refused).toEqual([])
  })

  test('by somebody whom the reader did not name are no fault, and prove nothing', async () => {
    await anchor(1, 'b.example')
    const { faults, anchors } = await check()
    expect(faults).toEqual([])
    expect(anchors.refused).toMatchObject([{ isFault: false }])
    expect((await check({ required: true })).faults).toEqual([code('ANCHOR_MISSING', { path: INDEX_PATH })])
  })

  test('of another tree are strange: of another history, or of more entries than there are', async () => {
    const root = crypto.sha256(utf8('another history'))
    const forked = await anchor(
      1,
      'a.example',
      signCheckpoint(crypto, signer, { origin: ORIGIN, size: 1, root }),
    )
    const ahead = await anchor(
      2,
      'a.example',
      signCheckpoint(crypto, signer, { origin: ORIGIN, size: 99, root }),
    )
    expect((await check()).faults).toEqual(
      [forked, ahead].map((line) => code('ANCHOR_STRANGE', { path: fileOf(line) })),
    )
  })

  test('name the entry that is dated later than one that covers it, or earlier than one before it', async () => {
    grow(9)
    const covers = await anchor(1)
    entries.push(
      encodeEntry({
        v: 1,
        type: 'system.added',
        time: rfc3339(START - HOUR),
        actor,
        body: { name: 'dated back' },
      }),
    )
    publish()
    const outside = (await check()).faults.filter((fault) => fault.code === 'ANCHOR_OUTSIDE')
    expect(outside).toEqual([1, 3].map((index) => code('ANCHOR_OUTSIDE', { index, path: fileOf(covers) })))
  })

  test('that are made while the log is read are known', async () => {
    await anchor(1)
    expect((await check({}, whileAnchored(2))).faults).toEqual([])
    expect(openedSize()).toBe(3)
  })

  test('that the log names and the index does not list are unknown', async () => {
    await anchor(1)
    const before = tiles.files.get(INDEX_PATH)
    await anchor(2)
    if (before) tiles.files.set(INDEX_PATH, before)
    expect((await check()).faults).toEqual([code('ANCHOR_UNKNOWN', { index: 2, path: INDEX_PATH })])
  })

  describe('of entries that are dated back are found out, however the index is edited:', () => {
    /** A token of hour 30, and what the log appends from then on dated to hours 2 and 3. */
    async function datedBack(): Promise<IndexLine[]> {
      const lines = [await anchor(1), await anchor(30)]
      const { body } = decodeEntry(entries.pop()!) as AnyEntry & { type: 'log.anchored' }
      const time = rfc3339(START + 2 * HOUR)
      entries.push(encodeEntry({ v: 1, type: 'log.anchored', time, actor, body }))
      grow(3)
      return lines
    }
    const list = (anchors: readonly IndexLine[]): void =>
      void tiles.files.set(INDEX_PATH, utf8(JSON.stringify({ v: 1, anchors })))
    const unknown = (index: number) => code('ANCHOR_UNKNOWN', { index, path: INDEX_PATH })

    test('not at all', async () => {
      await datedBack()
      const codes = (await check()).faults.map((fault) => fault.code)
      expect(new Set(codes)).toEqual(new Set(['ANCHOR_OUTSIDE']))
    })

    test.each<[string, Partial<IndexLine>]>([
      ['another kind', { kind: 'mail' }],
      ['a witness whom the reader does not know', { by: 'b.example' }],
      ['another time', { at: 0 }],
      ['another size', { size: 1 }],
    ])('%s', async (_, change) => {
      const [first, line] = await datedBack()
      list([first!, { ...line!, ...change }])
      expect((await check()).faults).toContainEqual(unknown(2))
    })

    test('a line that is gone, all of them, and no index', async () => {
      const [first] = await datedBack()
      list([first!])
      expect((await check()).faults).toContainEqual(unknown(2))
      const all = [code('ANCHOR_UNKNOWN', { path: INDEX_PATH }), unknown(1)]
      list([])
      expect((await check()).faults).toEqual(all)
      tiles.files.delete(INDEX_PATH)
      expect((await check()).faults).toEqual(all)
    })

    test('a time that no date has', async () => {
      const [first, line] = await datedBack()
      list([first!, { ...line!, at: Number.MAX_SAFE_INTEGER }])
      expect((await check()).faults).toEqual([code('ANCHOR_REFUSED', { path: INDEX_PATH })])
    })
  })

  test('may share a token, and the log need not name each line', async () => {
    const line = await anchor(1)
    const anchors = [line, { ...line, kind: 'mail', by: 'auditor' }]
    tiles.files.set(INDEX_PATH, utf8(JSON.stringify({ v: 1, anchors })))
    expect((await check()).faults).toEqual([])
  })

  test('leave a gap when there is none for more than a day: a fault where they are required', async () => {
    await anchor(1)
    await anchor(30)
    grow(31)
    expect((await check()).faults).toEqual([])
    expect((await check({ required: true })).faults).toEqual([code('ANCHOR_GAP')])
    expect((await check({ required: true, end: 60 })).faults).toEqual([
      code('ANCHOR_GAP'),
      code('ANCHOR_GAP'),
    ])
  })
})

describe('an export of an anchored log', () => {
  const imprint = (): never => {
    throw new Error('there is no time stamp')
  }

  test('has the anchors too, and is left as it is when it is done again', async () => {
    for (const hours of [1, 20]) await anchor(hours)
    const copy = memoryTileStore()
    const first = await exportLog(crypto, tiles, copy, { vkey, imprint })
    expect([...copy.files.keys()].filter((path) => path.startsWith('anchor/'))).toHaveLength(3)
    const again = await exportLog(crypto, tiles, copy, { vkey, imprint })
    expect(again).toMatchObject({ files_written: 0, files_kept: first.files_written })
    tiles = copy
    expect((await check({ required: true })).faults).toEqual([])
  })

  test('has those that are made meanwhile, and none of a later tree', async () => {
    await anchor(1)
    const copy = memoryTileStore()
    const from = whileAnchored(2)
    const late: TileReader = {
      read: async (path) => {
        if (path === INDEX_PATH && openedSize() === 3) for (const hours of [3, 4]) await anchor(hours)
        return from.read(path)
      },
    }
    expect((await exportLog(crypto, late, copy, { vkey, imprint })).report.size).toBe(3)
    tiles = copy
    const { faults, anchors } = await check({ required: true })
    expect([faults, anchors.trusted.map(({ size }) => size)]).toEqual([[], [1, 2, 3]])
  })

  test('leaves out a file that is not what its name says, and stops when the log lost an anchor', async () => {
    const line = await anchor(1)
    const good = tiles.files.get(fileOf(line))
    tiles.files.set(fileOf(line), utf8('changed'))
    const copy = memoryTileStore()
    await exportLog(crypto, tiles, copy, { vkey, imprint })
    expect(copy.files.has(fileOf(line))).toBe(false)
    if (good) tiles.files.set(fileOf(line), good)
    await exportLog(crypto, tiles, copy, { vkey, imprint })
    expect(copy.files.get(fileOf(line))).toEqual(good)
    tiles.files.delete(INDEX_PATH)
    await expect(exportLog(crypto, tiles, copy, { vkey, imprint })).rejects.toThrowWithCode('LOG_DIVERGED')
  })
})
