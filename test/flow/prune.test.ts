/** Years later somebody prunes the log: the real commands over a real data folder, and everything that looks at it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { enroll } from '../../apps/cli/operator.ts'
import { saveProfile } from '../../apps/cli/profile.ts'
import { TestServer } from '../../apps/server/harness.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { filesWith } from '../fixtures/personal.ts'
import { runCli, startControlPlane, type CliAnswer, type ControlPlane } from '../fixtures/processes.ts'
import { Stream } from '../fixtures/shipped.ts'

const YEARS_AGO = Date.now() - 3 * 366 * 24 * 3600 * 1000
const folder = mkdtempSync(join(tmpdir(), 'countersign-prune-'))
const inFolder = (name: string): string => join(folder, name)
const data = inFolder('data')
let control: ControlPlane
let args_commit: string

const cli = (...args: string[]): Promise<CliAnswer> =>
  runCli(['--json', '--profile', inFolder('bea'), ...args])

async function run(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await cli(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: YEARS_AGO })
  const server = await new TestServer().start()
  const ann = await server.enrol(server.bootstrapSecret)
  const { invitation } = (await ann.api.post('/v1/people', { name: 'Bea' })).json
  const profile = await enroll(server.base(), invitation, 'Bea')
  await server.endorse(ann, profile.person)
  const stream = await Stream.open(server, ann)
  await stream.ship(700, 'old')
  args_commit = stream.receipts[300]?.args_commit ?? ''
  await server.running.close()
  vi.useRealTimers()
  mkdirSync(folder, { recursive: true })
  await rename(server.dataDir, data)
  control = await startControlPlane(data)
  await saveProfile(inFolder('bea'), { ...profile, url: control.url })
}, 120_000)
afterAll(async () => {
  await control?.process.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

const planned = z.looseObject({ from: z.int(), to: z.int(), pruned_n: z.int() })

test('says what holds it back, prunes what was handed out, and leaves everything provable', async () => {
  expect((await cli('log', 'prune', '--keep', '12')).code).not.toBe(0)
  const held = await cli('log', 'prune', '--dry-run')
  expect([held.code, JSON.parse(held.stdout)]).toMatchObject([1, { held_back: { by: 'unreported' } }])
  const early = inFolder('checkpoint')
  await run('log', 'checkpoint', '-o', early)
  await run('log', 'export', inFolder('auditor'))
  const from = rfc3339(YEARS_AGO - 1000)
  const to = rfc3339(YEARS_AGO + 3_600_000)
  await run('evidence', 'build', '--from', from, '--to', to, '-o', inFolder('old.zip'))

  const dry = planned.parse(await run('log', 'prune', '--dry-run'))
  expect(dry).toMatchObject({ state: 'planned', from: 0, to: 512, packs: [expect.any(Number)] })
  expect(filesWith(join(data, 'log'), args_commit)).not.toEqual([])
  expect(await run('log', 'prune')).toMatchObject({ state: 'done', to: 512, pruned_n: dry.pruned_n })
  expect(filesWith(join(data, 'log'), args_commit)).toEqual([])

  const key = ['--key', control.vkey]
  expect(await run('log', 'verify', join(data, 'log'), ...key, '--from', early)).toMatchObject({
    ok: true,
    entries_pruned: dry.pruned_n,
  })
  expect(await run('log', 'verify', `${control.url}/log`, ...key)).toMatchObject({ ok: true })
  // An auditor's copy keeps what it has, a new one is what there is.
  expect(await run('log', 'export', inFolder('auditor'))).toMatchObject({ ok: true })
  expect(filesWith(inFolder('auditor'), args_commit)).not.toEqual([])
  expect(await run('log', 'export', inFolder('copy'))).toMatchObject({ ok: true })
  expect(await run('log', 'verify', inFolder('copy'), ...key)).toMatchObject({ entries_pruned: dry.pruned_n })
  const gone = await cli('log', 'entry', '300')
  expect([gone.code, gone.stdout]).toEqual([1, expect.stringContaining('ENTRY_PRUNED')])
  expect(await run('verify', inFolder('old.zip'), ...key)).toMatchObject({ ok: true })
  const late = await cli('evidence', 'build', '--from', from, '-o', inFolder('late.zip'))
  expect([late.code, late.stdout]).toEqual([1, expect.stringContaining('PACK_PERIOD_PRUNED')])
  await run('evidence', 'build', '--from', to, '-o', inFolder('new.zip'))
  expect(await run('verify', inFolder('new.zip'), ...key)).toMatchObject({ ok: true, faults: [] })
  expect(await run('log', 'prune')).toMatchObject({ state: 'nothing', from: 512, to: 512 })
}, 240_000)

test('is no obstacle to rebuilding, backing up, restoring and looking for damage', async () => {
  expect(await run('log', 'rebuild', '--check', '--data', data)).toMatchObject({ ok: true })
  await run('log', 'rebuild', '--to', inFolder('own.db'), '--data', data)
  const published = ['--from', join(data, 'log'), '--key', control.vkey]
  await run('log', 'rebuild', '--to', inFolder('new.db'), ...published)
  await run('backup', inFolder('backup'), '--data', data)
  const restored = inFolder('restored')
  await run('restore', inFolder('backup'), '--data', restored, '--key', control.vkey)
  expect(await run('log', 'rebuild', '--check', '--data', restored)).toMatchObject({ ok: true })
  expect(await run('log', 'verify', join(restored, 'log'), '--key', control.vkey)).toMatchObject({ ok: true })
  const doctor = await cli('doctor', '--data', data)
  expect(doctor.stdout).not.toContain('"fail"')
  expect(filesWith(inFolder('backup'), args_commit)).toEqual([])

  // A database that the published log gave is one to go on with.
  await control.process.end('SIGTERM')
  for (const suffix of ['-wal', '-shm']) rmSync(join(data, `countersign.db${suffix}`), { force: true })
  await rename(inFolder('new.db'), join(data, 'countersign.db'))
  control = await startControlPlane(data)
  expect(await run('log', 'verify', join(data, 'log'), '--key', control.vkey)).toMatchObject({ ok: true })
  expect(await run('log', 'rebuild', '--check', '--data', data)).toMatchObject({ ok: true })
}, 240_000)
