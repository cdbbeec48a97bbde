/**
 * One thing of a control plane's data damaged at a time: `doctor` names it and says what to do, and a start refuses
 * wherever going on would sign something that does not extend what was signed. spec/log.md (LOG-5), spec/backup.md.
 */
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { examine } from '../../apps/cli/commands/doctor.ts'
import { nodeCheck } from '../../apps/cli/doctor/machine.ts'
import { openDatabase, revocationsCheck } from '../../apps/cli/doctor/registers.ts'
import { TestServer } from '../../apps/server/harness.ts'
import { createServer } from '../../apps/server/server.ts'
import { openSqliteVault } from '../../src/adapters/sqlite-vault/sqlite-vault.ts'

/** More than one full tile, so that a full one, a partial one and one above them can be damaged. */
const ENTRIES_MIN = 300

const server = new TestServer()
let folder: string
let data: string
let n = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-corrupt-'))
  await server.start()
  const ann = await server.enrol(server.bootstrapSecret)
  for (let i = 0; i < ENTRIES_MIN; i++) await ann.api.post('/v1/systems', { name: `system ${i}` })
  await server.running.close()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.remove()
})
beforeEach(() => {
  data = join(folder, String(n++))
  cpSync(server.dataDir, data, { recursive: true })
  chmodSync(data, 0o700)
})

const file = (path: string): string => join(data, path)
const look = () => examine({ data, now: () => Date.now() })
const failed = async (): Promise<object[]> => (await look()).filter(({ state }) => state === 'fail')

/** Changes one bit. */
function flip(path: string, at = 0.5): void {
  const bytes = readFileSync(file(path))
  bytes[Math.floor(bytes.length * at)]! ^= 1
  writeFileSync(file(path), bytes)
}

function change(statement: string): void {
  const raw = new DatabaseSync(file('countersign.db'))
  raw.exec(statement)
  raw.close()
}

/** The code with which a start refuses, or `started`; then doctor finds all well again. */
async function start(): Promise<string> {
  try {
    await (await createServer({ dataDir: data })).close()
  } catch (cause) {
    return String((cause as { code?: unknown }).code)
  }
  expect(await failed()).toEqual([])
  return 'started'
}

function fault(code: string, found: string | RegExp): unknown {
  return expect.objectContaining({
    code,
    found: expect.stringMatching(found),
    next: expect.stringMatching(/./),
  })
}

test('data that nothing happened to passes, and keys in the clear, no backup and no anchor are said', async () => {
  const checks = await look()
  expect(checks.filter(({ state }) => state !== 'ok').map(({ code }) => code)).toEqual([
    'KEYS_PLAIN',
    'BACKUP_NONE',
    'BREAK_GLASS_ONLINE',
    'VAULT_PLAIN',
    'ANCHORS_NONE',
  ])
  expect(await start()).toBe('started')
})

describe('of the published log', () => {
  test.each([
    ['a full entry bundle', 'log/tile/entries/000', /ENTRY_CHANGED at log\/tile\/entries\/000, entry \d+/],
    ['a full hash tile', 'log/tile/0/000', /TILE_MISMATCH at log\/tile\/0\/000, entry 128/],
  ])('%s that was changed is named', async (_, path, found) => {
    flip(path)
    expect(await failed()).toEqual([fault('TILE_DAMAGED', found)])
    // Nothing is signed from a tile, so a start goes on; what it publishes comes from the database.
    rmSync(file('log/tile'), { recursive: true })
    expect(await start()).toBe('started')
  })

  test('a hash tile above others that was changed is named', async () => {
    const { path } = lastTile('log/tile/1')
    flip(path)
    expect(await failed()).toEqual([fault('TILE_DAMAGED', `at ${path}`)])
  })

  test('an entry bundle that is gone is named', async () => {
    rmSync(file('log/tile/entries/000'))
    expect(await failed()).toEqual([fault('TILE_DAMAGED', 'ENTRY_MISSING at log/tile/entries/000')])
    expect(await start()).toBe('started')
  })

  test('a checkpoint that was changed is named, and written again by a start', async () => {
    flip('log/checkpoint', 0.9)
    expect(await failed()).toEqual([fault('CHECKPOINT_INVALID', 'log/checkpoint')])
    expect(await start()).toBe('started')
  })

  test('a checkpoint ahead of the lock store keeps a start from signing', async () => {
    const raw = new DatabaseSync(file('countersign.db'))
    const row = raw.prepare('SELECT note FROM checkpoints ORDER BY size LIMIT 1').get()
    raw.close()
    writeFileSync(file('lock/last-checkpoint'), row?.note as Uint8Array)
    expect(await failed()).toEqual([fault('CHECKPOINT_AHEAD', /\d+ entries are public, the lock store says/)])
    expect(await start()).toBe('LOG_DIVERGED')
  })
})

