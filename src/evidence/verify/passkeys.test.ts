import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { PasskeyActs } from '../../../test/fixtures/passkey-acts.ts'
import { verifyPack } from './verify.ts'

const CAROL = 'carol'
const HOME = 'alice at home'
const NEW = 'alice anew'

async function reportOf(log: LogBuilder) {
  return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report
}

async function faultsOf(log: LogBuilder) {
  return (await reportOf(log)).faults.map(({ code, index }) => [code, index])
}

/** Alice and Bob, who are endorsed, and an agent and a point that may be used. */
function company(): { log: LogBuilder; acts: PasskeyActs } {
  const log = new LogBuilder().company()
  return { log, acts: new PasskeyActs(log) }
}

/** A root sealed with a passkey, and used. @returns the index of its segment, which is where its gesture stands */
function seals(log: LogBuilder, by: string): number {
  const at = log.entries.length
  log.decide(log.root('bot', { by, issued: (body) => body }))
  log.head()
  return at
}

/** Whoever has it approves an agent of somebody else. */
function approves(log: LogBuilder, by: string, agent: string): number {
  const { id } = log.people.get(by)!
  log.propose(agent, BOB)
  return log.approve(agent, by, {
    act: (act) => ({ ...act, approver: id }),
    entry: (entry) => ({ ...entry, actor: { kind: 'person', id } }),
  })
}

describe('another passkey', () => {
  test('seals and approves as the first does, once it was added', async () => {
    const { log, acts } = company()
    acts.add(HOME, ALICE)
    seals(log, HOME)
    approves(log, HOME, 'other')
    seals(log, ALICE)
    const report = await reportOf(log)
    expect(report.faults).toEqual([])
  })

  test('may add the next one', async () => {
    const { log, acts } = company()
    acts.add(HOME, ALICE)
    acts.add('alice abroad', ALICE, { by: HOME })
    approves(log, 'alice abroad', 'other')
    expect(await faultsOf(log)).toEqual([])
  })

  test('is nothing before it was added', async () => {
    const { log, acts } = company()
    const { id, rev } = log.people.get(ALICE)!
    log.people.set(HOME, { id, rev, registration: log.entries.length + 3 })
    const at = approves(log, HOME, 'other')
    acts.add(HOME, ALICE)
    expect(await faultsOf(log)).toEqual([['APPROVAL_INVALID', at]])
  })

  test.each<[string, (log: LogBuilder, acts: PasskeyActs) => number]>([
    [
      'by itself',
      (_, acts) => {
        // Its own index is not known before it is there: one that was added wrongly adds the next.
        const at = acts.add(HOME, ALICE, { by: BOB })
        return at
      },
    ],
    ['by somebody else', (log, acts) => acts.add(HOME, ALICE, { actor: log.people.get(BOB)!.id })],
    [
      'of another key than was signed for',
      (_, acts) => acts.add(HOME, ALICE, { act: (act) => ({ ...act, credential: acts.jkt(BOB) }) }),
    ],
    [
      'hanging on another registration',
      (log, acts) =>
        acts.add(HOME, ALICE, {
          act: (act) => ({ ...act, registration: log.people.get(BOB)!.registration }),
        }),
    ],
    ['of another sort than the others', (_, acts) => acts.add(HOME, ALICE, { amr: ['pop', 'user'] })],
    [
      'with a gesture over another act',
      (_, acts) =>
        acts.add(HOME, ALICE, { body: (body) => ({ ...body, act: { ...body.act, person: 'per_bob' } }) }),
    ],
    [
      'in another role',
      (_, acts) =>
        acts.add(HOME, ALICE, {
          body: (body) => ({ ...body, gesture: { ...body.gesture, role: 'approver' } }),
        }),
    ],
    [
      'of somebody whom nobody endorsed',
      (log, acts) => {
        log.person(CAROL, { endorsed: null })
        return acts.add('carol at home', CAROL)
      },
    ],
    [
      'of somebody who had left',
      (log, acts) => {
        log.revoke('person', log.people.get(BOB)!.rev)
        return acts.add('bob at home', BOB)
      },
    ],
    [
      'as the eleventh',
      (_, acts) => {
        for (let n = 1; n < 10; n++) acts.add(`alice ${n}`, ALICE)
        return acts.add(HOME, ALICE)
      },
    ],
  ])('is not added %s', async (_, act) => {
    const { log, acts } = company()
    const at = act(log, acts)
    expect(await faultsOf(log)).toEqual([['PASSKEY_INVALID', at]])
  })

  test('that was added wrongly counts for nothing', async () => {
    const { log, acts } = company()
    const wrong = acts.add(HOME, ALICE, { by: BOB })
    const next = acts.add('alice abroad', ALICE, { by: HOME })
    const at = approves(log, HOME, 'other')
    expect(await faultsOf(log)).toEqual([
      ['PASSKEY_INVALID', wrong],
      ['PASSKEY_INVALID', next],
      ['REGISTRATION_NOT_ENDORSED', at],
    ])
  })

  test('is one person’s', async () => {
    const { log, acts } = company()
    acts.add(HOME, ALICE)
    log.people.set(`${HOME} of bob`, log.people.get(BOB)!)
    const at = acts.add(HOME, BOB)
    expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', at]])
  })
})

