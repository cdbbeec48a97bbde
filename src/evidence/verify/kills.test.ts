/** Logs with a kill switch that was used wrongly, or passed by. spec/kill.md, spec/pack.md. */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, BOUND_MS } from '../../../test/fixtures/history.ts'
import { PasskeyActs } from '../../../test/fixtures/passkey-acts.ts'
import { CAROL, GLOBAL, SwitchLog } from '../../../test/fixtures/switch-log.ts'
import { signKill } from '../../revoke/kill-rules.ts'
import type { KillScope } from '../../revoke/statement.ts'

describe('a kill switch that was used as it may be', () => {
  test('holds: pulled by one, handed in from outside, lifted by two of the roster, who were replaced', async () => {
    const used = new SwitchLog()
    const one = used.pull()
    const two = used.outside({ kind: 'class', id: 'coding' })
    used.roster([ALICE, BOB, CAROL])
    used.lift([one], [ALICE, CAROL])
    used.roster([BOB, CAROL], { seq: 2 })
    used.lift([two], [BOB, CAROL], 2)
    expect(await used.codes()).toEqual([])
  })
})

describe('an entry that does not hold is named', () => {
  test.each<[string, string[], (used: SwitchLog) => void]>([
    [
      'a kill by a person without a gesture',
      ['KILL_INVALID'],
      (used) => used.pull(GLOBAL, { gesture: false }),
    ],
    [
      'a kill with a gesture over another',
      ['KILL_INVALID'],
      (used) => used.pull(GLOBAL, { over: used.kill(GLOBAL) }),
    ],
    ['a kill that a stranger signed', ['KILL_INVALID'], (used) => used.outside(GLOBAL, 'thief')],
    [
      'a frame whose kill the log does not hold',
      ['KILL_INVALID'],
      (used) => {
        const statement = signKill(used.log.world.signer('frame'), 'frame', used.kill(GLOBAL))
        used.log.revoke('kill', statement.kill.id, (frame) => ({ ...frame, statement }))
      },
    ],
    ['a roster by another key', ['ROSTER_INVALID'], (used) => used.roster([ALICE, BOB], { key: 'frame' })],
    ['a roster of which one is enough', ['ROSTER_INVALID'], (used) => used.roster([ALICE, BOB], { m: 1 })],
    [
      'a roster with a number that was there',
      ['ROSTER_INVALID'],
      (used) => {
        used.roster([ALICE, BOB])
        used.roster([ALICE, CAROL])
      },
    ],
    [
      'a roster that names a key that nobody endorsed',
      ['ROSTER_INVALID'],
      (used) => {
        used.log.person('dan', { endorsed: null })
        used.roster([ALICE, 'dan'])
      },
    ],
    [
      'a roster that names a key before it was endorsed',
      ['ROSTER_INVALID'],
      (used) => {
        used.log.person('dan', { endorsed: null })
        used.roster([ALICE, 'dan'])
        used.log.endorse('dan', ALICE)
      },
    ],
    [
      'a roster that names somebody who had left',
      ['ROSTER_INVALID'],
      (used) => {
        used.log.revoke('person', used.log.people.get(CAROL)!.rev)
        used.roster([ALICE, CAROL])
      },
    ],
    [
      'a roster that names what a recovery registered and nobody endorsed',
      ['ROSTER_INVALID'],
      (used) => {
        const acts = new PasskeyActs(used.log)
        acts.registerAnew('carol anew', CAROL, acts.invite(CAROL, null))
        used.roster([ALICE, 'carol anew'])
      },
    ],
    [
      'a lift by one',
      ['LIFT_INVALID'],
      (used) => {
        used.roster([ALICE, BOB])
        used.lift([used.pull()], [ALICE])
      },
    ],
    [
      'a lift by somebody who is not on the roster',
      ['LIFT_INVALID'],
      (used) => {
        used.roster([ALICE, BOB])
        used.lift([used.pull()], [ALICE, CAROL])
      },
    ],
    [
      'a lift by somebody who had left',
      ['LIFT_INVALID'],
      (used) => {
        used.roster([ALICE, BOB])
        used.log.revoke('person', used.log.people.get(BOB)!.rev)
        used.lift([used.pull(GLOBAL, { by: CAROL })], [ALICE, BOB])
      },
    ],
    [
      'a lift by an old roster',
      ['LIFT_INVALID'],
      (used) => {
        used.roster([ALICE, BOB])
        used.roster([ALICE, CAROL], { seq: 2 })
        used.lift([used.pull()], [ALICE, BOB])
      },
    ],
  ])('%s', async (_, codes, bend) => {
    const used = new SwitchLog()
    bend(used)
    expect(await used.codes()).toEqual(codes)
  })
})

describe('an allow under a kill', () => {
  /** An agent that is allowed, `after_ms` after a kill of which its point knows nothing, unless `head` says so. */
  async function allowed(scope: KillScope, after_ms: number, o: { head?: number; lifted?: boolean } = {}) {
    const used = new SwitchLog()
    const { log } = used
    const chain = log.root('bot')
    if (o.lifted === true) used.roster([ALICE, BOB])
    const kill = used.pull(scope.kind === 'agent' ? { kind: 'agent', id: chain.agent } : scope)
    const t = log.clock.now()
    if (o.lifted === true) used.lift([kill], [ALICE, BOB])
    log.clock.advance(after_ms)
    const age_ms = Math.min(after_ms, BOUND_MS)
    log.decide(chain, { freshness: { epoch: 1, head: o.head ?? 0, t: t + after_ms - age_ms, age_ms } })
    log.head()
    return used.codes()
  }

  test.each<[KillScope]>([
    [GLOBAL],
    [{ kind: 'agent', id: '' }],
    [{ kind: 'class', id: 'coding' }],
    [{ kind: 'system', id: 'files' }],
  ])('past the bound, or of a point that knew, is named: %j', async (scope) => {
    expect(await allowed(scope, BOUND_MS)).toEqual([])
    expect(await allowed(scope, BOUND_MS + 1)).toEqual(['ALLOW_AFTER_KILL'])
    expect(await allowed(scope, 1, { head: 1 })).toEqual(['ALLOW_AFTER_KILL'])
  })

  test('is none for another class or server, nor after the lift', async () => {
    expect(await allowed({ kind: 'class', id: 'other' }, BOUND_MS + 1)).toEqual([])
    expect(await allowed({ kind: 'system', id: 'mail' }, BOUND_MS + 1)).toEqual([])
    expect(await allowed(GLOBAL, BOUND_MS + 1, { lifted: true, head: 2 })).toEqual([])
  })
})
