/** Which basis covers what: spec/consent.md (CNS-25), as its list says it. */
import { expect, test } from 'vitest'
import { DPV, PD, PERSONAL_DATA } from '../../core/dpv.ts'
import { findBasis, type Wanted } from './find.ts'
import type { BasisState, BasisView, ConsentState, SubjectState } from './types.ts'

const NOW_S = 1_000_000
const MARKETING = `${DPV}Marketing`
const DIRECT = `${DPV}DirectMarketing`
const SERVICE = `${DPV}ServiceProvision`
const HEALTH = `${PD}MedicalHealth`
const WANTED: Wanted = { purpose: DIRECT, categories: [PERSONAL_DATA] }

const consent = (edit: Partial<ConsentState> = {}): ConsentState => ({
  id: 'cns_1',
  rev: 'rev_1',
  purposes: [MARKETING],
  categories: [PERSONAL_DATA],
  exp: NOW_S + 1,
  explicit: false,
  withdrawn: [],
  ...edit,
})
const subject = (consents: ConsentState[], edit: Partial<SubjectState> = {}): SubjectState => ({
  subject: 'dsb_1',
  jurisdiction: 'US-CA',
  consents,
  minor: null,
  ...edit,
})
const basis = (edit: Partial<BasisState> = {}): BasisState => ({
  id: 'bas_1',
  kind: 'ccpa_1798_100',
  purpose: MARKETING,
  categories: [PERSONAL_DATA],
  condition: false,
  jurisdiction: '*',
  exp: NOW_S + 1,
  unregistered: false,
  ...edit,
})
/** @param revoked `kind:handle`, with `~Term` for the mark of a purpose */
const view = (
  bases: BasisState[] = [],
  revoked: string[] = [],
  edit: Partial<BasisView> = {},
): BasisView => ({
  bases,
  isRevoked: (kind, handle) => revoked.includes(`${kind}:${handle}`),
  mark: (purpose) => `~${purpose.split('#')[1]}`,
  now_s: NOW_S,
  isStale: false,
  isCurrent: true,
  consent: null,
  ...edit,
})

test('nobody has no basis, whatever there is', () => {
  expect(findBasis(view([basis({ unregistered: true })]), 'nobody', WANTED)).toEqual({
    reason: 'SUBJECT_UNRESOLVED',
  })
})

test('one whom nobody knows is covered by a basis that says so, while the register is current', () => {
  const bases = [basis({ unregistered: true, id: 'bas_2' }), basis()]
  expect(findBasis(view(bases), 'unknown', WANTED)).toEqual({ basis: 'bas_2' })
  expect(findBasis(view([basis()]), 'unknown', WANTED)).toEqual({ reason: 'SUBJECT_UNRESOLVED' })
  const late = view(bases, [], { isCurrent: false })
  expect(findBasis(late, 'unknown', WANTED)).toEqual({ reason: 'SUBJECT_UNRESOLVED' })
})

test('a consent covers narrower purposes, and no broader ones', () => {
  expect(findBasis(view(), subject([consent()]), WANTED)).toEqual({ basis: 'cns_1' })
  const narrow = subject([consent({ purposes: [DIRECT] })])
  expect(findBasis(view(), narrow, { ...WANTED, purpose: MARKETING })).toEqual({ reason: 'PURPOSE_OUTSIDE' })
})

test('of several consents the one whose identifier comes first is used', () => {
  const two = subject([consent({ id: 'cns_2' }), consent({ id: 'cns_1', rev: 'rev_2' })])
  expect(findBasis(view([basis()]), two, WANTED)).toEqual({ basis: 'cns_1' })
  expect(findBasis(view([basis()], ['consent:rev_2']), two, WANTED)).toEqual({ basis: 'cns_2' })
})

test.each([
  ['the whole', 'consent:rev_1'],
  ['the purpose', 'consent:rev_1.~DirectMarketing'],
  ['a broader one', 'consent:rev_1.~Marketing'],
])('a consent that was withdrawn for %s is none', (_, revoked) => {
  expect(findBasis(view([], [revoked]), subject([consent()]), WANTED)).toEqual({
    reason: 'CONSENT_WITHDRAWN',
  })
})

test('a consent that was withdrawn for another purpose, or of which another subject’s was, lives', () => {
  const others = ['consent:rev_1.~Advertising', 'consent:rev_2', 'subject:dsb_1']
  expect(findBasis(view([], others), subject([consent()]), WANTED)).toEqual({ basis: 'cns_1' })
})

test('what the feed says was withdrawn counts as well', () => {
  for (const withdrawn of [true, [MARKETING]] as const)
    expect(findBasis(view(), subject([consent({ withdrawn })]), WANTED)).toEqual({
      reason: 'CONSENT_WITHDRAWN',
    })
})

test('a consent ends in the second that it names', () => {
  expect(findBasis(view(), subject([consent({ exp: NOW_S })]), WANTED)).toEqual({ reason: 'CONSENT_EXPIRED' })
})