describe('a passkey that was removed', () => {
  test('leaves what it sealed and approved before', async () => {
    const { log, acts } = company()
    acts.add(HOME, ALICE)
    seals(log, HOME)
    approves(log, HOME, 'other')
    acts.remove(HOME, ALICE)
    expect(await faultsOf(log)).toEqual([])
  })

  test.each<[string, (acts: PasskeyActs) => number]>([
    ['by another passkey', (acts) => acts.remove(ALICE, HOME)],
    ['by somebody else', (acts) => acts.remove(ALICE, null, { actor: 'per_bob' })],
  ])('%s seals and approves nothing afterwards', async (_, remove) => {
    const { log, acts } = company()
    acts.add(HOME, ALICE)
    remove(acts)
    const sealed = seals(log, ALICE)
    const approved = approves(log, ALICE, 'other')
    const added = acts.add('alice abroad', ALICE)
    expect(await faultsOf(log)).toEqual(
      expect.arrayContaining([
        ['PASSKEY_REMOVED', sealed],
        ['PASSKEY_REMOVED', approved],
        ['APPROVAL_INVALID', approved],
        ['PASSKEY_INVALID', added],
      ]),
    )
    const alone = company()
    alone.acts.add(HOME, ALICE)
    remove(alone.acts)
    seals(alone.log, HOME)
    expect(await faultsOf(alone.log)).toEqual([])
  })

  test.each<[string, (acts: PasskeyActs) => void]>([
    ['by its person', (acts) => acts.remove(HOME, ALICE, { reason: 'compromised' })],
    [
      'by its person, since a moment',
      (acts) => acts.remove(HOME, ALICE, { reason: 'compromised', since: '2026-01-01T00:00:00Z' }),
    ],
    ['by somebody else', (acts) => acts.remove(HOME, null, { reason: 'compromised', actor: 'per_bob' })],
  ])('is found to be compromised later %s', async (_, find) => {
    const { log, acts } = company()
    acts.add(HOME, ALICE)
    acts.remove(HOME, ALICE)
    find(acts)
    find(acts)
    const late = approves(log, HOME, 'other')
    expect(await faultsOf(log)).toContainEqual(['PASSKEY_REMOVED', late])
    const before = company()
    before.acts.add(HOME, ALICE)
    seals(before.log, HOME)
    before.acts.remove(HOME, ALICE)
    find(before.acts)
    expect(await faultsOf(before.log)).toEqual([])
  })

  test.each<[string, (log: LogBuilder, acts: PasskeyActs) => number]>([
    ['by itself', (_, acts) => acts.remove(HOME, HOME)],
    [
      'since a moment, though it was lost',
      (_, acts) => acts.remove(HOME, ALICE, { since: '2026-01-01T00:00:00Z' }),
    ],
    [
      'since another moment than was signed',
      (_, acts) =>
        acts.remove(HOME, ALICE, {
          reason: 'compromised',
          since: '2026-01-01T00:00:00Z',
          body: (body) => ({ ...body, since: '2026-02-01T00:00:00Z' }),
        }),
    ],
    [
      'since a moment to come',
      (_, acts) => acts.remove(HOME, ALICE, { reason: 'compromised', since: '2999-01-01T00:00:00Z' }),
    ],
    ['by its person without a gesture', (_, acts) => acts.remove(HOME, null)],
    ['by a gesture of somebody else', (_, acts) => acts.remove(HOME, BOB)],
    [
      'for another reason than was signed',
      (_, acts) => acts.remove(HOME, ALICE, { act: (act) => ({ ...act, reason: 'compromised' }) }),
    ],
    [
      'in place of another',
      (log, acts) =>
        acts.remove(HOME, ALICE, {
          act: (act) => ({ ...act, passkey: log.people.get(ALICE)!.registration }),
        }),
    ],
    [
      'twice',
      (_, acts) => {
        acts.remove(HOME, ALICE)
        return acts.remove(HOME, ALICE)
      },
    ],
    [
      'by somebody else whom nobody endorsed',
      (log, acts) => {
        log.person('dan', { endorsed: null })
        return acts.remove(HOME, null, { actor: log.people.get('dan')!.id })
      },
    ],
    [
      'by somebody else who had left',
      (log, acts) => {
        log.revoke('person', log.people.get(BOB)!.rev)
        return acts.remove(HOME, null, { actor: log.people.get(BOB)!.id })
      },
    ],
    [
      'by half a signature',
      (_, acts) => acts.remove(HOME, ALICE, { actor: 'per_bob', body: ({ act: _act, ...body }) => body }),
    ],
  ])('is not removed %s', async (_, act) => {
    const { log, acts } = company()
    acts.add(HOME, ALICE)
    const at = act(log, acts)
    expect(await faultsOf(log)).toEqual([['PASSKEY_INVALID', at]])
  })
})

