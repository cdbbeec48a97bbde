/**
 * What a company does around an audit, from the command line: sources handed in, populations frozen and drawn of, the
 * registers of deficiencies, vendors and breaches, evaluations, narratives; and what the pack says of all of it.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { saveProfile } from '../../apps/cli/profile.ts'
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { runCli } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let stage: Stage
let from: string
let to: string

beforeAll(async () => {
  from = rfc3339(Date.now() - 1000)
  stage = await Stage.set()
  await saveProfile(join(stage.folder, 'lead'), stage.leadFile)
  await stage.delegate(await stage.point('one'))
  to = rfc3339(Date.now())
})
afterAll(() => stage.remove())

type Ran = { code: number; out: JsonObject }

async function as(who: 'profile' | 'lead', ...args: string[]): Promise<Ran> {
  const { code, stdout } = await runCli(['--profile', join(stage.folder, who), '--json', ...args])
  const said = parseJson(stdout)
  return { code, out: isJsonObject(said) ? said : { list: said } }
}

/** @throws when it did not end well */
async function ok(who: 'profile' | 'lead', ...args: string[]): Promise<JsonObject> {
  const { code, out } = await as(who, ...args)
  expect([args.slice(0, 2), code, out]).toEqual([args.slice(0, 2), 0, out])
  return out
}

async function refused(who: 'profile' | 'lead', ...args: string[]): Promise<unknown> {
  const { code, out } = await as(who, ...args)
  expect([args, code]).not.toEqual([args, 0])
  return isJsonObject(out.error) ? out.error.code : out
}

function firstOf(list: JsonValue | undefined): JsonObject {
  const first = Array.isArray(list) ? (list as readonly JsonValue[])[0] : undefined
  if (!isJsonObject(first)) throw new Error(`no list of objects: ${JSON.stringify(list)}`)
  return first
}

function textIn(object: JsonObject, name: string): string {
  const text = object[name]
  if (typeof text !== 'string') throw new Error(`no ${name}: ${JSON.stringify(object)}`)
  return text
}

const inFolder = (name: string): string => join(stage.folder, name)

async function withFile(name: string, text: string): Promise<string> {
  await writeFile(inFolder(name), text)
  return inFolder(name)
}

/** Of the pack over the period. */
async function packed(until: string, ...more: string[]): Promise<JsonObject> {
  const pack = inFolder(`pack-${Math.random()}.zip`)
  await ok('profile', 'evidence', 'build', '--from', from, '--to', until, '-o', pack, ...more)
  const { code, out } = await as('profile', 'verify', pack, '--key', stage.control.vkey)
  expect([code, out.integrity, out.faults]).toEqual([0, true, []])
  return out
}

describe('a source that is not ours', () => {
  const upload = (file: string, ...more: string[]): string[] => {
    const said = '--source Accounts --query all --extractor export-1.0 --column id'.split(' ')
    const covers = ['--test', '1', '--from', from, '--to', to, '--taken', to]
    return ['reconcile', 'upload', file, ...covers, ...said, ...more]
  }

  test('is handed in, listed, and reconciles the test', async () => {
    const file = await withFile('accounts.csv', `id,made\n${stage.agent.id},today\n`)
    expect(await ok('profile', ...upload(file))).toMatchObject({ rows_n: 1 })
    expect(await ok('profile', 'reconcile', 'list')).toMatchObject({
      sources: [{ test: 1, source: 'Accounts', rows_n: 1 }],
    })
    expect(await packed(to)).toMatchObject({ results: { 1: { result: 'no_deviation', items: 1 } } })
  })

  test('is refused where it is no CSV, has no such column, or is of a test without sources', async () => {
    const file = await withFile('odd.csv', 'id\n"a')
    expect(await refused('profile', ...upload(file))).toBe('CSV_INVALID')
    const other = await withFile('other.csv', 'name\nx\n')
    expect(await refused('profile', ...upload(other))).toBe('SOURCE_INVALID')
    expect(await refused('profile', ...upload(other, '--test', '2'))).toBe('ARGUMENT_INVALID')
    expect(await refused('profile', ...upload(inFolder('none.csv')))).toBe('FILE_UNREADABLE')
  })
})

describe('a sample', () => {
  test('is of what was frozen: by management, or once it is anchored by the nonce of the auditor', async () => {
    const frozen = await ok(
      'profile',
      'sample',
      'freeze',
      '--from',
      from,
      '--to',
      to,
      '--engagement',
      'type-2',
    )
    // Its point was never heard of: nobody waits for it, and everybody is told.
    expect(frozen).toMatchObject({ limitations: [{ until: null, wanted: to }] })
    const id = textIn(frozen, 'id')
    const draw = ['sample', 'draw', id, '--test', '2']
    expect(await refused('profile', ...draw, '--nonce', 'short')).toBe('USAGE')
    expect(await refused('profile', 'sample', 'draw', id)).toBe('ARGUMENT_INVALID')
    // Nobody outside has seen the freezing yet.
    expect(await refused('profile', ...draw, '--nonce', 'ab'.repeat(16))).toBe('ARGUMENT_INVALID')
    expect(await ok('profile', ...draw)).toMatchObject({ drawn: { rows: [expect.anything()] } })
    const { samples } = await ok('profile', 'sample', 'list')
    expect(samples).toMatchObject([{ nonce: null }])
  })
})

test('a pack says whether it is final, and which point did not bring all of its period', async () => {
  const pack = ['evidence', 'build', '--from', from, '--wait', '1', '-o']
  const over = await ok('profile', ...pack, inFolder('over.zip'), '--to', to)
  expect(over).toMatchObject({ state: 'final', limitations: [{ until: null, wanted: to }] })
  expect(await ok('profile', ...pack, inFolder('open.zip'))).toMatchObject({ state: 'interim' })
  expect(await refused('profile', ...pack, inFolder('never.zip'), '--wait', 'long')).toBe('USAGE')
})

