/**
 * A second verifier of packs, in Python and written from spec/ alone, agrees on a good pack and names the fault of bad
 * ones. spec/pack.md
 * @module
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeBundle, encodeBundle } from '../../src/log/tiles.ts'
import { LogBuilder } from '../fixtures/history.ts'
import { changedPack, editedPack, strangersKey, tamperedPacks } from '../fixtures/tampered.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const needed = { python3: ['--version'], openssl: ['version'] }
const missing = Object.entries(needed)
  .filter(([command, question]) => spawnSync(command, question).status !== 0)
  .map(([command]) => command)
const onlyWith = missing.length === 0 ? '' : ` (skipped: no ${missing.join(' and no ')} on this machine)`

const log = new LogBuilder().company()
const chain = log.root('bot')
const allowed = log.decide(chain)
log.outcome(allowed.action)
log.decide(chain, { decision: 'deny' })
log.head()
log.revoke('delegation', chain.jti)
const honest = await log.pack(10)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interop-pack-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function verified(pack: Uint8Array, key = log.vkey): Promise<{ ok: boolean; lines: string[] }> {
  const file = join(folder, 'pack.zip')
  await writeFile(file, pack)
  return new Promise((resolve) => {
    execFile(
      'python3',
      ['test/interop/pack.py', file, '--key', key],
      { cwd: root },
      (error, stdout, stderr) => {
        expect(stderr).toBe('')
        resolve({ ok: error === null, lines: stdout.trimEnd().split('\n') })
      },
    )
  })
}

/** Written again without some of its entries or with others, digests made good and signed by the log's own issuer. */
function rebundled(edit: (entries: readonly Uint8Array[]) => readonly Uint8Array[]): Uint8Array {
  const size = log.entries.length
  return changedPack(log, honest, (files) => {
    const path = `tile/entries/000.p/${size}`
    files.set(path, encodeBundle(edit(decodeBundle(files.get(path) ?? new Uint8Array(), size))))
  })
}

describe.skipIf(missing.length > 0)(`a verifier of packs in Python${onlyWith}`, { timeout: 120_000 }, () => {
  test('agrees on a good pack', async () => {
    const { ok, lines } = await verified(honest)
    expect(lines.at(-1)).toBe('all of this holds')
    expect(ok).toBe(true)
    expect(lines).toContain(`ok every entry hashes up to the signed root (${log.entries.length})`)
    expect(lines).toContain('ok receipts are gapless, chained and signed (3)')
    expect(lines).toContain('ok every allow has a chain that verifies as of it (1)')
    expect(lines).toContain('ok populations recompute: agents, delegations, decisions, revocations (4)')
  })

  test('names an entry that was edited, and one that was dropped', async () => {
    const at = log.entries.length - 3
    const edited = rebundled((entries) =>
      entries.map((entry, i) =>
        i === at ? Buffer.from(Buffer.from(entry).toString().replace('"v":1', '"v":2')) : entry,
      ),
    )
    const gone = rebundled((entries) => entries.toSpliced(at, 1))
    expect((await verified(edited)).lines.at(-1)).toMatch(
      new RegExp(`^FAIL ENTRY_(CHANGED|INVALID): entry ${at}`),
    )
    expect((await verified(gone)).lines.at(-1)).toMatch(/^FAIL ENTRY_(CHANGED|MISSING): entry/)
  })

  test('names a receipt that the log itself left out', async () => {
    const dropped = new LogBuilder('dropped').company()
    const own = dropped.root('bot')
    dropped.decide(own, { decision: 'deny' })
    const before = dropped.entries.length
    dropped.decide(own, { decision: 'deny' })
    dropped.decide(own, { decision: 'deny' })
    dropped.head()
    dropped.entries.splice(before, 1)
    expect((await verified(await dropped.pack(), dropped.vkey)).lines.at(-1)).toMatch(
      /^FAIL RECEIPT_GAP: entry/,
    )
  })

  test.each(tamperedPacks(log, honest))('names $name', async ({ pack, code, file }) => {
    const { ok, lines } = await verified(pack)
    expect(ok).toBe(false)
    expect(lines.at(-1)).toMatch(new RegExp(`^FAIL ${code}: `))
    if (file !== undefined) expect(code.startsWith('MANIFEST') || lines.at(-1)?.includes(file)).toBe(true)
  })

  test('names a key that is not the log’s, and a file that is no pack', async () => {
    expect((await verified(honest, strangersKey(log))).lines.at(-1)).toMatch(/^FAIL CHECKPOINT_INVALID/)
    expect((await verified(honest, 'no key')).lines.at(-1)).toMatch(/^FAIL VKEY_INVALID/)
    expect((await verified(new Uint8Array(100))).lines.at(-1)).toMatch(/^FAIL PACK_ARCHIVE_INVALID/)
    const empty = editedPack(honest, (files) => files.clear())
    expect((await verified(empty)).lines.at(-1)).toMatch(/^FAIL PACK_FILE_MISSING/)
  })
})
