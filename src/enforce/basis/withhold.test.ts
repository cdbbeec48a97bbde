/** Results in other shapes than their label speaks of. spec/consent.md (CNS-22, CNS-27). */
import { expect, test } from 'vitest'
import { DPV, PD } from '../../core/dpv.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ToolLabel } from '../../core/label.ts'
import { subjectsOfArguments } from '../../decide/basis/subjects.ts'
import type { BasisView, SubjectState } from '../../decide/basis/types.ts'
import type { Part } from '../flow/content.ts'
import { withhold } from './withhold.ts'

const MARKETING = `${DPV}Marketing`
const ANN: SubjectState = {
  subject: 'dsb_ann',
  jurisdiction: 'EU',
  minor: null,
  consents: [
    {
      id: 'cns_ann',
      rev: 'rev_ann',
      purposes: [MARKETING],
      categories: [`${PD}Contact`],
      exp: 1000,
      explicit: false,
      withdrawn: [],
    },
  ],
}
const VIEW: BasisView = {
  bases: [],
  isRevoked: () => false,
  mark: () => '',
  now_s: 1,
  isStale: false,
  isCurrent: true,
  consent: null,
}
const resolve = (folded: string) => (folded === 'ann' ? ANN : 'unknown')

/** Personal in one field alone. */
const labelOf = (subject: string, field: string): ToolLabel => ({
  v: 1,
  result: {
    level: 'internal',
    integrity: 'trusted',
    categories: [],
    subject,
    fields: { [field]: { categories: ['contact'] } },
  },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
})
const LISTED = labelOf('/customers/*/id', '/customers/*/mail')
const ITEMS = labelOf('/*/id', '/*/mail')
const ONE = labelOf('/id', '/mail')
const DEEP = labelOf('/*/id', '/*/home/street')
const WRAPPED = labelOf('/result/*/id', '/result/*/mail')

const SECRET = 'bo@secret.example'
const bo = { id: 'bo', mail: SECRET }
const text = (value: JsonValue): Part => ({ kind: 'text', text: JSON.stringify(value) })
const json = (value: JsonValue): Part => ({ kind: 'json', value })
const left = (label: ToolLabel, part: Part): string =>
  JSON.stringify(withhold([part], { label, purposes: [MARKETING], subjects: [], resolve, view: VIEW }))

test.each<[string, ToolLabel, Part]>([
  ['a record that is text', ONE, json({ result: JSON.stringify(bo) })],
  ['records that are texts', ITEMS, json([JSON.stringify(bo)])],
  ['records that are texts in their list', LISTED, json({ customers: [JSON.stringify(bo)] })],
  ['a list that is text', LISTED, json({ customers: JSON.stringify([bo]), total: 1 })],
  ['a list that is prose', LISTED, json({ customers: `Bo (${SECRET})`, total: 1 })],
  ['a field that is text', DEEP, json([{ id: 'bo', home: JSON.stringify({ street: SECRET }) }])],
  ['a value that is prose', ONE, json(`Bo (${SECRET})`)],
  ['an item by itself', ITEMS, text(bo)],
  ['a deep item by itself', DEEP, text({ id: 'bo', home: { street: SECRET } })],
  ['an item by itself, of a list that is wrapped', WRAPPED, text(bo)],
])('%s is withheld from who has no basis', (_, label, part) => {
  expect(left(label, part)).not.toContain(SECRET)
})

test('a name above a record that is withheld goes with it, where it is no name of a field', () => {
  const label = labelOf('/*/*/id', '/*/*/mail')
  expect(left(label, json({ [SECRET]: [bo] }))).not.toContain(SECRET)
  expect(left(label, json({ north: [bo] }))).toContain('north')
})

test('what has a basis is left in each of these that a label speaks of', () => {
  const ann = { id: 'ann', mail: 'ann@x.example' }
  for (const [label, value] of [
    [LISTED, { customers: [ann] }],
    [ITEMS, [ann]],
    [ONE, ann],
    [WRAPPED, { result: [ann] }],
  ] as const)
    for (const part of [json(value), text(value)]) {
      const { parts } = withhold([part], { label, purposes: [MARKETING], subjects: [], resolve, view: VIEW })
      expect(parts).toEqual([part])
    }
})

test('arguments in another shape than the label says name nobody, and not nothing', () => {
  const label: ToolLabel = { ...ONE, subject: ['/customer/id'] }
  const named = (customer: JsonValue) => subjectsOfArguments(label, { customer }, resolve)
  expect(named({ id: 'ann' })).toEqual([ANN])
  expect(named(JSON.stringify({ id: 'ann' }))).toEqual(['nobody'])
  expect(named([{ id: 'ann' }])).toEqual(['nobody'])
  expect(named({})).toEqual([])
})
