/** Erasing over HTTP: what goes, what stays provable, what a hold keeps, and what a restored vault brings back. */
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import { judgeOpening } from '../../src/evidence/verify/openings.ts'
import { verifyPack, type VerifiedPack } from '../../src/evidence/verify/verify.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import type { Opening } from '../../src/log/commitment.ts'
import { verifyTree } from '../../src/log/reader.ts'
import { until } from '../../test/fixtures/processes.ts'
import { filesWith, marker, markedPerson, vaultKeys, type Marked } from '../../test/fixtures/personal.ts'
import { packOver, packSigner } from '../../test/fixtures/packs.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

let server: TestServer
let ann: Operator
let bob: Marked
const again: string[] = []
const code = (answer: Answer): string | undefined => answer.json.error?.code

beforeEach(async () => {
  again.length = 0
  server = await new TestServer({ onErasedAgain: (subjects) => again.push(...subjects) }).start()
  ann = await server.enrol(server.bootstrapSecret)
  bob = await markedPerson(server, ann)
})
afterEach(() => server.remove())

async function erase(by: Operator, subject: string, basis = 'request'): Promise<Answer> {
  const shown = await by.api.get(`/v1/subjects/${subject}/erasure?basis=${basis}`)
  if (shown.status !== 200) return shown
  const gesture = by.authenticator.assert(shown.json.challenge)
  return by.api.post(`/v1/subjects/${subject}/erase`, { ...gesture, basis })
}

async function lift(by: Operator, hold: string): Promise<Answer> {
  const { json } = await by.api.get(`/v1/holds/${hold}/lifting`)
  return by.api.post(`/v1/holds/${hold}/lift`, by.authenticator.assert(json.challenge))
}

const revoke = (kind: string, target: string): Promise<Answer> =>
  ann.api.post('/v1/revocations', { kind, target, reason: 'left' })

interface Logged {
  readonly index: number
  readonly entry: {
    type: string
    subject?: string
    body: Record<string, unknown>
    commitments?: Record<string, string>
  }
}

async function entries(type?: string): Promise<Logged[]> {
  const { json } = await ann.api.get('/v1/entries?limit=1000')
  return (json.entries as Logged[]).filter(({ entry }) => type === undefined || entry.type === type)
}

const indexOf = async (type: string, subject: string): Promise<number> =>
  (await entries(type)).find(({ entry }) => entry.subject === subject)?.index ?? -1

async function published(): Promise<Uint8Array> {
  const { size } = (await ann.api.get('/v1/entries?limit=1')).json
  const path = join(server.dataDir, 'log', 'checkpoint')
  return until('a checkpoint', () => {
    const note = readFileSync(path)
    return openCheckpoint(nodeCrypto, note, server.running.vkey).size >= size ? note : null
  })
}

async function pack(): ReturnType<typeof buildPack> {
  const log = { tiles: fsTileStore(join(server.dataDir, 'log')), vkey: server.running.vkey }
  const source = { ...log, sign: packSigner(ann.api) }
  const whole = { from_ms: 0, to_ms: Date.now() + 60_000 }
  return buildPack(nodeCrypto, { ...source, checkpoint: await published(), start: null }, whole)
}

async function verified(built: Awaited<ReturnType<typeof buildPack>>): Promise<VerifiedPack> {
  return verifyPack(nodeCrypto, built.bytes, server.running.vkey)
}

const opened = async (entry: number, field: string): Promise<Answer> =>
  ann.api.post('/v1/openings', { entry, field })

/** All that can be opened of Bob, by field. */
async function openAll(): Promise<Record<string, Answer>> {
  const issued = await indexOf('delegation.issued', bob.jti)
  const receipt = (await entries('receipt')).find(({ entry }) => entry.body.point === bob.point)
  return {
    invited: await opened(await indexOf('person.added', bob.id), 'name'),
    name: await opened(await indexOf('person.enrolled', bob.id), 'name'),
    instruction: await opened(issued, 'instruction'),
    sub: await opened(issued, 'sub'),
    args: await opened(receipt?.index ?? -1, 'args'),
  }
}

