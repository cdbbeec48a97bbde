import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { ISS, NOW_MS, RP, World } from '../../test/fixtures/tokens.ts'
import type { Crypto } from '../core/crypto.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf } from '../token/gesture.ts'
import { KillState, type Stoppable } from './kill.ts'
import { liftAct, signFrameKey, signKill, signProbe, signRoster } from './kill-rules.ts'
import type { KillScope, Lift, SignedKill, SignedLift, SignedRoster, Statement } from './statement.ts'

const w = new World('kills')
const frame = w.signer('frame')
const breakGlass = w.signer('break-glass')
const thief = w.signer('thief')
const people = ['ann', 'ben', 'cem'].map((name) => ({
  rev: `rev_${name}`,
  authenticator: w.authenticator(name),
}))
const [ann, ben, cem] = people as [Named, Named, Named]
type Named = (typeof people)[number]

const GLOBAL: KillScope = { kind: 'global' }
const CALL: Stoppable = {
  server: 'files',
  systems: ['sys_files'],
  agents: [
    { id: 'agt_a', class: 'assistant' },
    { id: 'agt_b', class: 'coding' },
  ],
}

function kill(
  id: string,
  scope: KillScope = GLOBAL,
  by: 'frame' | 'break_glass' = 'break_glass',
): SignedKill {
  const body = { v: 1 as const, id, iss: ISS, scope, reason: 'test', t: NOW_MS }
  return signKill(by === 'frame' ? frame : breakGlass, by, body)
}

function roster(seq: number, of: readonly Named[] = people, m = 2): SignedRoster {
  const named = of.map(({ rev, authenticator }) => ({ rev, jwk: authenticator.jwk }))
  return signRoster(breakGlass, { v: 1, seq, iss: ISS, people: named, m, t: NOW_MS })
}

function lift(kills: string[], by: readonly Named[], edit: Partial<Lift> = {}): SignedLift {
  const body: Lift = { v: 1, id: 'lft_1', iss: ISS, kills, roster: 1, reason: 'over', t: NOW_MS, ...edit }
  const challenge = challengeOf(w.crypto, ACT_TAG, liftAct(body))
  const gestures = by.map(({ rev, authenticator }) =>
    w.gesture(challenge, { rev, role: 'approver' }, authenticator),
  )
  return { lift: body, gestures }
}

const trust = {
  iss: ISS,
  rp: RP,
  frameKey: frame.publicJwk,
  breakGlass: breakGlass.publicJwk,
  alone: false,
}

function newState(crypto: Crypto = w.crypto, alone = false): KillState {
  return new KillState({ crypto, trust: { ...trust, alone } })
}

let state: KillState
beforeEach(() => {
  state = newState()
})
const ids = (of = state): string[] => of.inForce.map((each) => each.kill.id)

