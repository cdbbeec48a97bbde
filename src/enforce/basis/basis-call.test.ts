/** Who is known while a call waits or runs. spec/consent.md (CNS-23, CNS-26, CNS-27). */
import { expect, test } from 'vitest'
import { DPV, PD } from '../../core/dpv.ts'
import type { BasisView, SubjectState, Who } from '../../decide/basis/types.ts'
import { BasisCall, type BasisMode } from './basis-call.ts'

const MARKETING = `${DPV}Marketing`
const VIEW: BasisView = {
  bases: [
    {
      id: 'bas_1',
      kind: 'gdpr_6_1_f',
      purpose: MARKETING,
      categories: [`${PD}Contact`],
      condition: false,
      jurisdiction: 'EU',
      exp: 1000,
      unregistered: true,
    },
  ],
  isRevoked: (kind, handle) => kind === 'subject' && handle === 'dsb_ann',
  mark: () => '',
  now_s: 1,
  isStale: false,
  isCurrent: true,
  consent: null,
}
const ANN: SubjectState = { subject: 'dsb_ann', jurisdiction: 'EU', consents: [], minor: null }

/** A call of a personal tool, with the switch and the register as they are when they are asked. */
function callWith(state: { mode: BasisMode; who: Who }, purposes: readonly string[] | null): BasisCall {
  return new BasisCall({
    mode: () => state.mode,
    request: {
      server: 'crm',
      tool: 'customer',
      args: { id: 'ann' },
      credential: { kind: 'hosted', delegation: 'x' },
      definition_hash: null,
    },
    agent: 'agt_1',
    label: {
      v: 1,
      result: { level: 'internal', integrity: 'trusted', categories: ['contact'] },
      effect: 'none',
      accepts: 'restricted',
      destination: [],
      subject: ['/id'],
    },
    purposes: () => purposes,
    resolver: () => {
      const now = state.who
      return () => now
    },
    view: () => VIEW,
    freshness: () => null,
  })
}

const RESULT = [{ kind: 'text', text: 'Ann, 5 Mill Lane' }] as const

test('somebody who is registered and objects while a call is under way is taken for unknown no longer', () => {
  const state = { mode: 'enforce' as const, who: 'unknown' as Who }
  const call = callWith(state, [MARKETING])
  expect(call.judged()?.reasons).toEqual([])
  expect(call.late()).toEqual([])
  state.who = ANN
  expect(call.late()).toEqual(['SUBJECT_OBJECTED'])
  expect(call.take(RESULT)).toEqual([{ kind: 'text', text: '[withheld: SUBJECT_OBJECTED]' }])
})

test('a call that began while nobody asked is held to the switch that is in force when its result comes', () => {
  const state = { mode: 'off' as BasisMode, who: ANN as Who }
  const call = callWith(state, [MARKETING])
  expect(call.judged()).toBeNull()
  expect(call.late()).toEqual([])
  expect(call.take(RESULT)).toBe(RESULT)
  expect(call.outcome).toBeUndefined()
  state.mode = 'enforce'
  expect(call.late()).toEqual(['SUBJECT_OBJECTED'])
  expect(call.take(RESULT)).toEqual([{ kind: 'text', text: '[withheld: SUBJECT_OBJECTED]' }])
  expect(call.outcome).toMatchObject({ mode: 'enforce', missing: [{ reason: 'SUBJECT_OBJECTED' }] })
  // What was asked for once is asked for to its end.
  state.mode = 'off'
  expect(call.takeWhole()).toBe(false)
})

test('a result is withheld where the grants name no purpose', () => {
  const state = { mode: 'off' as BasisMode, who: ANN as Who }
  const call = callWith(state, null)
  expect(call.judged()).toBeNull()
  state.mode = 'enforce'
  expect(call.take(RESULT)).toEqual([{ kind: 'text', text: '[withheld: PURPOSE_OUTSIDE]' }])
})