describe('what is kept of a person', () => {
  test('is in the clear in no file, and is shown where it always was', async () => {
    expect(filesWith(server.dataDir, bob.id)).not.toEqual([])
    for (const value of Object.values(bob.markers)) expect(filesWith(server.dataDir, value)).toEqual([])
    const { people } = (await ann.api.get('/v1/people')).json
    expect(people.find(({ id }: { id: string }) => id === bob.id).name).toBe(bob.markers.name)
    expect((await bob.api.get(`/v1/delegations/${bob.jti}`)).json.chain).toBe(bob.chain)
  })

  test('stays in the clear nowhere while drafts and ceremonies are open', async () => {
    const value = marker('draft')
    const shown = { tag: 'countersign-act-v1', value: { act: 'test' } }
    await bob.api.post('/v1/ceremonies', { challenge: 'x', shown })
    const draft = await bob.api.post('/v1/delegations/drafts', {
      agent: (await entries('agent.proposed')).at(-1)?.entry.subject,
      jkt: (await ann.api.get('/v1/agents')).json.agents.at(-1).keys[0].jkt,
      aud: [bob.point],
      grants: [{ type: 'tool', server: 'files', actions: ['read'] }],
      ttl_s: 3600,
      depth_max: 0,
      instruction: value,
    })
    expect(draft.status).toBe(200)
    expect(filesWith(server.dataDir, value)).toEqual([])
    const { json } = await bob.api.get(`/v1/delegations/drafts/${draft.json.jti}`)
    expect(filesWith(server.dataDir, JSON.stringify(json.shown.disclosures.at(-1)))).toEqual([])
    expect(Buffer.from(json.shown.disclosures.at(-1), 'base64url').toString()).toContain(value)
  })

  test('can be opened to an auditor field by field, on record, and checked against a pack', async () => {
    const answers = await openAll()
    const evidence = await verified(await pack())
    expect(evidence.report.faults).toEqual([])
    for (const [field, answer] of Object.entries(answers)) {
      const judged = judgeOpening(nodeCrypto, evidence, answer.json)
      expect(judged).toMatchObject({ ok: true, entry: answer.json.entry })
      expect(JSON.stringify(judged.value)).toContain(bob.markers[field as keyof Marked['markers']])
      const other = { ...answer.json, entry: answer.json.entry === 1 ? 2 : 1 }
      expect(judgeOpening(nodeCrypto, evidence, other).fault).toBe('FIELD_MISSING')
      expect(judgeOpening(nodeCrypto, evidence, { ...answer.json, entry: 999_999 }).fault).toBe(
        'ENTRY_MISSING',
      )
      const lie = lieOf(answer.json.opening)
      expect(judgeOpening(nodeCrypto, evidence, { ...answer.json, opening: lie }).fault).toBe(
        'OPENING_MISMATCH',
      )
    }
    expect(await entries('field.opened')).toHaveLength(5)
    expect(code(await opened(999_999, 'name'))).toBe('UNKNOWN_ENTRY')
    expect(code(await opened(0, 'name'))).toBe('UNKNOWN_FIELD')
  })
})

describe('a note', () => {
  test('says in words what an entry has a code for, and goes with the person whom it is about', async () => {
    await revoke('person', bob.id)
    const left = await indexOf('revocation', bob.id)
    const text = `Bob ${marker('note')}`
    const { entry } = (await ann.api.post('/v1/notes', { entry: left, text })).json
    expect(filesWith(server.dataDir, text)).toEqual([])
    expect((await opened(entry, 'note')).json.opening.value).toBe(text)
    await erase(ann, bob.id)
    expect(code(await opened(entry, 'note'))).toBe('VALUE_ERASED')
    expect(code(await ann.api.post('/v1/notes', { entry: left, text }))).toBe('VALUE_ERASED')
    expect(code(await ann.api.post('/v1/notes', { entry: 999_999, text }))).toBe('UNKNOWN_ENTRY')
    expect((await verified(await pack())).report.faults).toEqual([])
  })

  test('is where free text goes: a reason is a code', async () => {
    const answer = await ann.api.post('/v1/revocations', {
      kind: 'person',
      target: bob.id,
      reason: 'Bob was ill',
    })
    expect(code(answer)).toBe('REQUEST_INVALID')
  })
})

function lieOf(opening: Opening): Opening {
  if ('value' in opening) return { ...opening, value: 'Mallory' }
  const [salt, name] = JSON.parse(Buffer.from(opening.disclosure, 'base64url').toString()) as string[]
  return { disclosure: Buffer.from(JSON.stringify([salt, name, 'Mallory'])).toString('base64url') }
}

