import { describe, expect, test } from 'vitest'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { publishEntries } from '../../test/fixtures/published.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../core/time.ts'
import { signCheckpoint } from './checkpoint.ts'
import { encodeEntry } from './entries.ts'
import { exportLog } from './export.ts'
import { formatVkey, noteKey } from './note.ts'
import { verifyLog } from './verify.ts'

const ORIGIN = 'log.example/export'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))

function logOf(size: number, name = 'system'): MemoryTileStore {
  const store = memoryTileStore()
  const actor = { kind: 'system' as const, id: 'control-plane' }
  const entries = Array.from({ length: size }, (_, i) =>
    encodeEntry({ v: 1, type: 'system.added', time: rfc3339(i), actor, body: { name: `${name} ${i}` } }),
  )
  publishEntries(entries, signer, ORIGIN, (path, bytes) => void store.files.set(path, bytes))
  return store
}

const SOURCE = logOf(600)

describe('an exported log', () => {
  test('has the files of the log and no others, and verifies', async () => {
    const copy = memoryTileStore()
    const { report, ...files } = await exportLog(crypto, SOURCE, copy, { vkey })
    expect(report).toMatchObject({ ok: true, size: 600 })
    expect(files).toEqual({ files_written: SOURCE.files.size - 1, files_kept: 0 })
    expect(copy.files).toEqual(SOURCE.files)
  })

  test('is left as it is when it is exported again, and grows with the log', async () => {
    const copy = memoryTileStore()
    await exportLog(crypto, logOf(300), copy, { vkey })
    const again = await exportLog(crypto, logOf(300), copy, { vkey })
    expect(again).toMatchObject({ files_written: 0 })
    const grown = await exportLog(crypto, SOURCE, copy, { vkey })
    expect(grown.report.ok).toBe(true)
    expect(await verifyLog(crypto, copy, { vkey })).toMatchObject({ ok: true, size: 600 })
  })

  test('has no checkpoint while files are missing, and goes on where it stopped', async () => {
    const copy = memoryTileStore()
    const broken = memoryTileStore()
    for (const [path, bytes] of SOURCE.files) if (path !== 'tile/entries/001') broken.files.set(path, bytes)
    await expect(exportLog(crypto, broken, copy, { vkey })).rejects.toThrowWithCode('TILE_MISSING')
    expect(copy.files.has('checkpoint')).toBe(false)
    const kept = copy.files.size
    expect(kept).toBeGreaterThan(0)
    const rest = await exportLog(crypto, SOURCE, copy, { vkey })
    expect(rest).toMatchObject({ report: { ok: true }, files_kept: kept })
  })

  test('gets no checkpoint over a file that is damaged, in the source or in the copy, and says which', async () => {
    for (const where of ['source', 'copy']) {
      const [source, copy] = [memoryTileStore(), memoryTileStore()]
      for (const [path, bytes] of SOURCE.files) source.files.set(path, bytes)
      const bytes = SOURCE.files.get('tile/entries/001')!
      const damaged = where === 'source' ? source : copy
      damaged.files.set('tile/entries/001', bytes.with(40, bytes[40]! ^ 1))
      const { report } = await exportLog(crypto, source, copy, { vkey })
      expect(report.faults).toMatchObject([{ code: 'ENTRY_CHANGED', index: 256, path: 'tile/entries/001' }])
      expect(copy.files.has('checkpoint')).toBe(false)
    }
  })

  test('of a size that nobody could hold ends at the first file that is not there', async () => {
    const root = new Uint8Array(32)
    const [source, copy] = [memoryTileStore(), memoryTileStore()]
    source.files.set('checkpoint', signCheckpoint(crypto, signer, { origin: ORIGIN, size: 2 ** 52, root }))
    await expect(exportLog(crypto, source, copy, { vkey })).rejects.toThrowWithCode('TILE_MISSING')
    expect(copy.files.size).toBe(0)
  })

  test('takes partial tiles from full ones, when the log has dropped them', async () => {
    const grown = logOf(600)
    for (const path of ['checkpoint', 'tile/1/000.p/1']) grown.files.set(path, logOf(300).files.get(path)!)
    const copy = memoryTileStore()
    expect((await exportLog(crypto, grown, copy, { vkey })).report).toMatchObject({ ok: true, size: 300 })
    expect(copy.files.has('tile/entries/001.p/44')).toBe(true)
  })

  test('is not put over a later one, a fork, or another log', async () => {
    const copy = memoryTileStore()
    await exportLog(crypto, SOURCE, copy, { vkey })
    await expect(exportLog(crypto, logOf(300), copy, { vkey })).rejects.toThrowWithCode('LOG_DIVERGED')
    const fork = await exportLog(crypto, logOf(900, 'forked'), copy, { vkey })
    expect(fork.report.ok).toBe(false)
    expect(copy.files.get('checkpoint')).toEqual(SOURCE.files.get('checkpoint'))
    const other = crypto.signer(crypto.generateKey('Ed25519')).publicJwk
    const key = formatVkey(noteKey(crypto, ORIGIN, other))
    await expect(exportLog(crypto, SOURCE, memoryTileStore(), { vkey: key })).rejects.toThrowWithCode(
      'NOTE_INVALID',
    )
    await expect(exportLog(crypto, memoryTileStore(), copy, { vkey })).rejects.toThrowWithCode('TILE_MISSING')
  })
})
