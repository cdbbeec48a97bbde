import { expect, test } from 'vitest'
import { placeOf, PLACES } from './places.ts'

test.each([
  ['dlg_01m8q8wbv1x3t19aaxahvf1r3h', '/delegations/dlg_01m8q8wbv1x3t19aaxahvf1r3h'],
  [' agt_01m8q8wbv1x3t19aaxahvf1r3h ', '/agents/agt_01m8q8wbv1x3t19aaxahvf1r3h'],
  ['smp_01m8q8wbv1x3t19aaxahvf1r3h', '/evidence/samples/smp_01m8q8wbv1x3t19aaxahvf1r3h'],
  ['0042', '/log/42'],
  ['xyz_01m8q8wbv1x3t19aaxahvf1r3h', null],
  ['agt_../../settings', null],
  ['mail bot', null],
  ['', null],
])('%j leads to %s', (typed, place) => {
  expect(placeOf(typed)).toBe(place)
})

test('no two places are one', () => {
  expect(new Set(PLACES.map(({ to, show }) => `${to} ${show}`)).size).toBe(PLACES.length)
})
