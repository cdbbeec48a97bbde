/** Packs with something wrong in the archive, the files, the manifest or the tree. spec/pack.md, PCK-3. @module */
import { zipSync, type Zippable } from 'fflate'
import { describe, expect, test } from 'vitest'
import { ALICE, LogBuilder, ORIGIN, PERIOD } from '../../../test/fixtures/history.ts'
import { changedPack, flip, tamperedPacks, type Edit, type Files } from '../../../test/fixtures/tampered.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../core/encoding.ts'
import { canonicalize, type JsonValue } from '../../core/json.ts'
import { signCheckpoint } from '../../log/checkpoint.ts'
import { addCosignatures } from '../../log/cosignature.ts'
import { leafHash } from '../../log/merkle.ts'
import { formatVkey, noteKey } from '../../log/note.ts'
import { decodeBundle, encodeBundle, encodeHashes, TileBuilder } from '../../log/tiles.ts'
import { PackError } from '../errors.ts'
import { packTiles, readArchive, writeArchive } from '../pack/archive.ts'
import { buildPack } from '../pack/build.ts'
import type { Manifest } from '../pack/manifest.ts'
import { FAULTS_MAX } from './report.ts'
import { verifyPack } from './verify.ts'

const log = new LogBuilder().company()
const chain = log.root('bot')
const allowed = log.decide(chain)
log.outcome(allowed.action)
log.head()
const SIZE = log.entries.length
const honest = await log.pack(10)
const ENTRIES = `tile/entries/000.p/${SIZE}`
const HASHES = `tile/0/000.p/${SIZE}`

const changed = (...edit: [Edit, ((m: Manifest) => unknown)?, boolean?]): Uint8Array =>
  changedPack(log, honest, ...edit)

async function faultsOf(pack: Uint8Array, vkey = log.vkey): Promise<[string, string | number | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, pack, vkey)
  expect(report.ok).toBe(report.faults_n === 0)
  expect(report.checks.every(({ ok }) => ok)).toBe(report.ok)
  return report.faults.map(({ code, index, file }) => [code, file ?? index])
}

const none = (): void => undefined
/** Where entry `index` begins in the bundle, behind its length. */
function offsetOf(index: number): number {
  return log.entries.slice(0, index).reduce((sum, entry) => sum + entry.length + 2, 2)
}

test.each(tamperedPacks(log, honest))('$name is named', async ({ pack, code, file }) => {
  const named = await faultsOf(pack).catch((error: unknown) =>
    error instanceof PackError ? [[error.code, undefined]] : Promise.reject(error),
  )
  expect(named).toContainEqual([code, file])
})

