/** Who is known while a call waits or runs. spec/consent.md (CNS-23, CNS-26, CNS-27). */
import { expect, test } from 'vitest'
import { DPV, PD } from '../../core/dpv.ts'
import type { BasisView, SubjectState, Who } from '../../decide/basis/types.ts'
import { BasisCall } from './basis-call.ts'

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
}
const ANN: SubjectState = { subject: 'dsb_ann', jurisdiction: 'EU', consents: [], minor: null }

test('somebody who is registered and objects while a call is under way is taken for unknown no longer', () => {
  let who: Who = 'unknown'
  const call = new BasisCall({
    mode: 'enforce',
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
    purposes: [MARKETING],
    // As the register is when it is asked.
    resolver: () => {
      const now = who
      return () => now
    },
    view: () => VIEW,
    freshness: () => null,
  })
  expect(call.judged().reasons).toEqual([])
  expect(call.late()).toEqual([])
  who = ANN
  expect(call.late()).toEqual(['SUBJECT_OBJECTED'])
  expect(call.take([{ kind: 'text', text: 'Ann, 5 Mill Lane' }])).toEqual([
    { kind: 'text', text: '[withheld: SUBJECT_OBJECTED]' },
  ])
})
