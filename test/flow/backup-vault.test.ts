/** The vault beside a backup: what was erased stays erased, whichever of the two is the older. spec/backup.md (BAK-6, BAK-8). */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { restoreBackup, type RestoreOptions } from '../../apps/cli/backup/restore.ts'
import { takeBackup } from '../../apps/cli/backup/take.ts'
import { registersOf, TestServer, type Operator } from '../../apps/server/harness.ts'
import { createServer } from '../../apps/server/server.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteVault } from '../../src/adapters/sqlite-vault/sqlite-vault.ts'
import { openCopy } from '../../src/adapters/sqlite/offline.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { listPeople } from '../../src/registry/people.ts'
import { filesWith, markedPerson, type Marked } from '../fixtures/personal.ts'
import { until } from '../fixtures/processes.ts'

const DAY_MS = 24 * 3600 * 1000
const server = new TestServer()
const folder = mkdtempSync(join(tmpdir(), 'countersign-backup-vault-'))
const inFolder = (name: string): string => join(folder, name)
const now = (): number => Date.now()
let ann: Operator
let bob: Marked

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  bob = await markedPerson(server, ann)
  await takeBackup({ data: server.dataDir, to: inFolder('before'), keys: false, vault: true, now })
  await ann.api.post('/v1/revocations', { kind: 'person', target: bob.id, reason: 'left' })
  const { json } = await ann.api.get(`/v1/subjects/${bob.id}/erasure?basis=request`)
  const gesture = ann.authenticator.assert(json.challenge)
  await ann.api.post(`/v1/subjects/${bob.id}/erase`, { ...gesture, basis: 'request' })
  const { size } = (await ann.api.get('/v1/entries?limit=1')).json
  await until('all of it is signed', () => signed() === size)
  await takeBackup({ data: server.dataDir, to: inFolder('after'), keys: false, vault: false, now })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.remove()
})

const restore = (backup: string, data: string, more: Partial<RestoreOptions> = {}) =>
  restoreBackup({ backup: inFolder(backup), data: inFolder(data), now, ...more })

function signed(): number {
  const note = readFileSync(join(server.dataDir, 'log', 'checkpoint'))
  return openCheckpoint(nodeCrypto, note, server.running.vkey).size
}

/** What a control plane would show of Bob. */
async function nameIn(data: string): Promise<string | null | undefined> {
  const vault = openSqliteVault(inFolder(join(data, 'vault.db')))
  const copy = openCopy(inFolder(join(data, 'countersign.db')))
  const people = await listPeople({ vault }, copy.db)
  copy.close()
  await vault.close()
  return people.find(({ id }) => id === bob.id)?.name
}

test("a backup has the vault when asked for, its owner's alone, and nothing personal in the clear", async () => {
  expect(statSync(inFolder('before/vault.db')).mode & 0o777).toBe(0o600)
  expect(existsSync(inFolder('after/vault.db'))).toBe(false)
  for (const value of Object.values(bob.markers)) expect(filesWith(folder, value)).toEqual([])
})

test('both of one moment give back what there was then', async () => {
  expect(await restore('before', 'then')).toMatchObject({ vault: true, erased: [] })
  expect(await nameIn('then')).toBe(bob.markers.name)
})

test('an older vault under a newer database does not bring back what was erased in between', async () => {
  cpSync(inFolder('before/vault.db'), inFolder('newer/vault.db'))
  cpSync(join(server.dataDir, 'keys'), inFolder('newer/keys'), { recursive: true })
  const { manifest, erased } = await restore('after', 'newer')
  expect(manifest.log.size).toBe(manifest.entries) // the tombstone is among what is signed
  expect([...erased].sort()).toEqual([bob.jti, bob.id])
  expect(await nameIn('newer')).toBeNull()
  expect(await registersOf(inFolder('newer/countersign.db'))).toMatchObject({ ok: true, differences: [] })
  const again: string[] = []
  const running = await createServer({
    dataDir: inFolder('newer'),
    onErasedAgain: (subjects) => again.push(...subjects),
  })
  await running.close()
  expect(again).toEqual([]) // it was done before anything was served
})

test('an older database beside the vault as it is now does not either', async () => {
  cpSync(join(server.dataDir, 'vault.db'), inFolder('older/vault.db'))
  expect(await restore('before', 'older')).toMatchObject({ vault: true })
  expect(await nameIn('older')).toBeNull()
})

test('both from before the erasure are refused where something tells that the log went on', async () => {
  const checkpoint = join(inFolder('after'), 'log', 'checkpoint')
  await expect(restore('before', 'refused', { checkpoint })).rejects.toMatchObject({ code: 'LOG_DIVERGED' })
})

test('a copy of the vault that is older than 30 days is taken only when told to', async () => {
  const later = { now: () => Date.now() + 31 * DAY_MS }
  await expect(restore('before', 'late', later)).rejects.toMatchObject({ code: 'VAULT_OLD' })
  expect(existsSync(inFolder('late'))).toBe(false)
  expect(await restore('before', 'late', { ...later, oldVault: true })).toMatchObject({ vault: true })
})

test('without a vault it says so, and with that of another database it is refused', async () => {
  expect(await restore('after', 'without')).toMatchObject({ vault: false, erased: [] })
  await openSqliteVault(inFolder('vault.db')).close()
  cpSync(inFolder('vault.db'), inFolder('other/vault.db'))
  await expect(restore('after', 'other')).rejects.toMatchObject({ code: 'SETUP_MISMATCH' })
  expect(existsSync(inFolder('other/countersign.db'))).toBe(false)
})