describe('files', () => {
  test('the pack that is changed below is honest', async () => {
    expect(await faultsOf(honest)).toEqual([])
    expect(await faultsOf(changed(none))).toEqual([])
  })

  test('a byte that was changed is noticed by the manifest', async () => {
    const pack = changed((files) => flip(files, 'checkpoint', 0), undefined, false)
    expect(await faultsOf(pack)).toContainEqual(['FILE_CHANGED', 'checkpoint'])
  })

  test('a file too many is named, in the manifest or not', async () => {
    const add = (files: Files): void => void files.set('conclusion.txt', utf8('all good'))
    expect(await faultsOf(changed(add, undefined, false))).toEqual([['FILE_EXTRA', 'conclusion.txt']])
    expect(await faultsOf(changed(add))).toEqual([['FILE_EXTRA', 'conclusion.txt']])
  })

  test('a file of a pack that the manifest does not name is one too many', async () => {
    const name = 'populations/agents.jsonl'
    const forget = ({ files, ...m }: Manifest): unknown => ({
      ...m,
      files: Object.fromEntries(Object.entries(files).filter(([file]) => file !== name)),
    })
    expect(await faultsOf(changed(none, forget))).toEqual([['FILE_EXTRA', name]])
  })

  test('a missing one and a renamed one are named', async () => {
    const remove = (files: Files): void => void files.delete('populations/agents.jsonl')
    const missing = [
      ['FILE_MISSING', 'populations/agents.jsonl'],
      ['POPULATION_MISMATCH', 'populations/agents.jsonl'],
    ]
    expect(await faultsOf(changed(remove))).toEqual(missing)
    expect(await faultsOf(changed(remove, undefined, false))).toEqual(missing)
    const rename = (files: Files): void => {
      files.set('populations/bots.jsonl', files.get('populations/agents.jsonl')!)
      files.delete('populations/agents.jsonl')
    }
    expect(await faultsOf(changed(rename))).toEqual([['FILE_EXTRA', 'populations/bots.jsonl'], ...missing])
  })

  test.each([1e9, Number.MAX_SAFE_INTEGER])(
    'of a log that the manifest says is of %d entries are missed as far as a report goes',
    async (end) => {
      const pack = changed(none, (m) => ({ ...m, log: { ...m.log, end } }))
      const { report } = await verifyPack(nodeCrypto, pack, log.vkey)
      const missed = report.faults.filter(({ code }) => code === 'FILE_MISSING')
      expect([report.ok, missed.length > 0, report.faults_n < 2 * FAULTS_MAX]).toEqual([false, true, true])
    },
  )

  test('a start checkpoint that the manifest does not own up to is one too many', async () => {
    const pack = changed(none, (m) => ({
      ...m,
      log: { ...m.log, start: null },
      populations: m.populations.map((each) => ({ ...each, range: { ...each.range, start: null } })),
    }))
    expect(await faultsOf(pack)).toEqual([['FILE_EXTRA', 'checkpoint.start']])
  })

  test('populations that were swapped are not what the log gives', async () => {
    const [a, b] = ['populations/agents.jsonl', 'populations/decisions.jsonl'] as const
    const swap = (files: Files): void => {
      const kept = files.get(a)!
      files.set(a, files.get(b)!)
      files.set(b, kept)
    }
    expect(await faultsOf(changed(swap))).toEqual([
      ['POPULATION_MISMATCH', a],
      ['POPULATION_MISMATCH', b],
    ])
  })
})

