/** Backup, restore and their test against a control plane that runs meanwhile. spec/backup.md. */
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readManifest } from '../../apps/cli/backup/manifest.ts'
import { restoreBackup } from '../../apps/cli/backup/restore.ts'
import { takeBackup } from '../../apps/cli/backup/take.ts'
import { verifyBackup } from '../../apps/cli/backup/verify.ts'
import { addSystem, enroll } from '../../apps/cli/operator.ts'
import { openProfile, saveProfile, type Profile } from '../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { verifyTree } from '../../src/log/reader.ts'
import { CLI } from './stage.ts'

let folder: string
let data: string
let server: RunningServer
let ann: Profile
let n = 0
const now = (): number => Date.now()
const fresh = (name: string): string => join(folder, `${name}-${n++}`)
const take = (to = fresh('backup'), keys = false) => takeBackup({ data, to, keys, vault: false, now })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-backup-'))
  data = join(folder, 'control-plane')
  server = await createServer({ dataDir: data })
  const file = await enroll(server.url, server.bootstrapSecret ?? '', 'Ann')
  await saveProfile(join(folder, 'profile'), file)
  ann = openProfile(file)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What outlives the database, in a folder that is restored into. */
function keep(name: string, to: string): void {
  cpSync(join(data, name), join(to, name), { recursive: true })
}

async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  const run = promisify(execFile)(process.execPath, [CLI, '--json', ...args])
  return run.then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (cause: { code: number; stdout: string }) => ({ code: cause.code, out: cause.stdout }),
  )
}

/** Until the log has published everything that was written. */
async function settled(): Promise<void> {
  for (;;) {
    const { size } = (await ann.client.get('/v1/entries?limit=1')) as { size: number }
    const note = await fsTileStore(join(data, 'log')).read('checkpoint')
    if (note !== null && openCheckpoint(nodeCrypto, note, server.vkey).size === size) return
  }
}