describe('an erased person', () => {
  test('leaves no byte of a value, a salt or a key in any file, and every earlier proof as it was', async () => {
    const answers = await openAll()
    const keys = vaultKeys(server.dataDir, [bob.id, bob.jti])
    const before = await pack()
    const early = openCheckpoint(nodeCrypto, await published(), server.running.vkey)
    for (const key of keys) expect(filesWith(server.dataDir, key)).toEqual(['vault.db'])
    await revoke('person', bob.id)
    const answer = await erase(ann, bob.id)
    expect(answer.json).toMatchObject({
      state: 'erased',
      fields_n: 5,
      holds: [],
      packs: [{ person: ann.id, size: before.manifest.log.end }],
      acted_alone: false,
    })
    await server.restart()

    const salts = Object.values(answers).map(({ json }) => json.opening.salt ?? json.opening.disclosure)
    for (const each of [...Object.values(bob.markers), ...salts, ...keys])
      expect(filesWith(server.dataDir, each)).toEqual([])
    expect(again).toEqual([])

    expect((await verified(before)).report.ok).toBe(true)
    const after = await verified(await pack())
    expect(after.report.faults).toEqual([])
    expect(after.report.not_checked).toContainEqual(expect.stringContaining('erased subjects'))
    const late = openCheckpoint(nodeCrypto, await published(), server.running.vkey)
    const tiles = fsTileStore(join(server.dataDir, 'log'))
    expect(await verifyTree(nodeCrypto, tiles, late, { start: early })).toMatchObject({ ok: true })
    for (const { json } of Object.values(answers)) expect(judgeOpening(nodeCrypto, after, json).ok).toBe(true)
  })

  test('has no name, cannot be opened, and cannot be erased twice', async () => {
    await revoke('person', bob.id)
    await erase(ann, bob.id)
    const { people } = (await ann.api.get('/v1/people')).json
    expect(people.find(({ id }: { id: string }) => id === bob.id)).toMatchObject({
      name: null,
      status: 'left',
    })
    for (const [field, answer] of Object.entries(await openAll()))
      expect([field, code(answer)]).toEqual([
        field,
        field === 'instruction' || field === 'sub' ? 'UNKNOWN_FIELD' : 'VALUE_ERASED',
      ])
    expect(code(await erase(ann, bob.id))).toBe('STATE_CONFLICT')
    expect(code(await erase(ann, bob.jti))).toBe('STATE_CONFLICT')
    expect(code(await erase(ann, 'per_nobody'))).toBe('UNKNOWN_SUBJECT')
    const { erasures } = (await ann.api.get('/v1/erasures')).json
    expect(erasures).toMatchObject([{ subject: bob.id, state: 'erased', basis: 'request', approver: ann.id }])
  })

  test('gets nothing filed under them that a point ships late', async () => {
    await revoke('person', bob.id)
    await erase(ann, bob.id)
    const late = marker('late')
    await bob.call(late)
    expect(filesWith(server.dataDir, late)).toEqual([])
    expect(sealedOf(bob.jti)).toBe(0)
    expect((await verified(await pack())).report.faults).toEqual([])
  })

  test('is told which packs have entries about them', async () => {
    const period = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' }
    const logged = (of: number): Promise<Answer> => ann.api.post('/v1/packs', packOver(server, of, period))
    const { size } = (await ann.api.get('/v1/entries?limit=1')).json
    const early = (await logged(3)).json.entry
    const { entry } = (await logged(size)).json
    expect(code(await logged(10_000))).toBe('STATE_CONFLICT')
    await revoke('person', bob.id)
    const { packs } = (await erase(ann, bob.id)).json
    expect(packs).toEqual([{ entry, person: ann.id, ...period, size, sha256: 'ab'.repeat(32) }])
    expect(packs[0].entry).not.toBe(early)
    expect((await entries('subject.erased'))[0]?.entry.body.packs_n).toBe(1)
  })
})

describe('an erasure is refused', () => {
  test('while the person acts here, and while the delegation is in force', async () => {
    expect(code(await erase(ann, bob.id))).toBe('STATE_CONFLICT')
    expect(code(await erase(ann, bob.jti))).toBe('STATE_CONFLICT')
    await revoke('delegation', bob.jti)
    expect((await erase(ann, bob.jti)).json).toMatchObject({ state: 'erased', fields_n: 3 })
    const { chain } = (await bob.api.get(`/v1/delegations/${bob.jti}`)).json
    expect(bob.chain.startsWith(chain)).toBe(true)
    expect(bob.chain.length).toBeGreaterThan(chain.length)
  })

  test('by the principal of the delegation, and with a gesture over something else', async () => {
    await revoke('delegation', bob.jti)
    expect(code(await erase(bob, bob.jti))).toBe('SAME_PERSON')
    const { json } = await ann.api.get(`/v1/subjects/${bob.jti}/erasure?basis=objection`)
    const gesture = ann.authenticator.assert(json.challenge)
    const answer = await ann.api.post(`/v1/subjects/${bob.jti}/erase`, { ...gesture, basis: 'request' })
    expect(code(answer)).toBe('GESTURE_INVALID')
    expect(sealedOf(bob.jti)).toBe(3)
  })
})