describe('the tree', () => {
  test('an entry that was changed is named, though every digest was recomputed', async () => {
    for (const index of [0, 7, SIZE - 1]) {
      const pack = changed((files) => flip(files, ENTRIES, offsetOf(index) + 3))
      expect((await faultsOf(pack))[0]).toEqual(['ENTRY_CHANGED', ENTRIES])
      const { report } = await verifyPack(nodeCrypto, pack, log.vkey)
      expect(report.faults[0]).toMatchObject({ code: 'ENTRY_CHANGED', index })
    }
  })

  test('an entry that was deleted is named', async () => {
    const pack = changed((files) => {
      const entries = decodeBundle(files.get(ENTRIES)!, SIZE)
      files.set(ENTRIES, encodeBundle(entries.filter((_, i) => i !== 5)))
    })
    const { report } = await verifyPack(nodeCrypto, pack, log.vkey)
    expect(report.faults[0]).toMatchObject({ code: 'ENTRY_MISSING', index: 5 })
  })

  /** Everything rebuilt over other entries, but for the signature. */
  function rebuilt(entries: readonly Uint8Array[], note: (tree: TileBuilder) => Uint8Array): Uint8Array {
    const tree = new TileBuilder(nodeCrypto)
    for (const entry of entries) tree.append(leafHash(nodeCrypto, entry))
    const n = entries.length
    const rename = (m: Manifest): unknown => {
      return {
        ...m,
        log: { ...m.log, end: n },
        populations: m.populations.map((each) => ({ ...each, range: { ...each.range, end: n } })),
      }
    }
    return changed((files) => {
      for (const name of [ENTRIES, HASHES]) files.delete(name)
      files.set(`tile/entries/000.p/${n}`, encodeBundle(entries))
      files.set(`tile/0/000.p/${n}`, encodeHashes(tree.partials()[0]!.hashes))
      files.set('checkpoint', note(tree))
    }, rename)
  }

  test('an entry deleted with everything else recomputed does not reach the signed root', async () => {
    const entries = log.entries.filter((_, i) => i !== 20)
    const codes = (await faultsOf(rebuilt(entries, () => log.checkpointAt(SIZE)))).map(([code]) => code)
    expect(codes).toContain('CHECKPOINT_MISMATCH')
    expect(codes).toContain('TREE_INVALID')
  })

  test('nor one where something else was put in its place', async () => {
    const entries = log.entries.map((entry, i) => (i === 20 ? log.entries[1]! : entry))
    const [fault] = (
      await verifyPack(
        nodeCrypto,
        rebuilt(entries, () => log.checkpointAt(SIZE)),
        log.vkey,
      )
    ).report.faults
    expect(fault).toMatchObject({ code: 'TREE_INVALID', message: expect.stringContaining('ROOT_MISMATCH') })
  })

  test('a log that signed both trees is caught by the checkpoint that was held before', async () => {
    const entries = log.entries.map((entry, i) => (i === 4 ? Uint8Array.from(log.entries[6]!) : entry))
    const pack = rebuilt(entries, (tree) =>
      signCheckpoint(nodeCrypto, log.world.signer('log'), { origin: ORIGIN, size: SIZE, root: tree.root() }),
    )
    const { report } = await verifyPack(nodeCrypto, pack, log.vkey)
    expect(report.faults[0]).toMatchObject({
      code: 'TREE_INVALID',
      message: expect.stringContaining('START_MISMATCH'),
    })
  })

  test('an entry that the log signed and that is not one of its types is named', async () => {
    const entries = log.entries.map((entry, i) => (i === SIZE - 1 ? utf8('{"v":1}') : entry))
    const pack = rebuilt(entries, (tree) =>
      signCheckpoint(nodeCrypto, log.world.signer('log'), { origin: ORIGIN, size: SIZE, root: tree.root() }),
    )
    const { report } = await verifyPack(nodeCrypto, pack, log.vkey)
    expect(report.faults[0]).toMatchObject({ code: 'ENTRY_INVALID', index: SIZE - 1 })
    expect(report.checks.find(({ name }) => name.startsWith('every entry'))?.ok).toBe(false)
  })

  test('a hash tile that was changed is named', async () => {
    expect((await faultsOf(changed((files) => flip(files, HASHES, 40))))[0]).toEqual(['TREE_INVALID', HASHES])
  })
})