describe('a kill', () => {
  test.each<[KillScope, boolean]>([
    [{ kind: 'global' }, true],
    [{ kind: 'system', id: 'sys_files' }, true],
    [{ kind: 'system', id: 'files' }, true],
    [{ kind: 'system', id: 'mail' }, false],
    [{ kind: 'class', id: 'assistant' }, true],
    [{ kind: 'class', id: 'coding' }, true],
    [{ kind: 'class', id: 'other' }, false],
    [{ kind: 'agent', id: 'agt_a' }, true],
    [{ kind: 'agent', id: 'agt_b' }, true],
    [{ kind: 'agent', id: 'coding' }, false],
  ])('with the scope %j stops a call of its scope: %s', (scope, stops) => {
    expect(state.stops(CALL)).toBe(false)
    expect(state.apply(kill('kil_1', scope))).toBe('applied')
    expect([state.active, state.stops(CALL)]).toEqual([true, stops])
  })

  test('of everything stops what is no call and has no agent, one of a class does not', () => {
    const nobody = { server: null, systems: [], agents: [] }
    state.apply(kill('kil_1', { kind: 'class', id: 'assistant' }))
    expect(state.stops(nobody)).toBe(false)
    state.apply(kill('kil_2'))
    expect(state.stops(nobody)).toBe(true)
  })

  test('holds by the frame key and by the break-glass key', () => {
    expect(state.apply(kill('kil_1', GLOBAL, 'frame'))).toBe('applied')
    expect(state.apply(kill('kil_2', GLOBAL, 'break_glass'))).toBe('applied')
    expect(ids()).toEqual(['kil_1', 'kil_2'])
  })

  test.each<[string, SignedKill]>([
    ['a stranger signed', signKill(thief, 'frame', kill('kil_1').kill)],
    ['says another key than signed it', { ...kill('kil_1', GLOBAL, 'frame'), by: 'break_glass' }],
    ['was changed', { ...kill('kil_1'), kill: { ...kill('kil_1').kill, scope: GLOBAL, reason: 'x' } }],
    ['is of another control plane', signKill(breakGlass, 'break_glass', { ...kill('k').kill, iss: 'other' })],
  ])('that %s is let go and leaves nothing', (_, forged) => {
    expect(state.apply(forged)).toBe('rejected')
    expect([state.active, state.stops(CALL), ids()]).toEqual([false, false, []])
  })

  test('denies before its signature is checked, also a forged one, and no longer', () => {
    const during: boolean[] = []
    const watching: Crypto = {
      ...w.crypto,
      verify: (...args) => {
        during.push(state.stops(CALL))
        return w.crypto.verify(...args)
      },
    }
    state = newState(watching)
    state.apply(signKill(thief, 'frame', kill('kil_1').kill))
    expect([during, state.stops(CALL)]).toEqual([[true], false])
  })

  test('that holds nothing by the break-glass key does so where none is pinned', () => {
    const trust = { iss: ISS, rp: RP, frameKey: frame.publicJwk, breakGlass: null, alone: false }
    state = new KillState({ crypto: w.crypto, trust })
    expect(state.apply(kill('kil_1'))).toBe('rejected')
    expect(state.apply(kill('kil_2', GLOBAL, 'frame'))).toBe('applied')
    expect(state.apply(roster(1))).toBe('rejected')
  })

  test('does not replace another of its identifier', () => {
    state.apply(kill('kil_1', { kind: 'agent', id: 'agt_x' }))
    expect(state.apply(kill('kil_1'))).toBe('rejected')
    expect(state.stops(CALL)).toBe(false)
    expect(state.apply(kill('kil_1', { kind: 'agent', id: 'agt_x' }))).toBe('ignored')
  })
})

