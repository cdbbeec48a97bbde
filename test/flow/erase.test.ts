/** A person who left asks to be forgotten, and an auditor asks for a name: the real commands, one process each. */
import { writeFile } from 'node:fs/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { loadProfile } from '../../apps/cli/profile.ts'
import { filesWith, marker } from '../fixtures/personal.ts'
import { runCli, startControlPlane, type ControlPlane } from '../fixtures/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-erase-'))
const inFolder = (name: string): string => join(folder, name)
let control: ControlPlane

async function run(profile: string, ...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runCli(['--json', '--profile', inFolder(profile), ...args])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}
const invitedSchema = z.looseObject({ person: z.string(), invitation: z.string() })
const heldSchema = z.looseObject({ hold: z.string() })
const openedSchema = z.looseObject({ entry: z.int() })
const verifiedSchema = z.looseObject({ log: z.looseObject({ end: z.int() }) })

const ann = (...args: string[]) => run('ann', ...args)
const enroll = (who: string, secret: string, ...args: string[]) =>
  run(who, 'enroll', '--url', control.url, '--secret', secret, ...args)

beforeAll(async () => {
  control = await startControlPlane(inFolder('data'))
  await enroll('ann', control.bootstrap_secret ?? '', '--name', 'Ann')
}, 240_000)
afterAll(async () => {
  await control.process.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

test('opens a name for an auditor, keeps it for a court, and forgets it', async () => {
  const name = marker('Bob')
  const { person, invitation } = invitedSchema.parse(await ann('person', 'invite', name))
  await enroll('bob', invitation)
  await ann('person', 'endorse', person)
  const cat = invitedSchema.parse(await ann('person', 'invite', 'Cat'))
  await enroll('cat', cat.invitation)
  await ann('person', 'endorse', cat.person)
  const { hold } = heldSchema.parse(await ann('hold', 'place', person, '--reason', 'a court asks'))
  await ann('person', 'leave', person)
  const opened = openedSchema.parse(await ann('open', String(await invitedAt(person)), 'name'))
  await writeFile(inFolder('opening.json'), JSON.stringify(opened))
  await ann('note', String(opened.entry), 'for the auditor')

  const pack = inFolder('pack.zip')
  await ann('evidence', 'build', '--from', '2020-01-01T00:00:00Z', '-o', pack)
  const report = await ann('verify', pack, '--key', control.vkey, '--opening', inFolder('opening.json'))
  expect(report).toMatchObject({ ok: true, opening: { ok: true, field: 'name', value: name } })
  await writeFile(inFolder('lie.json'), JSON.stringify({ ...opened, entry: 0 }))
  const lie = await runCli(['verify', pack, '--key', control.vkey, '--opening', inFolder('lie.json')])
  expect([lie.code, lie.stdout.split('\n')[0]]).toEqual([1, 'FAIL name of entry 0: FIELD_MISSING'])

  const deferred = await ann('erase', person)
  expect(deferred).toMatchObject({
    state: 'deferred',
    holds: [hold],
    packs: [{ size: verifiedSchema.parse(report).log.end }],
  })
  expect(await ann('hold', 'list')).toMatchObject([{ id: hold, target: person, lifted: null }])
  const own = await runCli(['--profile', inFolder('ann'), 'hold', 'lift', hold])
  expect([own.code, own.stderr]).toEqual([1, expect.stringContaining('SAME_PERSON')])
  expect(await run('cat', 'hold', 'lift', hold)).toMatchObject({ erased: [person] })
  expect(await ann('erasure', 'list')).toMatchObject([{ subject: person, state: 'erased' }])
  expect(filesWith(inFolder('data'), name)).toEqual([])
  const refused = await runCli(['--profile', inFolder('ann'), 'open', String(opened.entry), 'name'])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('VALUE_ERASED')])
  const list = await runCli(['--profile', inFolder('ann'), 'person', 'list'])
  expect(list.stdout).toContain(`${person}  left      (erased)`)
}, 240_000)

const pageSchema = z.object({
  entries: z.array(
    z.object({ index: z.int(), entry: z.looseObject({ type: z.string(), subject: z.string().optional() }) }),
  ),
})

/** The entry that commits to the name that a person was invited with. */
async function invitedAt(person: string): Promise<number> {
  const { client } = await loadProfile(inFolder('ann'))
  const { entries } = pageSchema.parse(await client.get('/v1/entries?limit=100'))
  const found = entries.find(({ entry }) => entry.type === 'person.added' && entry.subject === person)
  if (found === undefined) throw new Error('nobody was invited')
  return found.index
}