describe('checkpoints and the key', () => {
  test('a checkpoint of another period is not that of the manifest', async () => {
    const pack = changed((files) => files.set('checkpoint', log.checkpointAt(SIZE - 2)))
    expect((await faultsOf(pack))[0]).toEqual(['CHECKPOINT_MISMATCH', undefined])
    const start = changed((files) => files.set('checkpoint.start', log.checkpointAt(9)))
    expect(await faultsOf(start)).toContainEqual(['CHECKPOINT_MISMATCH', undefined])
  })

  test('a start checkpoint that is missing or larger than the end is not', async () => {
    const gone = changed((files) => files.delete('checkpoint.start'))
    expect(await faultsOf(gone)).toEqual([
      ['FILE_MISSING', 'checkpoint.start'],
      ['CHECKPOINT_MISMATCH', undefined],
    ])
    const larger = new LogBuilder().company()
    larger.root('bot')
    while (larger.entries.length <= SIZE)
      larger.add('system.added', { kind: 'system', id: 'x' }, null, { name: 'x' })
    const pack = changed(
      (files) => files.set('checkpoint.start', larger.checkpointAt(SIZE + 1)),
      (m) => ({ ...m, log: { ...m.log, start: SIZE + 1 } }),
    )
    expect(await faultsOf(pack)).toContainEqual(['CHECKPOINT_MISMATCH', undefined])
  })

  test('who else signed the end checkpoint is told by name, as what is not verified', async () => {
    const seen = async (...names: string[]): Promise<string[]> => {
      const published = await log.publish()
      const lines = names.map((name) => ({ name, id: '00000000', signature: new Uint8Array(72) }))
      const checkpoint = addCosignatures(published.checkpoint, lines)
      const pack = (await buildPack(nodeCrypto, { ...published, checkpoint, start: null }, PERIOD)).bytes
      const { report } = await verifyPack(nodeCrypto, pack, log.vkey)
      expect(report.faults).toEqual([])
      return report.not_checked.filter((each) => each.includes('end checkpoint'))
    }
    const what = 'that the end checkpoint was seen by anyone outside: it carries'
    expect(await seen()).toEqual([`${what} no cosignature`])
    expect(await seen('w1.example')).toEqual([
      `${what} 1 signature besides that of the log, by w1.example, which is not verified: no key of theirs is given`,
    ])
    const [many] = await seen(...Array.from({ length: 9 }, (_, n) => `w${n}.example`))
    expect(many).toContain('9 signatures')
    expect(many).toContain('w7.example, 1 more, which are not verified')
  })

  test('another key verifies nothing, and nothing more is claimed', async () => {
    const key = new LogBuilder().world.signer('not the log').publicJwk
    const { report } = await verifyPack(nodeCrypto, honest, formatVkey(noteKey(nodeCrypto, ORIGIN, key)))
    expect(report.faults.map(({ code, file }) => [code, file])).toEqual([
      ['CHECKPOINT_INVALID', 'checkpoint'],
      ['CHECKPOINT_INVALID', 'checkpoint.start'],
      ['CHECKPOINT_MISMATCH', undefined],
    ])
    expect(report).toMatchObject({ ok: false, entries: 0, allowed: 0, populations: {} })
    expect(report.not_checked[0]).toMatch(/^everything behind the checkpoint/)
    await expect(verifyPack(nodeCrypto, honest, 'not a key')).rejects.toThrowWithCode('VKEY_INVALID')
  })
})