describe('a backup', () => {
  test('that is taken under load is one committed state that extends its checkpoint', async () => {
    const under = Promise.withResolvers<void>()
    const load = { stopped: false, written: 0 }
    const writing = (async () => {
      for (; !load.stopped; load.written++) {
        await addSystem(ann, `system ${load.written}`)
        if (load.written === 20) under.resolve()
      }
    })()
    await under.promise
    const to = fresh('backup')
    const manifest = await take(to)
    const later = load.written
    load.stopped = true
    await writing
    expect(manifest.entries).toBeGreaterThanOrEqual(manifest.log.size)
    expect(later).toBeGreaterThan(20) // it went on meanwhile
    expect(await verifyBackup(to, server.vkey)).toEqual(manifest)
    expect(statSync(join(to, 'countersign.db')).mode & 0o777).toBe(0o600)
    expect(readdirSync(to).sort()).toEqual(['countersign.db', 'log', 'manifest.json'])
    // Also what was written since the checkpoint is signed: by a later one.
    const restored = await restoreBackup({ backup: to, data: fresh('data'), key: server.vkey, now })
    expect(restored.manifest).toEqual(manifest)
  })

  test('is never written over something else', async () => {
    const to = fresh('backup')
    await take(to)
    await expect(take(to)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' })
  })

  test('holds no private key in the clear', async () => {
    await expect(take(fresh('backup'), true)).rejects.toMatchObject({ code: 'BACKUP_KEYS_PLAIN' })
  })

  test.each(['countersign.db', 'log/checkpoint', 'log/tile/0/000.p/1', 'log/tile/entries/000'])(
    'with a changed %s is refused, by name',
    async (name) => {
      const to = fresh('backup')
      const { files } = await take(to)
      const path = files.find((file) => file.path.startsWith(name.replace(/\.p.*/, '')))?.path ?? ''
      const bytes = readFileSync(join(to, path))
      bytes[bytes.length >> 1]! ^= 1
      writeFileSync(join(to, path), bytes)
      await expect(restoreBackup({ backup: to, data: fresh('data'), now })).rejects.toMatchObject({
        code: 'BACKUP_INVALID',
        message: expect.stringContaining(path),
      })
    },
  )

  test('that was not finished is none', async () => {
    const to = fresh('backup')
    await take(to)
    rmSync(join(to, 'manifest.json'))
    await expect(restoreBackup({ backup: to, data: fresh('data'), now })).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
    })
    await expect(readManifest(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
  })

  test('that agrees with itself and not with the signature is refused', async () => {
    const to = fresh('backup')
    await take(to)
    const other = server.vkey.replace(/^[^+]+/, 'other.example')
    await expect(verifyBackup(to, other)).rejects.toMatchObject({ code: expect.stringMatching(/INVALID$/) })
  })
})

describe('a restore', () => {
  let backup: string
  beforeEach(async () => {
    await settled()
    backup = fresh('backup')
    await take(backup)
  })

  test('gives a control plane that goes on, and every old checkpoint is still one of its log', async () => {
    const to = fresh('data')
    const old = await fsTileStore(join(data, 'log')).read('checkpoint')
    keep('keys', to)
    keep('vault.db', to)
    cpSync(join(data, 'lock', 'last-checkpoint'), join(to, 'lock', 'last-checkpoint'))
    const restored = await restoreBackup({ backup, data: to, key: server.vkey, now })
    expect(restored).toMatchObject({ anchored: true, keys: true })
    const again = await createServer({ dataDir: to })
    expect(again.vkey).toBe(server.vkey)
    await again.close()
    const tiles = fsTileStore(join(to, 'log'))
    const start = openCheckpoint(nodeCrypto, old!, server.vkey)
    const end = openCheckpoint(nodeCrypto, (await tiles.read('checkpoint'))!, server.vkey)
    expect(await verifyTree(nodeCrypto, tiles, end, { start })).toMatchObject({ ok: true })
  })

  test('without a word from outside starts too, and says that nothing told it how far the log was signed', async () => {
    const to = fresh('data')
    keep('keys', to)
    keep('vault.db', to)
    expect(await restoreBackup({ backup, data: to, now })).toMatchObject({ anchored: false })
    await (await createServer({ dataDir: to })).close()
  })

  test('refuses a backup older than what the lock store or a kept checkpoint signs', async () => {
    await addSystem(ann, `later ${n}`)
    await settled()
    const last = join(data, 'lock', 'last-checkpoint')
    const to = fresh('data')
    const refused = { code: 'LOG_DIVERGED', message: expect.stringContaining('Restore a newer backup') }
    await expect(restoreBackup({ backup, data: to, checkpoint: last, now })).rejects.toMatchObject(refused)
    cpSync(last, join(to, 'lock', 'last-checkpoint'))
    await expect(restoreBackup({ backup, data: to, now })).rejects.toMatchObject(refused)
    expect(existsSync(join(to, 'countersign.db'))).toBe(false)
    const { code, out } = await cli('restore', backup, '--data', fresh('data'), '--checkpoint', last)
    expect([code, JSON.parse(out).error.code]).toEqual([1, 'LOG_DIVERGED'])
  })

  test('goes into no folder that holds a database or a log', async () => {
    await expect(restoreBackup({ backup, data, now })).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' })
  })
})

describe('a test of a backup', () => {
  const profile = (): string[] => ['--profile', join(folder, 'profile')]

  test('is recorded by the control plane, with the root that it restores to', async () => {
    const to = fresh('backup')
    const { code } = await cli('backup', to, '--data', data)
    expect(code).toBe(0)
    const tested = await cli(...profile(), 'backup', 'test', to)
    const said = JSON.parse(tested.out)
    expect([tested.code, said.ok]).toEqual([0, true])
    const { entries } = (await ann.client.get(`/v1/entries?after=${said.entry - 1}&limit=1`)) as {
      entries: { entry: { type: string; body: object } }[]
    }
    const { log, taken_at } = await readManifest(to)
    expect(entries[0]?.entry).toMatchObject({ type: 'restore.tested', body: { ...log, taken_at, ok: true } })
  })

  test('that fails is recorded as failed, and ends with exit code 1', async () => {
    const to = fresh('backup')
    await take(to)
    writeFileSync(join(to, 'countersign.db'), 'gone')
    const { code, out } = await cli(...profile(), 'backup', 'test', to)
    expect([code, JSON.parse(out)]).toMatchObject([1, { ok: false, fault: { code: 'BACKUP_INVALID' } }])
    expect(JSON.parse(out).entry).toBeGreaterThan(0)
  })

  test('of another log is not taken as one of this', async () => {
    const claim = { size: 1, root: 'A'.repeat(43), taken_at: '2026-03-01T09:30:00.000Z', ok: true }
    await expect(ann.client.post('/v1/backups/tests', claim)).rejects.toMatchObject({
      remote: 'STATE_CONFLICT',
    })
  })

  test('without a profile is printed', async () => {
    const to = fresh('backup')
    await take(to)
    const { code, out } = await cli('--profile', join(folder, 'nobody'), 'backup', 'test', to)
    expect([code, JSON.parse(out).entry]).toEqual([0, null])
  })
})

test('encrypted keys come along when asked for', async () => {
  const own = fresh('control-plane')
  const locked = await createServer({ dataDir: own, passphrase: 'correct horse battery staple' })
  const to = fresh('backup')
  const { files } = await takeBackup({ data: own, to, keys: true, vault: false, now })
  await locked.close()
  expect(files.map(({ path }) => path).filter((path) => path.startsWith('keys/'))).toHaveLength(4)
  const restored = fresh('data')
  cpSync(join(own, 'vault.db'), join(restored, 'vault.db'))
  expect(await restoreBackup({ backup: to, data: restored, now })).toMatchObject({ keys: true })
  const again = await createServer({ dataDir: restored, passphrase: 'correct horse battery staple' })
  expect(again.vkey).toBe(locked.vkey)
  await again.close()
})