describe('a legal hold', () => {
  test.each([['the person'], ['one of their delegations'], ['everything']])(
    'on %s defers an erasure until it is lifted, on record',
    async (what) => {
      const cat = await server.invite(ann, 'Cat')
      const reason = marker('reason')
      const target = { 'the person': bob.id, 'one of their delegations': bob.jti, everything: '*' }[what]
      const { hold } = (await ann.api.post('/v1/holds', { target, reason })).json
      await revoke('person', bob.id)
      expect((await erase(ann, bob.id, 'objection')).json).toMatchObject({ state: 'deferred', holds: [hold] })
      expect(code(await erase(ann, bob.id))).toBe('STATE_CONFLICT')
      expect(sealedOf(bob.jti)).toBe(3)
      await server.restart()
      expect((await opened(await indexOf('person.added', bob.id), 'name')).status).toBe(200)
      expect(filesWith(server.dataDir, reason)).toEqual([])
      expect((await ann.api.get('/v1/holds')).json.holds).toMatchObject([
        { id: hold, target, reason, lifted: null },
      ])

      expect((await lift(cat, hold)).json.erased).toEqual([bob.id])
      expect(code(await lift(cat, hold))).toBe('STATE_CONFLICT')
      for (const value of Object.values(bob.markers)) expect(filesWith(server.dataDir, value)).toEqual([])
      expect([sealedOf(bob.id), sealedOf(bob.jti)]).toEqual([0, 0])
      const [tombstone] = await entries('subject.erased')
      expect(tombstone?.entry.body.deferred).toBe(await indexOf('erasure.deferred', bob.id))
      expect((await verified(await pack())).report.faults).toEqual([])
    },
  )

  test('keeps what another one keeps too', async () => {
    const cat = await server.invite(ann, 'Cat')
    const place = async (target: string): Promise<string> =>
      (await ann.api.post('/v1/holds', { target, reason: 'court' })).json.hold
    const holds = [await place('*'), await place(bob.jti)]
    await revoke('person', bob.id)
    expect((await erase(ann, bob.id)).json.holds).toEqual(holds)
    expect((await lift(cat, holds[0] ?? '')).json.erased).toEqual([])
    expect((await lift(cat, holds[1] ?? '')).json.erased).toEqual([bob.id])
    expect(code(await ann.api.post('/v1/holds', { target: bob.id, reason: 'late' }))).toBe('STATE_CONFLICT')
    expect(code(await ann.api.post('/v1/holds', { target: 'per_x', reason: 'none' }))).toBe('UNKNOWN_SUBJECT')
  })
})

describe('a vault that was restored', () => {
  const vault = (): string => join(server.dataDir, 'vault.db')

  test('from before an erasure is purged before anything is served, and the control plane says so', async () => {
    const copy = join(server.dataDir, '..', `${marker('vault')}.db`)
    copyFileSync(vault(), copy)
    const keys = vaultKeys(server.dataDir, [bob.id, bob.jti])
    await revoke('person', bob.id)
    await erase(ann, bob.id)
    await server.running.close()
    copyFileSync(copy, vault())
    rmSync(copy)
    expect(filesWith(server.dataDir, keys[0] ?? '')).toEqual(['vault.db'])
    await server.start()
    expect(again.toSorted()).toEqual([bob.id, bob.jti].toSorted())
    for (const key of keys) expect(filesWith(server.dataDir, key)).toEqual([])
  })

  test('of another control plane, or a new one, is refused until somebody says that the old one is lost', async () => {
    await server.running.close()
    rmSync(vault())
    await expect(server.start()).rejects.toThrowWithCode('SETUP_MISMATCH')
    const begun = await new TestServer({ newVault: true }).start()
    await begun.remove()
    Object.assign(server.options, { newVault: true })
    await server.start()
    const { people } = (await ann.api.get('/v1/people')).json
    expect(people.map(({ name }: { name: string | null }) => name)).toEqual([null, null])
    const { person } = (await ann.api.post('/v1/people', { name: 'Carol' })).json
    const listed = (await ann.api.get('/v1/people')).json.people
    expect(listed.find(({ id }: { id: string }) => id === person).name).toBe('Carol')
  })
})

function sealedOf(subject: string): number {
  const raw = new DatabaseSync(join(server.dataDir, 'countersign.db'), { readOnly: true })
  const row = raw.prepare('SELECT count(*) AS n FROM sealed WHERE subject = ?').get(subject)
  raw.close()
  return Number(row?.n)
}
