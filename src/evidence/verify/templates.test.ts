/** Logs whose templates were put in force wrongly, or were passed by. spec/grants.md (TPL-1, TPL-2), spec/pack.md. */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder, PRESET, READ, type LoggedTemplate } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { decodeEntry } from '../../log/entries.ts'
import { actionStory } from './action.ts'
import { SIGNATURE_FILE } from '../pack/manifest.ts'
import { verifyPack } from './verify.ts'

const CAROL = 'carol'
const DAVE = 'dave'
const CODING: LoggedTemplate = {
  class: 'coding',
  ttl_s_max: 3600,
  depth_max: 3,
  grants: [JSON.parse(JSON.stringify(READ))],
  approvals: null,
}
const ASKED: LoggedTemplate = { ...CODING, approvals: { m: 1, of: ['per_bob', 'per_carol'] } }

function company(separation: 'independent' | 'after' = 'independent'): LogBuilder {
  const log = new LogBuilder().company(separation)
  log.person(CAROL)
  log.person(DAVE)
  return log
}

/** With a template of the class in force. */
function bounded(template: LoggedTemplate = CODING): LogBuilder {
  const log = company()
  log.proposeTemplate('coding', template)
  log.approveTemplate('coding')
  return log
}

async function reportOf(log: LogBuilder) {
  return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report
}

/** But those of the signature, which nobody asked for in a log without people. */
async function faultsOf(log: LogBuilder): Promise<[string, number | undefined][]> {
  const faults = (await reportOf(log)).faults.filter(({ file }) => file !== SIGNATURE_FILE)
  return faults.map(({ code, index }) => [code, index])
}

/** Issues, and returns the index of the entry. */
function issue(log: LogBuilder, o: Parameters<LogBuilder['root']>[1] = {}): number {
  log.root('bot', o)
  return log.entries.length - 1
}

describe('a delegation', () => {
  test('within the template of its class holds, and the checks are told', async () => {
    const log = bounded()
    issue(log)
    const { ok, checks } = await reportOf(log)
    expect(ok).toBe(true)
    expect(checks).toContainEqual({
      name: 'every delegation issued lies within the template of its class',
      ok: true,
      count: 1,
    })
    expect(checks).toContainEqual({
      name: 'templates in force were preset, or approved by a registered gesture of someone else',
      ok: true,
      count: 2,
    })
  })

  test.each<[string, LoggedTemplate, Parameters<LogBuilder['root']>[1]]>([
    ['lives longer', CODING, { ttl_s: 3601 }],
    ['is handed on more often', { ...CODING, depth_max: 2 }, {}],
    ['grants more', CODING, { grants: [{ ...READ, actions: ['*'] }] }],
    ['leaves out a limit', CODING, { grants: [{ ...READ, limits: [] }] }],
    ['has no quorum', ASKED, {}],
    ['may be approved by somebody else', ASKED, { quorum: { m: 1, of: [BOB, DAVE], by: [BOB] } }],
    [
      'asks for fewer approvals',
      { ...ASKED, approvals: { m: 2, of: ['per_bob', 'per_carol'] } },
      { quorum: { m: 1, of: [BOB, CAROL], by: [BOB] } },
    ],
    ['calls its agent of another class', CODING, { class: 'assistant' }],
  ])('that %s is named', async (_, template, o) => {
    const log = bounded(template)
    expect(await faultsOf(log)).toEqual([])
    const index = issue(log, o)
    expect(await faultsOf(log)).toEqual([['DELEGATION_OUTSIDE_TEMPLATE', index]])
  })

  test('names the entry that put its template in force, not the proposal, an earlier or a later one', async () => {
    const log = bounded()
    const proposal = log.templates.get('coding')!.proposal
    const indices = [
      issue(log, { issued: (body) => ({ ...body, template: proposal }) }),
      issue(log, { issued: (body) => ({ ...body, template: 4 }) }),
      issue(log, { issued: (body) => ({ ...body, template: 0 }) }),
    ]
    issue(log)
    expect(await faultsOf(log)).toEqual(indices.map((index) => ['DELEGATION_OUTSIDE_TEMPLATE', index]))
  })

  test('is held against the template of its time, before and after another replaced it', async () => {
    const log = bounded()
    issue(log, { ttl_s: 3600 })
    log.proposeTemplate('narrower', { ...CODING, ttl_s_max: 60 })
    issue(log, { ttl_s: 3600 })
    log.approveTemplate('narrower')
    const index = issue(log, { ttl_s: 61 })
    issue(log, { ttl_s: 60 })
    expect(await faultsOf(log)).toEqual([['DELEGATION_OUTSIDE_TEMPLATE', index]])
  })

  test('of a class without a template is held against that of every class, and of no other', async () => {
    const log = company()
    log.proposeTemplate('other', { ...CODING, class: 'assistant', ttl_s_max: 1 })
    log.approveTemplate('other')
    issue(log)
    log.proposeTemplate('all', { ...PRESET, ttl_s_max: 60 })
    log.approveTemplate('all')
    const index = issue(log)
    expect(await faultsOf(log)).toEqual([['DELEGATION_OUTSIDE_TEMPLATE', index]])
  })
})