describe('the manifest', () => {
  const pop = (edit: (each: Manifest['populations'][number]) => object) => (m: Manifest) => ({
    ...m,
    populations: m.populations.map((each) => (each.name === 'decisions' ? { ...each, ...edit(each) } : each)),
  })
  const bad = 'populations/decisions.jsonl'

  test.each<[string, (m: Manifest) => unknown, [string, string | undefined]]>([
    ['another origin', (m) => ({ ...m, origin: 'log.example/other' }), ['CHECKPOINT_MISMATCH', undefined]],
    [
      'that nothing is simulated',
      (m) => ({ ...m, simulated: false }),
      ['MANIFEST_MISMATCH', 'manifest.json'],
    ],
    ['another definition', pop(() => ({ definition: 'Every decision.' })), ['POPULATION_MISMATCH', bad]],
    ['another query', pop(() => ({ query: 'all' })), ['POPULATION_MISMATCH', bad]],
    ['another count', pop(({ count }) => ({ count: count + 1 })), ['POPULATION_MISMATCH', bad]],
    ['another digest', pop(() => ({ sha256: '0'.repeat(64) })), ['POPULATION_MISMATCH', bad]],
    ['another file', pop(() => ({ file: 'populations/agents.jsonl' })), ['POPULATION_MISMATCH', bad]],
    ['another range', pop(({ range }) => ({ range: { ...range, end: 3 } })), ['POPULATION_MISMATCH', bad]],
    [
      'another period of one',
      pop(({ period }) => ({ period: { ...period, to: period.from } })),
      ['POPULATION_MISMATCH', bad],
    ],
    [
      'no such population',
      (m) => ({ ...m, populations: m.populations.filter(({ name }) => name !== 'decisions') }),
      ['POPULATION_MISMATCH', bad],
    ],
    [
      'one twice',
      (m) => ({ ...m, populations: [...m.populations, m.populations[2]!] }),
      ['POPULATION_MISMATCH', bad],
    ],
    [
      'one that we do not know',
      (m) => ({ ...m, populations: [...m.populations, { ...m.populations[0]!, name: 'x', file: 'x' }] }),
      ['POPULATION_MISMATCH', 'x'],
    ],
  ])('that claims %s', async (_, edit, fault) => {
    expect(await faultsOf(changed(none, edit))).toEqual([fault])
  })

  test('that claims a period that ends before it starts', async () => {
    const pack = changed(none, (m) => ({ ...m, period: { from: m.period.to, to: m.period.from } }))
    expect(await faultsOf(pack)).toContainEqual(['MANIFEST_MISMATCH', 'manifest.json'])
  })

  test.each<[string, (m: Manifest) => unknown, RegExp]>([
    ['has a member that we do not know', (m) => ({ ...m, opinion: 'unqualified' }), /schema/],
    ['has a population that claims more than we know', pop(() => ({ reconciled: true })), /schema/],
  ])('that %s is refused', async (_, edit, message) => {
    await expect(verifyPack(nodeCrypto, changed(none, edit), log.vkey)).rejects.toMatchObject({
      code: 'PACK_MANIFEST_INVALID',
      message: expect.stringMatching(message),
    })
  })

  test('that is newer is refused, with what to do', async () => {
    const newer = changed(none, (m) => ({ ...m, v: 2 }))
    await expect(verifyPack(nodeCrypto, newer, log.vkey)).rejects.toMatchObject({
      code: 'PACK_NEWER',
      message: expect.stringMatching(/version 2.*newer verifier/),
    })
  })

  test('that is missing or is not strict JSON is refused', async () => {
    const files = new Map(readArchive(honest))
    files.set('manifest.json', utf8('{"v":1,"v":1}'))
    await expect(verifyPack(nodeCrypto, writeArchive(files), log.vkey)).rejects.toThrowWithCode(
      'PACK_MANIFEST_INVALID',
    )
    files.delete('manifest.json')
    await expect(verifyPack(nodeCrypto, writeArchive(files), log.vkey)).rejects.toThrowWithCode(
      'PACK_FILE_MISSING',
    )
  })
})

