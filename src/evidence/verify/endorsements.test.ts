import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { ControlLog, testedOf } from '../../../test/fixtures/control-log.ts'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { verifyPack } from './verify.ts'

const CAROL = 'carol'

async function reportOf(log: LogBuilder) {
  return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report
}

async function faultsOf(log: LogBuilder) {
  return (await reportOf(log)).faults.map(({ code, index }) => [code, index])
}

/** Alice, who is endorsed, and Carol, who is not. */
function begun(separation: 'independent' | 'after' = 'independent'): LogBuilder {
  const log = new LogBuilder().begin({ separation })
  log.person(ALICE)
  log.person(CAROL, { endorsed: null })
  return log
}

describe('a gesture by a registration that nobody endorsed', () => {
  test('does not authorize, whether the delegation is used or not', async () => {
    const log = new LogBuilder().company()
    log.person(CAROL, { endorsed: null })
    const used = log.root('bot', { by: CAROL })
    const issued = log.entries.length - 1
    log.decide(used)
    log.head()
    log.root('bot', { by: CAROL })
    expect(await faultsOf(log)).toEqual([
      ['REGISTRATION_NOT_ENDORSED', issued],
      ['REGISTRATION_NOT_ENDORSED', log.entries.length - 2],
    ])
  })

  test('does not approve', async () => {
    const log = begun()
    log.propose('bot')
    const at = log.approve('bot', CAROL)
    expect(await faultsOf(log)).toEqual([['REGISTRATION_NOT_ENDORSED', at]])
  })

  test('does not approve what is kept in any other register', async () => {
    const control = new ControlLog()
    control.log.person('dan', { endorsed: null })
    const at = [control.version(undefined, 'dan', false), control.baseline('dan'), control.template('dan')]
    const { faults } = await testedOf(control.log)
    expect(faults.filter(({ code }) => code === 'REGISTRATION_NOT_ENDORSED')).toMatchObject(
      at.map((index) => ({ index })),
    )
  })

  test('does not count because an endorsement followed', async () => {
    const log = begun()
    log.propose('bot')
    const at = log.approve('bot', CAROL)
    log.endorse(CAROL, ALICE)
    expect(await faultsOf(log)).toEqual([['REGISTRATION_NOT_ENDORSED', at]])
  })

  test('by a key that was never registered is named although nobody used the root', async () => {
    const log = new LogBuilder().company()
    log.people.set('eve', { id: 'per_eve', rev: 'rev_eve', registration: 4 })
    log.root('bot', { by: 'eve' })
    expect(await faultsOf(log)).toEqual([['REGISTRATION_NOT_ENDORSED', log.entries.length - 2]])
  })
})

describe('an endorsement holds', () => {
  test('of the first person by themselves, and of others by somebody endorsed, in a line', async () => {
    const log = begun()
    log.endorse(CAROL, ALICE)
    log.person(BOB, { endorsed: CAROL })
    log.propose('bot')
    log.approve('bot', BOB)
    const report = await reportOf(log)
    expect(report.faults).toEqual([])
    expect(report.notes.filter((note) => /endorsed/.test(note))).toEqual([])
    expect(report.checks.filter(({ name }) => /endorsed/.test(name))).toMatchObject([
      { ok: true, count: 3 },
      { ok: true, count: 1 },
    ])
  })

  test('under `after` of anyone by themselves, and the report says how many', async () => {
    const log = begun('after')
    log.endorse(CAROL, CAROL)
    const { faults, notes } = await reportOf(log)
    expect(faults).toEqual([])
    expect(notes).toContain('1 person besides the first endorsed themselves (separation: after)')
  })

  test('or is missing, and the report says so', async () => {
    const { ok, notes } = await reportOf(begun())
    expect(ok).toBe(true)
    expect(notes).toContain('1 person enrolled and was never endorsed: nothing that they signed counts')
  })
})

describe('an endorsement does not hold', () => {
  test.each<[string, (log: LogBuilder) => number]>([
    ['of oneself by somebody who is not the first', (log) => log.endorse(CAROL, CAROL)],
    [
      'by somebody who was not endorsed before',
      (log) => {
        log.person(BOB, { endorsed: null })
        return log.endorse(CAROL, BOB)
      },
    ],
    [
      'by somebody who is endorsed only afterwards',
      (log) => {
        log.person(BOB, { endorsed: null })
        const at = log.endorse(CAROL, BOB)
        log.endorse(BOB, ALICE)
        return at
      },
    ],
    [
      'that does not say who acted alone',
      (log) => log.endorse(CAROL, ALICE, { body: (body) => ({ ...body, acted_alone: true }) }),
    ],
    [
      'over another person than the registration is of',
      (log) => log.endorse(CAROL, ALICE, { act: (act) => ({ ...act, person: 'per_alice' }) }),
    ],
    [
      'filed under another person',
      (log) => log.endorse(CAROL, ALICE, { entry: (entry) => ({ ...entry, subject: 'per_alice' }) }),
    ],
    [
      'over another key than was registered',
      (log) => log.endorse(CAROL, ALICE, { act: (act) => ({ ...act, credential: 'A'.repeat(43) }) }),
    ],
    [
      'over an entry that registers nobody',
      (log) => log.endorse(CAROL, ALICE, { act: (act) => ({ ...act, registration: 0 }) }),
    ],
    [
      'over a registration that comes later',
      (log) => log.endorse(CAROL, ALICE, { act: (act) => ({ ...act, registration: 99 }) }),
    ],
    [
      'in the name of somebody else',
      (log) => {
        log.person(BOB)
        return log.endorse(CAROL, ALICE, { act: (act) => ({ ...act, endorser: 'per_bob' }) })
      },
    ],
    [
      'logged as an act of somebody else',
      (log) =>
        log.endorse(CAROL, ALICE, {
          entry: (entry) => ({ ...entry, actor: { kind: 'person', id: 'per_carol' } }),
        }),
    ],
    [
      'whose gesture is over something else',
      (log) =>
        log.endorse(CAROL, ALICE, {
          body: (body) => ({ ...body, gesture: log.gesture(ALICE, 'approver', 'x') }),
        }),
    ],
    [
      'whose gesture is in another role',
      (log) =>
        log.endorse(CAROL, ALICE, {
          body: (body) => ({ ...body, gesture: { ...body.gesture, role: 'principal' } }),
        }),
    ],
    [
      'whose gesture is by a key that is not registered',
      (log) =>
        log.endorse(CAROL, ALICE, {
          body: (body) => ({ ...body, gesture: { ...body.gesture, rev: 'rev_nobody' } }),
        }),
    ],
    [
      'by somebody who had left',
      (log) => {
        log.person(BOB)
        log.revoke('person', 'rev_bob')
        return log.endorse(CAROL, BOB)
      },
    ],
    [
      'of a registration that is endorsed already',
      (log) => {
        log.endorse(CAROL, ALICE)
        return log.endorse(CAROL, ALICE)
      },
    ],
  ])('%s', async (_, endorse) => {
    const log = begun()
    const at = endorse(log)
    expect(await faultsOf(log)).toEqual([['ENDORSEMENT_INVALID', at]])
  })
})