describe('a quorum', () => {
  test('of people whom the template names stands behind a call, and the story tells of each', async () => {
    const log = bounded(ASKED)
    const chain = log.root('bot', { quorum: { m: 1, of: [BOB, CAROL], by: [CAROL] } })
    const { action } = log.decide(chain)
    log.head()
    const pack = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
    expect(pack.report.faults).toEqual([])
    const story = (await actionStory(nodeCrypto, pack, action))!
    expect(story.who).toMatchObject([
      { person: 'per_alice', role: 'principal', by: ['swk'] },
      { person: 'per_carol', role: 'approver', by: ['swk'] },
    ])
    const types = story.evidence.map(({ index }) => decodeEntry(log.entries[Number(index)]!).type)
    expect(types).toEqual(expect.arrayContaining(['template.proposed', 'template.approved']))
  })

  test('counts nobody who had left when it was issued', async () => {
    const log = bounded(ASKED)
    log.revoke('person', 'rev_bob')
    issue(log, { quorum: { m: 1, of: [BOB, CAROL], by: [CAROL] } })
    const index = issue(log, { quorum: { m: 1, of: [BOB, CAROL], by: [BOB] } })
    expect(await faultsOf(log)).toEqual([['APPROVAL_INVALID', index]])
  })

  test('counts nobody who was not registered and endorsed before, with that key', async () => {
    const log = company()
    log.people.set('eve', { id: 'per_eve', rev: 'rev_eve', registration: 4 })
    const stranger = issue(log, { quorum: { m: 1, of: ['eve'], by: ['eve'] } })
    log.people.set('mallory', {
      id: 'per_bob',
      rev: 'rev_bob',
      registration: log.people.get(BOB)!.registration,
    })
    const another = issue(log, { quorum: { m: 1, of: ['mallory'], by: ['mallory'] } })
    log.people.set('late', { id: 'per_late', rev: 'rev_late', registration: log.entries.length + 2 })
    const early = issue(log, { quorum: { m: 1, of: ['late'], by: ['late'] } })
    log.person('late')
    expect(await faultsOf(log)).toEqual(
      [stranger, another, early].map((at) => ['REGISTRATION_NOT_ENDORSED', at]),
    )
  })
})