describe('the archive', () => {
  const zip = (files: Record<string, Uint8Array>, level: 0 | 6 = 6): Uint8Array => {
    const entries: Zippable = {}
    for (const [name, bytes] of Object.entries(files)) entries[name] = [bytes, { level }]
    return zipSync(entries)
  }
  const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const directory = (bytes: Uint8Array): number => view(bytes).getUint32(bytes.length - 6, true)
  const answer = (bytes: Uint8Array): string => {
    try {
      return `read ${readArchive(bytes).size} files`
    } catch (error) {
      return error instanceof PackError ? error.code : String(error)
    }
  }
  const one = (): Uint8Array => zip({ a: utf8('hello hello hello hello hello') })
  const patched = (patch: (v: DataView, central: number) => void, make = one): Uint8Array => {
    const bytes = make()
    patch(view(bytes), directory(bytes))
    return bytes
  }

  test('gives back what was written, whatever its method', () => {
    const files = {
      a: utf8('x'.repeat(100_000)),
      'b/c': new Uint8Array(0),
      d: nodeCrypto.randomBytes(50_000),
    }
    for (const level of [0, 6] as const) {
      expect(Object.fromEntries(readArchive(zip(files, level)))).toEqual(files)
    }
    expect(Object.fromEntries(readArchive(writeArchive(new Map(Object.entries(files)))))).toEqual(files)
  })

  test.each([
    '../a',
    '/a',
    'a/../b',
    'a\\b',
    'C:a',
    'a//b',
    'a/',
    '',
    '.a',
    'A',
    'a\0',
    'é',
    '__proto__',
    'x'.repeat(257),
  ])('refuses the name %j', (name) => expect(answer(zip({ [name]: utf8('x') }))).toBe('PACK_ARCHIVE_INVALID'))

  test('refuses a name that is not UTF-8', () => {
    expect(answer(patched((v, at) => (v.setUint8(at + 46, 0xff), v.setUint8(30, 0xff))))).toBe(
      'PACK_ARCHIVE_INVALID',
    )
  })

  test('refuses a name that is there twice', () => {
    const two = (): Uint8Array => zip({ a: utf8('x'), b: utf8('y') })
    expect(
      answer(
        patched(
          (v, at) => (v.setUint8(at + 47 + 46, 0x61), v.setUint8(v.getUint32(at + 47 + 42, true) + 30, 0x61)),
          two,
        ),
      ),
    ).toBe('PACK_ARCHIVE_INVALID')
  })

  test('refuses what is cut anywhere, and what is not a ZIP', () => {
    for (let length = 0; length < honest.length; length += 97)
      expect(answer(honest.subarray(0, length))).toBe('PACK_ARCHIVE_INVALID')
    expect(answer(honest.subarray(0, -1))).toBe('PACK_ARCHIVE_INVALID')
    expect(answer(honest.subarray(1))).toBe('PACK_ARCHIVE_INVALID')
    expect(answer(utf8('hello'.repeat(100)))).toBe('PACK_ARCHIVE_INVALID')
  })

  test.each<[string, (v: DataView, central: number) => void]>([
    ['a size that is too small', (v, at) => v.setUint32(at + 24, 5, true)],
    ['a size that is too large', (v, at) => v.setUint32(at + 24, 40, true)],
    ['another checksum', (v, at) => v.setUint32(at + 16, 1, true)],
    ['an encrypted file', (v, at) => v.setUint16(at + 8, 1, true)],
    ['an unknown method', (v, at) => v.setUint16(at + 10, 12, true)],
    ['another method in the local header', (v) => v.setUint16(8, 0, true)],
    ['another name in the local header', (v) => v.setUint8(30, 0x62)],
    ['another size in the local header', (v) => v.setUint32(22, 5, true)],
    ['another checksum in the local header', (v) => v.setUint32(14, 1, true)],
    ['sizes that come behind the file', (v, at) => (v.setUint16(at + 8, 8, true), v.setUint16(6, 8, true))],
    ['a local header elsewhere', (v, at) => v.setUint32(at + 42, 4, true)],
    ['a local header out of bounds', (v, at) => v.setUint32(at + 42, 0x7fffffff, true)],
    [
      'compressed bytes that reach into the directory',
      (v, at) => v.setUint32(at + 20, v.getUint32(at + 20, true) + 1, true),
    ],
    ['a deflate stream that is broken', (v) => v.setUint8(31, 0xff)],
    ['a directory that ends early', (v, at) => v.setUint16(at + 30, 1, true)],
    ['a directory with another signature', (v, at) => v.setUint32(at, 0, true)],
    ['several parts', (v) => v.setUint16(v.byteLength - 18, 1, true)],
    ['two counts', (v) => v.setUint16(v.byteLength - 14, 2, true)],
    ['a comment', (v) => v.setUint16(v.byteLength - 2, 1, true)],
  ])('refuses %s', (_, patch) => expect(answer(patched(patch))).toBe('PACK_ARCHIVE_INVALID'))

  test('refuses files that overlap', () => {
    const inner = zip({ b: utf8('x') }, 0)
    const nested = (): Uint8Array => zip({ a: inner.subarray(0, directory(inner)), b: utf8('x') }, 0)
    const overlap = patched((v, at) => v.setUint32(at + 47 + 42, 31, true), nested)
    expect(answer(nested())).toBe('read 2 files')
    expect(answer(overlap)).toBe('PACK_ARCHIVE_INVALID')
  })

  test('refuses a file between those of the directory, which a reader that goes through from the start would unpack', () => {
    const two = zip({ a: utf8('hidden'), b: utf8('x') }, 0)
    const at = directory(two)
    const second = at + 47
    const bytes = new Uint8Array([...two.subarray(0, at), ...two.subarray(second)])
    const v = view(bytes)
    for (const place of [bytes.length - 14, bytes.length - 12]) v.setUint16(place, 1, true)
    expect(answer(two)).toBe('read 2 files')
    expect(answer(bytes)).toBe('PACK_ARCHIVE_INVALID')
  })

  test('refuses bytes between the last file and the directory', () => {
    const honestly = one()
    const at = directory(honestly)
    const bytes = new Uint8Array([...honestly.subarray(0, at), 0, ...honestly.subarray(at)])
    view(bytes).setUint32(bytes.length - 6, at + 1, true)
    expect(answer(bytes)).toBe('PACK_ARCHIVE_INVALID')
  })

  test('refuses an extra field, which may hold another name for who unpacks it', () => {
    const entries: Zippable = { a: [utf8('x'), { level: 0, extra: { 0x7075: utf8('\u0001\0\0\0\0b') } }] }
    expect(answer(zipSync(entries))).toBe('PACK_ARCHIVE_INVALID')
  })

  test('refuses what is a link where it is unpacked', () => {
    const entries: Zippable = { a: [utf8('/etc/hosts'), { level: 0, os: 3, attrs: 0o120777 << 16 }] }
    expect(answer(zipSync(entries))).toBe('PACK_ARCHIVE_INVALID')
  })

  test('refuses a small archive that claims more than it can unpack to, without taking the memory', () => {
    const before = process.memoryUsage().arrayBuffers
    expect(answer(patched((v, at) => v.setUint32(at + 24, 0x7fffffff, true)))).toBe('PACK_ARCHIVE_INVALID')
    const three = (): Uint8Array =>
      zip({ a: new Uint8Array(64), b: new Uint8Array(64), c: new Uint8Array(64) }, 0)
    expect(
      answer(
        patched((v, at) => {
          for (const n of [0, 1, 2]) {
            v.setUint32(at + n * 47 + 24, 0x7fffffff, true)
            v.setUint32(at + n * 47 + 20, 0x7fffffff, true)
          }
        }, three),
      ),
    ).toBe('PACK_TOO_LARGE')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })

  test('a bomb that lies about its size is stopped at that size', () => {
    const bomb = (): Uint8Array => zip({ a: new Uint8Array(64 * 1024 * 1024) })
    expect(answer(patched((v, at) => v.setUint32(at + 24, 1000, true), bomb))).toBe('PACK_ARCHIVE_INVALID')
    expect(bomb().length).toBeLessThan(100_000)
  })

  test('more files than a ZIP can count are not written', () => {
    const files: Files = new Map(Array.from({ length: 65_535 }, (_, i) => [`f${i}`, new Uint8Array(0)]))
    expect(() => writeArchive(files)).toThrowWithCode('PACK_TOO_LARGE')
    expect(
      answer(
        patched(
          (v) => (v.setUint16(v.byteLength - 12, 65_535, true), v.setUint16(v.byteLength - 14, 65_535, true)),
        ),
      ),
    ).toBe('PACK_TOO_LARGE')
  })

  test('is never written to', async () => {
    await expect(packTiles(new Map()).write('a', new Uint8Array(0))).rejects.toThrowWithCode(
      'PACK_ARCHIVE_INVALID',
    )
  })
})

test('faults beyond a hundred are counted, not listed', async () => {
  const many = new LogBuilder().begin()
  for (let i = 0; i < 130; i++)
    many.add('key.created', { kind: 'system', id: 'x' }, null, {
      use: 'issuer',
      kid: log.streams.get('gate')!.hash,
      jwk: many.world.signer(ALICE).publicJwk,
    })
  const { report } = await verifyPack(nodeCrypto, await many.pack(), many.vkey)
  expect(report.faults_n).toBe(260) // the signature, which is not by the last key; a key that is not the one it is called, and but for the first one that was there before
  expect(report.faults).toHaveLength(100)
  expect(canonicalize(report.faults[99] as unknown as JsonValue)).toContain('KEY_MISMATCH')
})