test('a deficiency is owned, repaired, retested by another and closed by another', async () => {
  const due = rfc3339(Date.now() + 30 * 86_400_000)
  const owner = stage.manager.person
  const by = ['--due', due, '--owner', owner]
  const opened = await ok('profile', 'deficiency', 'open', 'Reviews are late', '--criterion', 'CC6.3', ...by)
  const id = textIn(opened, 'deficiency')
  await ok('profile', 'deficiency', 'assign', id, owner, '--due', due)
  await ok('profile', 'deficiency', 'plan', id, 'A reminder each month')
  expect(await refused('lead', 'deficiency', 'retest', id, 'passed', 'Looked')).toBe('STATE_CONFLICT')
  await ok('profile', 'deficiency', 'repair', id, 'The reminder is set')
  expect(await refused('profile', 'deficiency', 'retest', id, 'passed', 'Looked')).toBe('SAME_PERSON')
  await ok('lead', 'deficiency', 'retest', id, 'passed', 'A reminder came')
  expect(await refused('profile', 'deficiency', 'close', id)).toBe('SAME_PERSON')
  await ok('lead', 'deficiency', 'close', id)
  expect(JSON.stringify(await ok('profile', 'deficiency', 'show', id))).toContain('"status":"closed"')
})

test('a vendor is assessed by one and approved by another', async () => {
  const recorded = await ok(
    'profile',
    'vendor',
    'record',
    'Example Models',
    '--kind',
    'model',
    '--model',
    'example-*',
  )
  const id = textIn(recorded, 'vendor')
  const year = rfc3339(Date.now() + 365 * 86_400_000)
  const assessment = {
    outcome: 'accepted',
    valid_until: year,
    next_review: year,
    report: null,
    complementary: [],
  }
  const bad = await withFile('bad.json', JSON.stringify({ ...assessment, outcome: 'splendid' }))
  expect(await refused('profile', 'vendor', 'assess', id, bad)).toBe('VENDOR_ASSESSMENT_INVALID')
  const good = await withFile('good.json', JSON.stringify({ ...assessment, text: 'Their report was read' }))
  await ok('profile', 'vendor', 'assess', id, good)
  expect(await refused('profile', 'vendor', 'approve', id)).toBe('SAME_PERSON')
  await ok('lead', 'vendor', 'approve', id)
  const { vendors } = await ok('profile', 'vendor', 'list')
  expect(vendors).toMatchObject([{ id, name: 'Example Models' }])
})

test('a breach is told within its limits, and closed by another', async () => {
  const known = ['--jurisdiction', 'EU', '--risk', 'likely', '--aware', rfc3339(Date.now())]
  const recorded = await ok('profile', 'breach', 'record', 'A file went to a wrong address', ...known)
  const id = textIn(recorded, 'breach')
  expect(await refused('lead', 'breach', 'close', id)).toBe('STATE_CONFLICT')
  await ok(
    'profile',
    'breach',
    'notify',
    id,
    'authority',
    'By their form',
    '--jurisdiction',
    'EU',
    '--at',
    rfc3339(Date.now()),
  )
  expect(await refused('profile', 'breach', 'close', id)).toBe('SAME_PERSON')
  await ok('lead', 'breach', 'close', id)
})

test('the pack has all of it', async () => {
  const description = await withFile('description.yaml', 'company: Example\nservices: [Notes]\n')
  expect(await packed(rfc3339(Date.now()), '--description', description)).toMatchObject({
    populations: { vendors: 1, deficiencies: 1, breaches: 1, sources: 1 },
  })
  const bad = await withFile('bad.yaml', 'company: [1]\n')
  const build = ['evidence', 'build', '--from', from, '-o', inFolder('never.zip'), '--description', bad]
  expect(await refused('profile', ...build)).toBe('PACK_DESCRIPTION_INVALID')
  expect(await refused('profile', ...build.slice(0, -1), inFolder('none.yaml'))).toBe('FILE_UNREADABLE')
})

test('a deviation is evaluated by one and signed by another', async () => {
  const { deviations } = await ok('profile', 'deviation', 'list', '--from', from, '--open')
  const id = textIn(firstOf(deviations), 'id')
  const words = ['--cause', 'Set up today', '--extent', 'This one', '--effect', 'None']
  const drafted = await ok('profile', 'deviation', 'evaluate', id, ...words)
  const evaluation = textIn(drafted, 'evaluation')
  expect(await refused('profile', 'deviation', 'sign', evaluation)).toBe('SAME_PERSON')
  await ok('lead', 'deviation', 'sign', evaluation)
  const left = JSON.stringify(await ok('profile', 'deviation', 'list', '--from', from, '--open'))
  expect(left).not.toContain(`"${id}"`)
})

test('a narrative is proposed from a pack that was read, and approved by another', async () => {
  const pack = inFolder('narrative.zip')
  await ok('profile', 'evidence', 'build', '--from', from, '-o', pack)
  const proposed = await ok('profile', 'narrative', 'propose', pack, 'CSN-AC-01')
  const id = textIn(firstOf(proposed.list), 'narrative')
  expect(await refused('profile', 'narrative', 'approve', id)).toBe('SAME_PERSON')
  await ok('lead', 'narrative', 'approve', id)
  const { list } = await ok('profile', 'narrative', 'list')
  expect(list).toMatchObject([{ id, approver: stage.lead.person, approved: expect.any(Number) }])
})