test.each([
  ['everything', 'subject:dsb_1'],
  ['the purpose', 'subject:dsb_1.~DirectMarketing'],
  ['a broader one', 'subject:dsb_1.~Marketing'],
])('an objection to %s denies a basis that it reaches, and no other', (_, revoked) => {
  const objected = view([basis()], [revoked])
  expect(findBasis(objected, subject([]), WANTED)).toEqual({ reason: 'SUBJECT_OBJECTED' })
  const contract = view([basis({ kind: 'gdpr_6_1_b' })], [revoked])
  expect(findBasis(contract, subject([]), WANTED)).toEqual({ basis: 'bas_1' })
  // A consent that lives was given after it.
  expect(findBasis(objected, subject([consent()]), WANTED)).toEqual({ basis: 'cns_1' })
})

test('a basis reaches a jurisdiction, ends, and may be ended', () => {
  const european = subject([], { jurisdiction: 'DE' })
  expect(findBasis(view([basis({ jurisdiction: 'EU' })]), european, WANTED)).toEqual({ basis: 'bas_1' })
  expect(findBasis(view([basis({ jurisdiction: 'IN' })]), european, WANTED)).toEqual({ reason: 'NO_BASIS' })
  expect(findBasis(view([basis({ exp: NOW_S })]), european, WANTED)).toEqual({ reason: 'NO_BASIS' })
  expect(findBasis(view([basis()], ['consent:bas_1']), european, WANTED)).toEqual({ reason: 'NO_BASIS' })
})

test('special categories ask for an explicit consent or a condition in the EU', () => {
  const wanted = { purpose: DIRECT, categories: [HEALTH] }
  const european = (edit: Partial<ConsentState>): SubjectState =>
    subject([consent(edit)], { jurisdiction: 'FR' })
  expect(findBasis(view(), european({}), wanted)).toEqual({ reason: 'NO_BASIS' })
  expect(findBasis(view(), european({ explicit: true }), wanted)).toEqual({ basis: 'cns_1' })
  const none = subject([], { jurisdiction: 'FR' })
  expect(findBasis(view([basis()]), none, wanted)).toEqual({ reason: 'NO_BASIS' })
  expect(findBasis(view([basis({ condition: true })]), none, wanted)).toEqual({ basis: 'bas_1' })
})

test('one consent covers everything that is asked for, or it covers nothing', () => {
  const halves = [
    consent({ categories: [`${PD}Contact`] }),
    consent({ id: 'cns_2', categories: [`${PD}Financial`] }),
  ]
  const wanted = { purpose: DIRECT, categories: [`${PD}Contact`, `${PD}Financial`] }
  expect(findBasis(view(), subject(halves), wanted)).toEqual({ reason: 'NO_BASIS' })
})

test('a child in India is not profiled on any basis, until they are of age', () => {
  const wanted = { purpose: `${DPV}PersonalisedAdvertising`, categories: [PERSONAL_DATA] }
  const child = (edit: Partial<SubjectState>): SubjectState =>
    subject([consent({ purposes: [wanted.purpose] })], { jurisdiction: 'IN', minor: NOW_S + 1, ...edit })
  expect(findBasis(view([basis()]), child({}), wanted)).toEqual({ reason: 'MINOR_PROFILING' })
  expect(findBasis(view(), child({ minor: NOW_S }), wanted)).toEqual({ basis: 'cns_1' })
  expect(findBasis(view(), child({ jurisdiction: 'US' }), wanted)).toEqual({ basis: 'cns_1' })
  const service = subject([consent({ purposes: [SERVICE] })], { jurisdiction: 'IN', minor: NOW_S + 1 })
  expect(findBasis(view(), service, { ...WANTED, purpose: SERVICE })).toEqual({ basis: 'cns_1' })
})

test('a state that is stale is no basis for anything', () => {
  const stale = view([basis()], [], { isStale: true })
  expect(findBasis(stale, subject([consent()]), WANTED)).toEqual({ reason: 'STALE_REVOCATION' })
})

test('a chain on a consent is for its subject alone, on any basis that lives for them', () => {
  const own = view([basis({ unregistered: true })], [], { consent: 'rev_1' })
  expect(findBasis(own, subject([consent()]), WANTED)).toEqual({ basis: 'cns_1' })
  expect(findBasis(own, subject([consent({ purposes: [SERVICE] })]), WANTED)).toEqual({ basis: 'bas_1' })
  const other = subject([consent({ id: 'cns_2', rev: 'rev_2' })])
  expect(findBasis(own, other, WANTED)).toEqual({ reason: 'SUBJECT_OUTSIDE' })
  expect(findBasis(own, subject([]), WANTED)).toEqual({ reason: 'SUBJECT_OUTSIDE' })
  expect(findBasis(own, 'unknown', WANTED)).toEqual({ reason: 'SUBJECT_UNRESOLVED' })
})