describe('of the lock store', () => {
  test('a checkpoint that was changed is named, and nothing is signed over it', async () => {
    flip('lock/last-checkpoint', 0.9)
    expect(await failed()).toEqual([fault('LOCK_INVALID', 'lock/last-checkpoint')])
    expect(await start()).toBe('NOTE_INVALID')
  })

  test('a checkpoint that is gone is named, and nothing is signed without it', async () => {
    rmSync(file('lock/last-checkpoint'))
    expect(await failed()).toEqual([fault('LOCK_MISSING', 'the lock store has none')])
    expect(await start()).toBe('LOG_DIVERGED')
  })
})

describe('of the database', () => {
  test('an entry that was changed is named by its index, and a start refuses', async () => {
    change(`UPDATE entries SET bytes = CAST(replace(bytes, 'system 250', 'system 999') AS BLOB)
      WHERE instr(bytes, 'system 250')`)
    const raw = new DatabaseSync(file('countersign.db'))
    const row = raw.prepare("SELECT idx FROM entries WHERE instr(bytes, 'system 999')").get()
    raw.close()
    expect(await failed()).toEqual([
      fault('LOG_DIVERGED', 'entries are not those that are signed'),
      fault('ENTRY_CHANGED', `entry ${String(row?.idx)} of the database`),
    ])
    expect(await start()).toBe('LOG_DIVERGED')
  })

  test('an entry that was deleted is named, and a start refuses', async () => {
    change('DELETE FROM entries WHERE idx = 100')
    expect(await failed()).toContainEqual(fault('ENTRY_MISSING', 'between 0 and'))
    expect(await start()).toBe('LOG_DIVERGED')
  })

  test('of an older day is named, and a start refuses', async () => {
    change("DELETE FROM entries WHERE idx >= 200; UPDATE meta SET value = '200' WHERE name = 'entries.next'")
    expect(await failed()).toContainEqual(
      fault('DATABASE_BEHIND', 'the database has 200 entries, \\d+ are signed'),
    )
    expect(await start()).toBe('LOG_DIVERGED')
  })

  test('a page that was overwritten is found', async () => {
    const path = file('countersign.db')
    const bytes = readFileSync(path)
    bytes.fill(0xa5, 4096 * 8, 4096 * 40)
    writeFileSync(path, bytes)
    const codes = (await look()).filter(({ state }) => state === 'fail').map(({ code }) => code)
    expect(codes).toContainEqual(expect.stringMatching(/^DATABASE_(DAMAGED|UNUSABLE)$/))
    expect(await start()).not.toBe('started')
  })

  test('a file of something else is named, and left alone', async () => {
    writeFileSync(file('countersign.db'), 'not a database, and longer than its header')
    for (const suffix of ['-wal', '-shm']) rmSync(file(`countersign.db${suffix}`), { force: true })
    expect(await failed()).toEqual([fault('DATABASE_UNUSABLE', /./)])
    expect(await start()).toBe('STORE_NOT_OURS')
  })

  test('of another schema is named', async () => {
    change('PRAGMA user_version = 1')
    expect(await failed()).toEqual([fault('DATABASE_VERSION', 'schema 1')])
    expect(await start()).toBe('STORE_VERSION')
  })
})

