/** What a relay keeps of what strangers push. spec/kill.md (KIL-24). */
import { describe, expect, test } from 'vitest'
import { ISS, NOW_MS, RP, World } from '../../test/fixtures/tokens.ts'
import { signKill, signRoster } from '../../src/revoke/kill-rules.ts'
import type { SignedKill, SignedLift, Statement } from '../../src/revoke/statement.ts'
import { KeptStatements, UPSTREAM } from './statements.ts'

const w = new World('relay statements')
const [frame, breakGlass, thief] = [w.signer('frame'), w.signer('break-glass'), w.signer('thief')]
const trust = { iss: ISS, rp: RP, frameKey: frame.publicJwk, breakGlass: breakGlass.publicJwk, alone: false }

function kill(id: string, signer = breakGlass, reason = 'test'): SignedKill {
  return signKill(signer, signer === frame ? 'frame' : 'break_glass', {
    v: 1,
    id,
    iss: ISS,
    scope: { kind: 'global' },
    reason,
    t: NOW_MS,
  })
}

function lift(id: string): SignedLift {
  const gesture = w.gesture('x', { rev: 'rev_ann', role: 'approver' }, w.authenticator('ann'))
  const body = { v: 1 as const, id, iss: ISS, kills: ['kil_1'], roster: 1, reason: 'over', t: NOW_MS }
  return { lift: body, gestures: [gesture] }
}

const idsOf = (all: readonly Statement[]): (string | undefined)[] =>
  all.map((each) => ('kill' in each ? each.kill.id : 'lift' in each ? each.lift.id : undefined))

describe('a relay that knows the keys', () => {
  test('keeps what holds, and nothing that a stranger signed', () => {
    const kept = new KeptStatements(w.crypto, trust)
    for (let i = 0; i < 300; i++) expect(kept.add(kill(`kil_${i}`, thief), `stranger ${i}`)).toBe('refused')
    expect([kept.add(kill('kil_a'), 'a'), kept.add(kill('kil_b', frame), 'b')]).toEqual(['new', 'new'])
    expect(kept.add(kill('kil_a'), 'c')).toBe('known')
    expect(kept.add(kill('kil_a', thief, 'another'), 'c')).toBe('refused')
    expect(idsOf(kept.all())).toEqual(['kil_a', 'kil_b'])
  })

  test('keeps what holds however many lifts it cannot judge, and judges them once it has the roster', () => {
    const kept = new KeptStatements(w.crypto, trust)
    kept.add(kill('kil_1'), 'a')
    for (let i = 0; i < 300; i++) kept.add(lift(`lft_${i}`), 'stranger')
    expect([kept.all().length, idsOf(kept.all()).includes('kil_1')]).toEqual([257, true])
    const people = ['ann', 'ben'].map((name) => ({ rev: `rev_${name}`, jwk: w.authenticator(name).jwk }))
    kept.add(signRoster(breakGlass, { v: 1, seq: 1, iss: ISS, people, m: 2, t: NOW_MS }), 'a')
    expect(kept.add(lift('lft_late'), 'stranger')).toBe('refused')
  })
})

test('without keys, a stranger who fills the memory drives out what the stranger gave, and no more', () => {
  const kept = new KeptStatements(w.crypto, null)
  kept.add(kill('kil_upstream'), UPSTREAM)
  kept.add(kill('kil_pushed'), 'operator')
  for (let i = 0; i < 1000; i++) kept.add(kill(`kil_${i}`, thief), 'stranger')
  const ids = idsOf(kept.all())
  expect([ids.length, ids.slice(0, 2), ids.at(-1)]).toEqual([256, ['kil_upstream', 'kil_pushed'], 'kil_999'])
})