describe('a recovery', () => {
  function ofThree(separation: 'independent' | 'after' = 'independent') {
    const log = new LogBuilder().begin({ separation })
    for (const name of [ALICE, BOB, CAROL]) log.person(name)
    return { log, acts: new PasskeyActs(log) }
  }

  function ofOne() {
    const log = new LogBuilder().begin()
    log.person(ALICE)
    return { log, acts: new PasskeyActs(log) }
  }

  test('counts by the endorsement of a third person, and ends what was before', async () => {
    const { log, acts } = ofThree()
    acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
    approves(log, ALICE, 'early')
    log.endorse(NEW, CAROL)
    approves(log, NEW, 'late')
    expect(await faultsOf(log)).toEqual([])
    const at = approves(log, ALICE, 'old')
    expect(await faultsOf(log)).toEqual(
      expect.arrayContaining([
        ['PASSKEY_REMOVED', at],
        ['APPROVAL_INVALID', at],
      ]),
    )
  })

  test('is nothing before', async () => {
    const { log, acts } = ofThree()
    acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
    const at = approves(log, NEW, 'other')
    expect(await faultsOf(log)).toEqual([['REGISTRATION_NOT_ENDORSED', at]])
  })

  test.each<[string, (log: LogBuilder, acts: PasskeyActs) => void]>([
    ['waits', () => undefined],
    ['was followed by another invitation', (_, acts) => void acts.invite(ALICE, BOB)],
    [
      'was followed by one that somebody endorsed',
      (log, acts) => {
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
        log.endorse(NEW, CAROL)
      },
    ],
    ['ended with the person', (log) => void log.revoke('person', log.people.get(ALICE)!.rev)],
  ])('that %s left no passkey that could have been compromised', async (_, then) => {
    const { log, acts } = ofThree()
    acts.registerAnew('alice once', ALICE, acts.invite(ALICE, BOB))
    then(log, acts)
    const removes = (): number =>
      acts.remove('alice once', null, { reason: 'compromised', actor: log.people.get(BOB)!.id })
    const [at, again] = [removes(), removes()]
    expect(await faultsOf(log)).toEqual([
      ['PASSKEY_INVALID', at],
      ['PASSKEY_INVALID', again],
    ])
  })

  test('is endorsed by who invited under `after`, who acts alone', async () => {
    const { log, acts } = ofThree('after')
    acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
    log.endorse(NEW, BOB, { body: (body) => ({ ...body, acted_alone: true }) })
    const { faults, notes } = await reportOf(log)
    expect(faults).toEqual([])
    expect(notes.join()).toContain('1 recovery was endorsed by one person alone')
  })

  test('of the only person is by the machine and by themselves, and the report says so', async () => {
    const { log, acts } = ofOne()
    acts.registerAnew(NEW, ALICE, acts.invite(ALICE, null))
    log.endorse(NEW, NEW)
    const { faults, notes } = await reportOf(log)
    expect(faults).toEqual([])
    expect(notes.join()).toContain('1 invitation to register anew came from the machine')
  })

  test('by two whom the first person invited holds: there was nobody else', async () => {
    const log = new LogBuilder().begin()
    for (const [name, o] of [[ALICE], [BOB, { by: ALICE }], [CAROL, { by: ALICE }]] as const)
      log.person(name, o)
    const acts = new PasskeyActs(log)
    acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
    log.endorse(NEW, CAROL)
    log.people.set(ALICE, log.people.get(NEW)!)
    acts.registerAnew('lost again', ALICE, acts.invite(ALICE, CAROL))
    // That Bob stands behind Alice since then makes Carol, whom she brought in before, none of his.
    log.endorse('lost again', BOB)
    expect(await faultsOf(log)).toEqual([])
  })

  test.each<[string, (log: LogBuilder) => void, string, string]>([
    ['whom the inviter endorsed', () => {}, ALICE, CAROL],
    ['who endorsed the inviter', () => {}, CAROL, ALICE],
    ['whom the inviter invited', (log) => log.person('dan', { by: CAROL, endorsed: BOB }), CAROL, 'dan'],
    [
      'whom somebody endorsed whom the inviter did',
      (log) => {
        log.person('dan', { endorsed: CAROL })
        log.person('eve', { endorsed: 'dan' })
      },
      CAROL,
      'eve',
    ],
    [
      'whom a third person brought in, as the inviter',
      (log) => {
        log.person('dan', { by: BOB, endorsed: CAROL })
        log.person('eve', { endorsed: CAROL })
      },
      'dan',
      'eve',
    ],
    [
      'whom the inviter had recovered',
      (log) => {
        const acts = new PasskeyActs(log)
        acts.registerAnew('carol anew', CAROL, acts.invite(CAROL, null))
        log.endorse('carol anew', BOB)
      },
      BOB,
      'carol anew',
    ],
  ])('is not endorsed by somebody %s', async (_, write, inviter, endorser) => {
    for (const separation of ['independent', 'after'] as const) {
      const { log, acts } = ofThree(separation)
      write(log)
      log.person('lost', { endorsed: BOB })
      acts.registerAnew(NEW, 'lost', acts.invite('lost', inviter))
      const at = log.endorse(NEW, endorser)
      expect(await faultsOf(log)).toEqual(separation === 'after' ? [] : [['ENDORSEMENT_INVALID', at]])
    }
  })

  test('may follow another', async () => {
    const { log, acts } = ofThree()
    acts.registerAnew('lost again', ALICE, acts.invite(ALICE, BOB))
    acts.registerAnew(NEW, ALICE, acts.invite(ALICE, null))
    log.endorse(NEW, BOB)
    log.people.set(ALICE, log.people.get(NEW)!)
    acts.registerAnew('third', ALICE, acts.invite(ALICE, BOB))
    log.endorse('third', CAROL)
    expect(await faultsOf(log)).toEqual([])
  })

  test.each<[string, (log: LogBuilder, acts: PasskeyActs) => number]>([
    [
      'who invited, under `independent`',
      (log, acts) => {
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
        return log.endorse(NEW, BOB, { body: (body) => ({ ...body, acted_alone: true }) })
      },
    ],
    [
      'who invited, without saying so',
      (log, acts) => {
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
        return log.endorse(NEW, BOB)
      },
    ],
    [
      'the person themselves, invited by somebody',
      (log, acts) => {
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
        return log.endorse(NEW, NEW)
      },
    ],
    [
      'the person themselves, while somebody else is there',
      (log, acts) => {
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, null))
        return log.endorse(NEW, NEW)
      },
    ],
    [
      'their passkey from before',
      (log, acts) => {
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, null))
        return log.endorse(NEW, ALICE, { body: (body) => ({ ...body, acted_alone: true }) })
      },
    ],
    [
      'anybody, after the next invitation',
      (log, acts) => {
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
        acts.invite(ALICE, BOB)
        return log.endorse(NEW, CAROL)
      },
    ],
    [
      'somebody whom nobody endorsed',
      (log, acts) => {
        log.person('dan', { endorsed: null })
        acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB))
        return log.endorse(NEW, 'dan')
      },
    ],
  ])('is not endorsed by %s', async (_, act) => {
    const { log, acts } = ofThree()
    const at = act(log, acts)
    expect(await faultsOf(log)).toEqual([['ENDORSEMENT_INVALID', at]])
  })

  test.each<[string, (log: LogBuilder, acts: PasskeyActs) => number]>([
    ['invited by the person themselves', (_, acts) => acts.invite(ALICE, ALICE)],
    [
      'over a registration that is not in force',
      (log, acts) => acts.invite(ALICE, BOB, () => ({ registration: log.people.get(BOB)!.registration })),
    ],
    [
      'of somebody whom nobody endorsed',
      (log, acts) => {
        log.person('dan', { endorsed: null })
        return acts.invite('dan', BOB)
      },
    ],
    [
      'invited by somebody whom nobody endorsed',
      (log, acts) => {
        log.person('dan', { endorsed: null })
        return acts.invite(ALICE, 'dan')
      },
    ],
    [
      'invited by somebody who had left',
      (log, acts) => {
        log.revoke('person', log.people.get(BOB)!.rev)
        return acts.invite(ALICE, BOB)
      },
    ],
    [
      'of somebody who had left',
      (log, acts) => {
        log.revoke('person', log.people.get(ALICE)!.rev)
        return acts.invite(ALICE, BOB)
      },
    ],
    [
      'registered by another invitation',
      (_, acts) => {
        const first = acts.invite(ALICE, BOB)
        acts.invite(ALICE, CAROL)
        return acts.registerAnew(NEW, ALICE, first)
      },
    ],
    [
      'registered twice',
      (_, acts) => {
        const invitation = acts.invite(ALICE, BOB)
        acts.registerAnew(NEW, ALICE, invitation)
        return acts.registerAnew('another', ALICE, invitation)
      },
    ],
    [
      'registered by somebody else',
      (_, acts) => acts.registerAnew(NEW, ALICE, acts.invite(ALICE, BOB), 'per_bob'),
    ],
  ])('does not hold %s', async (_, act) => {
    const { log, acts } = ofThree()
    const at = act(log, acts)
    expect(await faultsOf(log)).toEqual([['PASSKEY_INVALID', at]])
  })
})