describe('a lift', () => {
  beforeEach(() => {
    state.apply(kill('kil_1'))
    state.apply(kill('kil_2'))
  })

  test('by as many people as the roster says ends the kills that it names, and no others', () => {
    state.apply(roster(1))
    expect(state.apply(lift(['kil_1'], [ann, cem]))).toBe('applied')
    expect([ids(), state.wasLifted('kil_1'), state.stops(CALL)]).toEqual([['kil_2'], true, true])
    state.apply(lift(['kil_2'], [ben, ann]))
    expect([ids(), state.active]).toEqual([[], false])
  })

  test.each<[string, () => SignedLift]>([
    ['one person', () => lift(['kil_1'], [ann])],
    ['one person twice', () => lift(['kil_1'], [ann, ann])],
    ['one person and a stranger', () => lift(['kil_1'], [ann, stranger('rev_x')])],
    ['one person and a stranger in the name of another', () => lift(['kil_1'], [ann, stranger('rev_ben')])],
    ['people of an old roster', () => lift(['kil_1'], [ann, ben], { roster: 1 })],
    ['people of a roster to come', () => lift(['kil_1'], [ann, ben], { roster: 3 })],
    ['another control plane', () => lift(['kil_1'], [ann, ben], { roster: 2, iss: 'other' })],
    [
      'gestures over another lift',
      () => ({ ...lift(['kil_1'], [ann, ben]), lift: lift(['kil_2'], []).lift }),
    ],
  ])('by %s changes nothing', (_, made) => {
    state.apply(roster(1))
    state.apply(roster(2))
    const { lift: body, gestures } = made()
    expect(state.apply({ lift: body, gestures })).toBe('rejected')
    expect(ids()).toEqual(['kil_1', 'kil_2'])
    // What is refused above is refused for what it says: with two people and the roster in force it holds.
    expect(state.apply(lift(['kil_1'], [ann, ben], { roster: 2 }))).toBe('applied')
  })

  test.each<[string, number, () => SignedLift]>([
    ['gestures of 32 people', 0, () => lift(['kil_1'], Array(32).fill(ann) as Named[])],
    ['gestures of more people than it takes', 0, () => lift(['kil_1'], people)],
    ['a gesture of a stranger', 0, () => lift(['kil_1'], [ann, stranger('rev_x')])],
    ['the gestures of another lift', 0, () => forged(lift(['kil_2'], [ann, ben]))],
    ['two signatures that do not verify', 1, () => broken(lift(['kil_1'], [ann, ben]))],
  ])('with %s is refused after %i signatures', (_, signatures, made) => {
    let checked = 0
    const verify: Crypto['verify'] = (...parts) => {
      checked++
      return w.crypto.verify(...parts)
    }
    state = newState({ ...w.crypto, verify })
    state.apply(roster(1))
    state.apply(kill('kil_1'))
    const forgery = made()
    checked = 0
    expect([state.apply(forgery), checked]).toEqual(['rejected', signatures])
  })

  test('does not hold with a gesture of somebody who has left, until a roster is without them', () => {
    const gone = new Set<string>()
    state = new KillState({ crypto: w.crypto, trust, isGone: (rev) => gone.has(rev) })
    state.apply(roster(1))
    for (const id of ['kil_1', 'kil_2', 'kil_3']) state.apply(kill(id))
    expect(state.apply(lift(['kil_1'], [ann, ben]))).toBe('applied')
    gone.add(ben.rev)
    expect(state.isHopeless(lift(['kil_2'], [ann, ben]))).toBe(true)
    expect(state.apply(lift(['kil_2'], [ann, ben]))).toBe('rejected')
    expect(state.apply(lift(['kil_2'], [ann, cem]))).toBe('applied')
    state.apply(roster(2, [ann, cem]))
    expect(state.apply(lift(['kil_3'], [cem, ann], { roster: 2 }))).toBe('applied')
  })

  test('does not hold without a roster, nor by the break-glass key alone', () => {
    expect(state.apply(lift(['kil_1'], [ann, ben]))).toBe('rejected')
  })

  test('that comes before its kill keeps it out for ever', () => {
    state.apply(roster(1))
    expect(state.apply(lift(['kil_9'], [ann, ben]))).toBe('applied')
    expect(state.apply(kill('kil_9'))).toBe('ignored')
    expect(ids()).toEqual(['kil_1', 'kil_2'])
  })
})

function forged({ gestures }: SignedLift): SignedLift {
  return { lift: lift(['kil_1'], []).lift, gestures }
}

/** Each has the signature of the other. */
function broken({ lift: body, gestures }: SignedLift): SignedLift {
  const signatures = gestures.map(({ signature }) => signature).reverse()
  return { lift: body, gestures: gestures.map((each, i) => ({ ...each, signature: signatures[i] ?? '' })) }
}

function stranger(rev: string): Named {
  return { rev, authenticator: w.authenticator('stranger') }
}