describe('of the rest', () => {
  test('keys that others can read, that are gone or hold nothing are named', async () => {
    chmodSync(file('keys/log.jwk'), 0o644)
    expect(await failed()).toEqual([fault('KEY_OPEN', 'log.jwk')])
    expect(await start()).toBe('KEY_FILE_OPEN')
    chmodSync(file('keys/log.jwk'), 0o600)
    writeFileSync(file('keys/log.jwk'), '{}')
    expect(await failed()).toEqual([fault('KEY_INVALID', 'log.jwk')])
    rmSync(file('keys/log.jwk'))
    expect(await failed()).toEqual([fault('KEYS_MISSING', 'log')])
  })

  test('a folder that others can read, one that is none, and an old Node are named', async () => {
    chmodSync(data, 0o755)
    expect(await failed()).toEqual([fault('DATA_OPEN', /./)])
    expect(await examine({ data: file('nowhere'), now: () => Date.now() })).toContainEqual(
      fault('DATA_MISSING', /./),
    )
    expect([nodeCheck('20.19.0').code, nodeCheck('22.18.0').code, nodeCheck('26.0.0').code]).toEqual([
      'NODE_OLD',
      'OK',
      'OK',
    ])
  })

  test('a vault that others can read, that is damaged, of another database or gone is named', async () => {
    chmodSync(file('vault.db'), 0o644)
    expect(await failed()).toEqual([fault('VAULT_OPEN', 'vault.db')])
    await openSqliteVault(file('other.db')).close()
    renameSync(file('other.db'), file('vault.db'))
    expect(await failed()).toEqual([fault('VAULT_MISMATCH', 'another database')])
    expect(await start()).toBe('SETUP_MISMATCH')
    writeFileSync(file('vault.db'), 'no database of anybody, and longer than the head of one: '.repeat(4))
    expect(await failed()).toEqual([fault('VAULT_UNUSABLE', /./)])
    rmSync(file('vault.db'))
    expect(await failed()).toEqual([fault('VAULT_MISSING', 'vault.db')])
  })

  test('revocations near what a snapshot holds are said, before there is none', async () => {
    const { snapshot } = openDatabase(data)
    if (snapshot === null) throw new TypeError('it opens')
    expect(await revocationsCheck(snapshot)).toMatchObject({ state: 'ok' })
    expect(await revocationsCheck(snapshot, 0)).toMatchObject({ state: 'warn', code: 'REVOCATIONS_MANY' })
    snapshot.close()
  })

  test('a clock behind the last entry is named', async () => {
    const checks = await examine({ data, now: () => Date.now() - 3_600_000 })
    expect(checks).toContainEqual(fault('CLOCK_BEHIND', /35\d\d s before the last entry|36\d\d s before/))
  })

  test('a server that does not answer, or is of another log, is named', async () => {
    const other = await createServer({ dataDir: file('other') })
    const checks = await examine({ data, url: other.url, now: () => Date.now() })
    await other.close()
    expect(checks).toContainEqual(fault('VKEY_MISMATCH', other.url))
    const gone = await examine({ data, url: other.url, now: () => Date.now() })
    expect(gone).toContainEqual(fault('SERVER_UNREACHABLE', other.url))
  })

  test('doctor runs beside the control plane, finds nothing and leaves nothing', async () => {
    const running = await createServer({ dataDir: data })
    const checks = await examine({ data, url: running.url, now: () => Date.now() })
    await running.close()
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([])
    expect(statSync(data).mode & 0o777).toBe(0o700)
  })
})

/** The newest partial tile of a level. */
function lastTile(folderPath: string): { path: string } {
  const size = readFileSync(file('log/checkpoint'), 'utf8').split('\n')[1]
  const width = Math.floor(Number(size) / 256)
  return { path: `${folderPath}/000.p/${width}` }
}