describe('the notes', () => {
  test('tell of a call whose approver was invited by its principal', async () => {
    const log = company()
    log.person('erin', { by: ALICE })
    log.decide(log.root('bot', { quorum: { m: 1, of: ['erin'], by: ['erin'] } }))
    log.decide(log.root('bot', { quorum: { m: 1, of: [BOB], by: [BOB] } }))
    log.head()
    const { ok, notes } = await reportOf(log)
    expect(ok).toBe(true)
    expect(notes).toContain(
      '1 allowed action has an approver whom its principal invited: the log cannot tell whether they are two people',
    )
  })

  test('tell of a call behind which one person of several used software', async () => {
    const log = company()
    log.person('erin', { amr: ['pop', 'user'] })
    const quorum = { m: 1, of: [BOB], by: [BOB] }
    log.decide(log.root('bot', { by: 'erin', amr: ['pop', 'user'] }))
    log.decide(log.root('bot', { by: 'erin', amr: ['pop', 'user'], quorum }))
    log.head()
    const { ok, notes } = await reportOf(log)
    expect(ok).toBe(true)
    expect(notes).toEqual(['1 allowed action rests on a software authenticator (swk), not on a passkey'])
  })
})

describe('a template', () => {
  test.each<[string, (log: LogBuilder) => number]>([
    ['by its proposer', (log) => log.approveTemplate('coding', ALICE, { alone: true })],
    ['by its proposer, denied', (log) => log.approveTemplate('coding', ALICE)],
    ['said to be alone when it is not', (log) => log.approveTemplate('coding', BOB, { alone: true })],
    [
      'over another proposal',
      (log) => log.approveTemplate('coding', BOB, { act: (act) => ({ ...act, proposal: 4 }) }),
    ],
    [
      'over another act',
      (log) =>
        log.approveTemplate('coding', BOB, {
          body: (body) => ({ ...body, gesture: log.gesture(BOB, 'approver', 'A'.repeat(43)) }),
        }),
    ],
    [
      'entered about another template',
      (log) => log.approveTemplate('coding', BOB, { entry: (entry) => ({ ...entry, subject: 'tpl_other' }) }),
    ],
    [
      'in the name of another',
      (log) =>
        log.approveTemplate('coding', BOB, {
          entry: (entry) => ({ ...entry, actor: { kind: 'person', id: 'per_carol' } }),
        }),
    ],
    [
      'by a person who had left',
      (log) => {
        log.revoke('person', 'rev_bob')
        return log.approveTemplate('coding')
      },
    ],
    [
      'for a second time',
      (log) => {
        log.approveTemplate('coding')
        return log.approveTemplate('coding', CAROL)
      },
    ],
    [
      'that was not proposed',
      (log) => {
        log.templates.set('ghost', { proposal: 4, class: 'ghosts' })
        return log.approveTemplate('ghost')
      },
    ],
  ])('approved %s is named', async (_, approve) => {
    const log = company()
    log.proposeTemplate('coding', CODING)
    const index = approve(log)
    expect(await faultsOf(log)).toEqual([['APPROVAL_INVALID', index]])
  })

  test('under separation `after` may be approved by its proposer, and the notes say so', async () => {
    const log = company('after')
    log.proposeTemplate('coding', CODING)
    log.approveTemplate('coding', ALICE, { alone: true })
    const { ok, notes } = await reportOf(log)
    expect(ok).toBe(true)
    expect(notes).toContain('1 template was approved by its proposer (separation: after)')
  })

  test('is not put in force by the log itself once somebody has enrolled, or twice', async () => {
    const log = company()
    const late = log.presetTemplate()
    expect(await faultsOf(log)).toEqual([['APPROVAL_INVALID', late]])
    const twice = new LogBuilder().begin()
    const second = twice.presetTemplate()
    expect(await faultsOf(twice)).toEqual([['APPROVAL_INVALID', second]])
  })

  test('has an identifier that is given once, and grants that are grants', async () => {
    const log = company()
    log.proposeTemplate('coding', CODING)
    const again = log.proposeTemplate('coding', { ...CODING, ttl_s_max: 60 })
    expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', again]])
    const odd = company()
    const proposal = odd.proposeTemplate('odd', { ...CODING, grants: [{ type: 'tool' }] })
    odd.approveTemplate('odd')
    expect(await faultsOf(odd)).toEqual([['ENTRY_INVALID', proposal]])
  })
})
