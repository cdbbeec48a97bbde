/** Backups that somebody changed and made agree with themselves again: nobody signs a manifest. spec/backup.md (BAK-3, BAK-5). */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeFile, readManifest, type BackupManifest } from '../../apps/cli/backup/manifest.ts'
import { restoreBackup } from '../../apps/cli/backup/restore.ts'
import { takeBackup } from '../../apps/cli/backup/take.ts'
import { TestServer } from '../../apps/server/harness.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { until } from '../fixtures/processes.ts'

const server = new TestServer()
const folder = mkdtempSync(join(tmpdir(), 'countersign-backup-tampered-'))
const taken = join(folder, 'taken')
const now = (): number => Date.now()
let backup: string
let to: string
let n = 0

beforeAll(async () => {
  await server.start()
  const ann = await server.enrol(server.bootstrapSecret)
  const { size } = (await ann.api.get('/v1/entries?limit=1')).json
  await until('all of it is signed', async () => (await signed()) === size)
  await takeBackup({ data: server.dataDir, to: taken, keys: false, vault: false, now })
})
beforeEach(() => {
  backup = join(folder, `backup-${n}`)
  to = join(folder, `data-${n++}`)
  cpSync(taken, backup, { recursive: true })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.remove()
})

const restore = () => restoreBackup({ backup, data: to, key: server.running.vkey, now })

async function signed(): Promise<number> {
  const note = await fsTileStore(join(server.dataDir, 'log')).read('checkpoint')
  return note === null ? 0 : openCheckpoint(nodeCrypto, note, server.running.vkey).size
}

async function rewrite(
  change: (manifest: BackupManifest) => BackupManifest | Promise<BackupManifest>,
): Promise<void> {
  const manifest = await change(await readManifest(backup))
  writeFileSync(join(backup, 'manifest.json'), JSON.stringify(manifest))
}

describe('a restore refuses a backup', () => {
  test.each([
    [
      'a register',
      "UPDATE people SET operator_jkt = 'of somebody else'",
      /^people\.operator_jkt .* log rebuild --from/,
    ],
    [
      'a trigger that would change one',
      "CREATE TRIGGER t AFTER INSERT ON systems BEGIN UPDATE people SET operator_jkt = 'of somebody else'; END",
      /^tables, indexes or triggers .* log rebuild --from/,
    ],
  ])('that holds %s that the log does not give', async (_, sql, message) => {
    const db = new DatabaseSync(join(backup, 'countersign.db'))
    db.exec(sql)
    db.close()
    await rewrite(async (manifest) => {
      const files = manifest.files.map(async ({ path }) => describeFile(backup, path))
      return { ...manifest, files: await Promise.all(files) }
    })
    cpSync(join(server.dataDir, 'lock', 'last-checkpoint'), join(to, 'lock', 'last-checkpoint'))
    await expect(restore()).rejects.toMatchObject({
      code: 'REGISTERS_DIFFER',
      message: expect.stringMatching(message),
    })
    expect(readdirSync(to)).toEqual(['lock'])
  })

  test('that has an entry behind everything that was signed, unless told so', async () => {
    const { entries } = await readManifest(backup)
    const store = openSqliteStore({ path: join(backup, 'countersign.db'), clock: systemClock })
    await store.write(async (tx) => {
      const id = 'sys_of_somebody_else'
      await tx.db.insertInto('systems').values({ id, name: 'Theirs' }).execute()
      const actor = { kind: 'system', id: 'control-plane' } as const
      await tx.append({ type: 'system.added', actor, subject: id, body: { name: 'Theirs' } })
    })
    await store.close()
    const described = async (more: Partial<BackupManifest>): Promise<void> =>
      rewrite(async (manifest) => {
        const files = manifest.files.map(async ({ path }) => describeFile(backup, path))
        return { ...manifest, ...more, entries: entries + 1, files: await Promise.all(files) }
      })
    await described({})
    await expect(restore()).rejects.toThrowWithCode('BACKUP_UNSIGNED')
    const note = readFileSync(join(backup, 'log', 'checkpoint'), 'utf8')
    await described({ covering: { checkpoint: note, proof: [] } })
    await expect(restore()).rejects.toThrowWithCode('BACKUP_UNSIGNED')
    expect(existsSync(to)).toBe(false)
    const told = { backup, data: to, key: server.running.vkey, now, unsignedTail: true }
    expect(await restoreBackup(told)).toMatchObject({ backwards: [] })
  })

  test.each(['countersign.db', 'log/checkpoint', 'log/tile/0/', 'log/tile/entries/'])(
    'whose manifest does not name %s, though the file is there',
    async (name) => {
      await rewrite((manifest) => {
        const files = manifest.files.filter(({ path }) => !path.startsWith(name))
        return { ...manifest, files }
      })
      await expect(restore()).rejects.toMatchObject({
        code: 'BACKUP_INVALID',
        message: expect.stringContaining(`does not name ${name}`),
      })
      expect(existsSync(to)).toBe(false)
    },
  )

  test('whose manifest says more than what is signed, or names a file twice', async () => {
    const { log, files } = await readManifest(backup)
    const changes = [
      { log: { ...log, size: log.size + 1 } },
      { log: { ...log, root: 'A'.repeat(43) } },
      { origin: 'other.example' },
      { entries: 1 },
      { files: [...files, ...files.slice(0, 1)] },
    ]
    for (const change of changes) {
      await rewrite((manifest) => ({ ...manifest, log, files, ...change }))
      await expect(restore()).rejects.toMatchObject({
        code: 'BACKUP_INVALID',
      })
    }
  })
})

test('a backup that nobody changed is restored', async () => {
  expect(await restore()).toMatchObject({ backwards: [] })
})

test('an invitation that somebody put into a backup is not one after a restore', async () => {
  const db = new DatabaseSync(join(backup, 'countersign.db'))
  db.exec("INSERT INTO invitations SELECT 'known to them', id, 9000000000000000, 0 FROM people LIMIT 1")
  db.close()
  await rewrite(async (manifest) => {
    const files = manifest.files.map(async ({ path }) => describeFile(backup, path))
    return { ...manifest, files: await Promise.all(files) }
  })
  await restore()
  const restored = new DatabaseSync(join(to, 'countersign.db'))
  expect(restored.prepare('SELECT count(*) AS n FROM invitations').get()).toEqual({ n: 0 })
  restored.close()
})