describe('a roster', () => {
  test('is replaced by one with a higher number, and by no other', () => {
    expect([state.apply(roster(2)), state.apply(roster(1)), state.apply(roster(3))]).toEqual([
      'applied',
      'ignored',
      'applied',
    ])
    expect(state.roster?.seq).toBe(3)
  })

  test.each<[string, SignedRoster]>([
    ['the frame key signed', signRoster(frame, roster(1).roster)],
    ['one person may use', roster(1, people, 1)],
    ['names one person twice', roster(1, [ann, ann, ben])],
    ['names one passkey twice', roster(1, [ann, { ...ann, rev: 'rev_other' }])],
    ['takes more than it names', roster(1, [ann, ben], 3)],
  ])('that %s is refused', (_, bad) => {
    expect(state.apply(bad)).toBe('rejected')
    expect(state.roster).toBeNull()
  })

  test('of one person is taken where the enrolment says so', () => {
    state = newState(w.crypto, true)
    expect(state.apply(roster(1, [ann], 1))).toBe('applied')
    state.apply(kill('kil_1'))
    expect(state.apply(lift(['kil_1'], [ann]))).toBe('applied')
  })
})

test('a probe changes nothing, and one that nobody signed is refused', () => {
  const probe = { v: 1 as const, id: 'prb_1', iss: ISS, t: NOW_MS }
  expect(state.apply(signProbe(breakGlass, 'break_glass', probe))).toBe('ignored')
  expect(state.apply(signProbe(frame, 'frame', probe))).toBe('ignored')
  expect(state.apply(signProbe(thief, 'frame', probe))).toBe('rejected')
})

test('a new frame key signs kills from then on, and what the old one signed stays in force', () => {
  state.apply(kill('kil_1', GLOBAL, 'frame'))
  const replace = (seq: number, epoch: number) =>
    signFrameKey(breakGlass, { v: 1, seq, iss: ISS, jwk: w.signer('next').publicJwk, epoch, t: NOW_MS })
  expect(state.apply(signFrameKey(frame, replace(1, 2).frame_key))).toBe('rejected')
  expect(state.apply(replace(1, 2))).toBe('applied')
  expect(state.apply(replace(1, 3))).toBe('ignored')
  expect(state.apply(replace(2, 2))).toBe('rejected')
  expect(state.apply(kill('kil_2', GLOBAL, 'frame'))).toBe('rejected')
  expect(state.apply(signKill(w.signer('next'), 'frame', kill('kil_3').kill))).toBe('applied')
  expect(ids()).toEqual(['kil_1', 'kil_3'])
})

describe('statements that come again', () => {
  const all: readonly Statement[] = [
    roster(1),
    kill('kil_1'),
    kill('kil_2', { kind: 'agent', id: 'agt_a' }, 'frame'),
    lift(['kil_1'], [ann, ben]),
    kill('kil_3', { kind: 'class', id: 'coding' }),
    lift(['kil_3', 'kil_1'], [ben, cem], { id: 'lft_2' }),
  ]

  test('change nothing, in whatever order and however often', () => {
    for (const each of all) state.apply(each)
    const before = [ids(), state.roster]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...all), { maxLength: 30 }), (again) => {
        for (const each of again) expect(state.apply(each)).toBe('ignored')
        expect([ids(), state.roster]).toEqual(before)
      }),
      { numRuns: 30 },
    )
  })

  test('lead to the same end in every order, once each was there with its roster', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(all.slice(1), { minLength: all.length - 1 }), (order) => {
        const other = newState()
        for (const each of [all[0]!, ...order]) other.apply(each)
        expect(ids(other)).toEqual(['kil_2'])
      }),
      { numRuns: 30 },
    )
  })

  test('are restored as they held, though keys and rosters have changed since', () => {
    const later: Statement[] = [...all, roster(2, [ben, cem])]
    for (const each of later) state.restore(each)
    expect([ids(), state.roster?.seq, state.wasLifted('kil_3')]).toEqual([['kil_2'], 2, true])
    expect(state.apply(kill('kil_1'))).toBe('ignored')
  })
})
