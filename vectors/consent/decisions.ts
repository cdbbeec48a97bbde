/** On what basis somebody's data may be used, and why not. spec/consent.md (CNS-25, CNS-40). @module */
import { NOW_S } from '../../test/fixtures/tokens.ts'
import { handleFor } from '../../src/core/consent.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { DPV, PD, PERSONAL_DATA } from '../../src/core/dpv.ts'
import type { PointBasis, PointConsent, SubjectRow } from '../../src/ports/subjects.ts'
import type { BasisReason } from '../../src/decide/basis/types.ts'

/** As the feed has it (CNS-19), without keys. */
export type VectorSubject = Omit<SubjectRow, 'keys' | 'alike'>

export interface DecisionVector {
  readonly name: string
  readonly description: string
  /** Seconds. */
  readonly now: number
  readonly subject: VectorSubject | 'unknown' | 'nobody'
  readonly bases: readonly PointBasis[]
  readonly revoked: readonly { readonly kind: 'consent' | 'subject'; readonly handle: string }[]
  /** Whether the revocation state is fresh, and whether the register is current (CNS-35). */
  readonly fresh: boolean
  readonly current: boolean
  /** Handle of the consent in the chain. */
  readonly consent: string | null
  readonly wanted: { readonly purpose: string; readonly categories: readonly string[] }
  readonly expect: { readonly basis: string } | { readonly reason: BasisReason }
}

const MARKETING = `${DPV}Marketing`
const DIRECT = `${DPV}DirectMarketing`
const SERVICE = `${DPV}ServiceProvision`
const ADVERTISING = `${DPV}PersonalisedAdvertising`
const CONTACT = `${PD}Contact`
const EMAIL = `${PD}EmailAddress`
const HEALTH = `${PD}MedicalHealth`
const RECORD = `${PD}HealthRecord`

const consent = (edit: Partial<PointConsent> = {}): PointConsent => ({
  id: 'cns_1',
  rev: 'rev_1',
  purposes: [MARKETING],
  categories: [CONTACT],
  exp: NOW_S + 1,
  ...edit,
})
const subject = (consents: PointConsent[], edit: Partial<VectorSubject> = {}): VectorSubject => ({
  subject: 'dsb_1',
  jurisdiction: 'FR',
  consents,
  ...edit,
})
const basis = (edit: Partial<PointBasis> = {}): PointBasis => ({
  id: 'bas_1',
  kind: 'gdpr_6_1_f',
  purpose: MARKETING,
  categories: [CONTACT],
  jurisdiction: 'EU',
  exp: NOW_S + 1,
  ...edit,
})
const NONE = subject([])
const GIVEN = subject([consent()])

type Parts = Partial<Omit<DecisionVector, 'name' | 'description' | 'expect'>>
type Row = readonly [expect: string, name: string, description: string, parts: Parts]

const child = (edit: Partial<VectorSubject> = {}): VectorSubject =>
  subject([consent({ purposes: [ADVERTISING] })], { jurisdiction: 'IN', minor: NOW_S + 1, ...edit })
const PROFILED = { purpose: ADVERTISING, categories: [EMAIL] }
const of = (...names: readonly string[]): DecisionVector['revoked'] =>
  names.map((name) => ({ kind: name.startsWith('dsb') ? 'subject' : 'consent', handle: name }))

function rows(crypto: Crypto): readonly Row[] {
  const mark = (rev: string, purpose: string): string => handleFor(crypto, rev, purpose)
  return [
    ['cns_1', 'consent', 'A consent covers the narrower purpose and category', { subject: GIVEN }],
    [
      'cns_1',
      'consent-same',
      'The very terms',
      { subject: GIVEN, wanted: { purpose: MARKETING, categories: [CONTACT] } },
    ],
    [
      'cns_1',
      'consent-two-categories',
      'One consent covers both',
      {
        subject: subject([consent({ categories: [CONTACT, `${PD}Financial`] })]),
        wanted: { purpose: DIRECT, categories: [EMAIL, `${PD}Financial`] },
      },
    ],
    [
      'NO_BASIS',
      'trap-two-halves',
      'Two consents that cover one category each cover nothing together',
      {
        subject: subject([consent(), consent({ id: 'cns_2', rev: 'rev_2', categories: [`${PD}Financial`] })]),
        wanted: { purpose: DIRECT, categories: [EMAIL, `${PD}Financial`] },
      },
    ],
    [
      'PURPOSE_OUTSIDE',
      'trap-broader-purpose',
      'Consent to direct marketing is none to marketing',
      {
        subject: subject([consent({ purposes: [DIRECT] })]),
        wanted: { purpose: MARKETING, categories: [EMAIL] },
      },
    ],
    [
      'NO_BASIS',
      'trap-broader-category',
      'Consent to an address is none to all contact data',
      {
        subject: subject([consent({ categories: [EMAIL] })]),
        wanted: { purpose: DIRECT, categories: [CONTACT] },
      },
    ],
    [
      'cns_1',
      'first-of-two',
      'Of two that hold the one whose identifier comes first',
      { subject: subject([consent({ id: 'cns_2', rev: 'rev_2' }), consent()]) },
    ],
    [
      'cns_2',
      'other-of-two',
      'The first was withdrawn',
      { subject: subject([consent(), consent({ id: 'cns_2', rev: 'rev_2' })]), revoked: of('rev_1') },
    ],
    ['cns_1', 'consent-before-basis', 'A consent comes before a basis', { subject: GIVEN, bases: [basis()] }],
    ['NO_BASIS', 'nothing', 'Somebody of whom there is nothing', { subject: NONE }],
    ['SUBJECT_UNRESOLVED', 'nobody', 'No identifier, whatever basis there is', { subject: 'nobody' }],
    [
      'SUBJECT_UNRESOLVED',
      'nobody-with-basis',
      'A basis for strangers is none for nobody',
      { subject: 'nobody', bases: [basis({ unregistered: true })] },
    ],
    [
      'SUBJECT_UNRESOLVED',
      'unknown',
      'An identifier that the register does not know',
      { subject: 'unknown' },
    ],
    [
      'SUBJECT_UNRESOLVED',
      'unknown-with-basis',
      'A basis that is not for strangers',
      { subject: 'unknown', bases: [basis()] },
    ],
    [
      'bas_1',
      'stranger',
      'A basis for strangers, whatever its jurisdiction',
      { subject: 'unknown', bases: [basis({ unregistered: true, jurisdiction: 'IN' })] },
    ],
    [
      'SUBJECT_UNRESOLVED',
      'stranger-late-register',
      'The register is not current: they may have objected',
      { subject: 'unknown', bases: [basis({ unregistered: true })], current: false },
    ],
    [
      'SUBJECT_UNRESOLVED',
      'stranger-ended',
      'That basis was ended',
      { subject: 'unknown', bases: [basis({ unregistered: true })], revoked: of('bas_1') },
    ],
    ['STALE_REVOCATION', 'stale', 'The revocation state is stale', { subject: GIVEN, fresh: false }],
    ['CONSENT_WITHDRAWN', 'withdrawn', 'The whole', { subject: GIVEN, revoked: of('rev_1') }],
    [
      'CONSENT_WITHDRAWN',
      'withdrawn-purpose',
      'The purpose',
      { subject: GIVEN, revoked: of(mark('rev_1', DIRECT)) },
    ],
    [
      'CONSENT_WITHDRAWN',
      'withdrawn-broader',
      'A broader purpose',
      { subject: GIVEN, revoked: of(mark('rev_1', MARKETING)) },
    ],
    [
      'cns_1',
      'withdrawn-narrower',
      'A narrower purpose is another',
      {
        subject: GIVEN,
        revoked: of(mark('rev_1', DIRECT)),
        wanted: { purpose: MARKETING, categories: [EMAIL] },
      },
    ],
    [
      'cns_1',
      'trap-withdrawn-of-another',
      'The frame is of another consent, and of no consent',
      { subject: GIVEN, revoked: [...of('rev_2'), { kind: 'subject', handle: 'rev_1' }] },
    ],
    [
      'CONSENT_WITHDRAWN',
      'withdrawn-told',
      'The feed says so, and no frame yet',
      { subject: subject([consent({ withdrawn: true })]) },
    ],
    [
      'CONSENT_WITHDRAWN',
      'withdrawn-purpose-told',
      'The feed says so of the broader purpose',
      { subject: subject([consent({ withdrawn: [MARKETING] })]) },
    ],
    [
      'bas_1',
      'withdrawn-and-basis',
      'Another basis goes on without the consent',
      { subject: GIVEN, bases: [basis()], revoked: of('rev_1') },
    ],
    ['CONSENT_EXPIRED', 'expired', 'It ends in this second', { subject: subject([consent({ exp: NOW_S })]) }],
    [
      'PURPOSE_OUTSIDE',
      'other-purpose',
      'It is for another purpose',
      { subject: subject([consent({ purposes: [SERVICE] })]) },
    ],
    [
      'NO_BASIS',
      'other-purpose-withdrawn',
      'It is for another purpose, and was withdrawn',
      { subject: subject([consent({ purposes: [SERVICE] })]), revoked: of('rev_1') },
    ],
    ['bas_1', 'basis', 'A basis that reaches the subject', { subject: NONE, bases: [basis()] }],
    [
      'bas_1',
      'first-basis',
      'Of two that hold the one whose identifier comes first',
      { subject: NONE, bases: [basis({ id: 'bas_2' }), basis()] },
    ],
    [
      'NO_BASIS',
      'basis-elsewhere',
      'It does not reach them',
      { subject: NONE, bases: [basis({ jurisdiction: 'IN' })] },
    ],
    ['bas_1', 'basis-everywhere', '`*` reaches', { subject: NONE, bases: [basis({ jurisdiction: '*' })] }],
    ['NO_BASIS', 'basis-expired', 'It is over', { subject: NONE, bases: [basis({ exp: NOW_S })] }],
    ['NO_BASIS', 'basis-ended', 'It was ended', { subject: NONE, bases: [basis()], revoked: of('bas_1') }],
    [
      'PURPOSE_OUTSIDE',
      'basis-other-purpose',
      'It is for another purpose',
      { subject: NONE, bases: [basis({ purpose: SERVICE })] },
    ],
    [
      'SUBJECT_OBJECTED',
      'objected',
      'An objection reaches legitimate interests',
      { subject: NONE, bases: [basis()], revoked: of('dsb_1') },
    ],
    [
      'SUBJECT_OBJECTED',
      'objected-broader',
      'To a broader purpose',
      { subject: NONE, bases: [basis()], revoked: of(mark('dsb_1', MARKETING)) },
    ],
    [
      'bas_1',
      'objected-narrower',
      'To a narrower purpose: this one is another',
      {
        subject: NONE,
        bases: [basis()],
        revoked: of(mark('dsb_1', DIRECT)),
        wanted: { purpose: MARKETING, categories: [EMAIL] },
      },
    ],
    [
      'bas_1',
      'objected-contract',
      'No objection reaches a contract',
      { subject: NONE, bases: [basis({ kind: 'gdpr_6_1_b' })], revoked: of('dsb_1') },
    ],
    [
      'SUBJECT_OBJECTED',
      'opted-out',
      'An opt-out reaches a notice at collection',
      {
        subject: subject([], { jurisdiction: 'US-CA' }),
        bases: [basis({ kind: 'ccpa_1798_100', jurisdiction: 'US' })],
        revoked: of('dsb_1'),
      },
    ],
    [
      'cns_1',
      'objected-and-consent',
      'A consent that lives was given after the objection',
      { subject: GIVEN, bases: [basis()], revoked: of('dsb_1') },
    ],
    [
      'bas_2',
      'objected-one-of-two',
      'The other is a legal obligation',
      {
        subject: NONE,
        bases: [basis(), basis({ id: 'bas_2', kind: 'gdpr_6_1_c' })],
        revoked: of('dsb_1'),
      },
    ],
    [
      'CONSENT_WITHDRAWN',
      'withdrawn-before-objected',
      'Both: the consent comes first',
      { subject: GIVEN, bases: [basis()], revoked: of('rev_1', 'dsb_1') },
    ],
    [
      'NO_BASIS',
      'special-not-explicit',
      'All personal data does not cover special categories',
      {
        subject: subject([consent({ categories: [PERSONAL_DATA] })]),
        wanted: { purpose: DIRECT, categories: [RECORD] },
      },
    ],
    [
      'cns_1',
      'special-explicit',
      'It does where it is explicit',
      {
        subject: subject([consent({ categories: [PERSONAL_DATA], explicit: true })]),
        wanted: { purpose: DIRECT, categories: [RECORD] },
      },
    ],
    [
      'cns_1',
      'special-elsewhere',
      'And elsewhere without',
      {
        subject: subject([consent({ categories: [PERSONAL_DATA] })], { jurisdiction: 'US-CA' }),
        wanted: { purpose: DIRECT, categories: [RECORD] },
      },
    ],
    [
      'cns_1',
      'special-named',
      'A category that is special itself was agreed to by name',
      {
        subject: subject([consent({ categories: [HEALTH] })]),
        wanted: { purpose: DIRECT, categories: [RECORD] },
      },
    ],
    [
      'NO_BASIS',
      'special-basis',
      'A basis for all personal data without a condition',
      {
        subject: NONE,
        bases: [basis({ categories: [PERSONAL_DATA] })],
        wanted: { purpose: DIRECT, categories: [HEALTH] },
      },
    ],
    [
      'bas_1',
      'special-basis-condition',
      'And with one',
      {
        subject: NONE,
        bases: [basis({ categories: [PERSONAL_DATA], condition: 'gdpr_9_2_h' })],
        wanted: { purpose: DIRECT, categories: [HEALTH] },
      },
    ],
    ['MINOR_PROFILING', 'child', 'A child in India', { subject: child(), wanted: PROFILED }],
    [
      'MINOR_PROFILING',
      'child-basis',
      'On no basis either',
      {
        subject: child(),
        bases: [basis({ kind: 'dpdpa_7_b', purpose: ADVERTISING, jurisdiction: 'IN' })],
        wanted: PROFILED,
      },
    ],
    [
      'cns_1',
      'child-grown-up',
      'Of age in this second',
      { subject: child({ minor: NOW_S }), wanted: PROFILED },
    ],
    [
      'cns_1',
      'child-elsewhere',
      'Not in India',
      { subject: child({ jurisdiction: 'US' }), wanted: PROFILED },
    ],
    [
      'cns_1',
      'child-served',
      'A purpose that does not profile',
      {
        subject: child({ consents: [consent({ purposes: [SERVICE] })] }),
        wanted: { purpose: SERVICE, categories: [EMAIL] },
      },
    ],
    ['cns_1', 'chain', 'A chain for this subject alone', { subject: GIVEN, consent: 'rev_1' }],
    [
      'bas_1',
      'chain-basis',
      'On any basis that lives for them',
      {
        subject: subject([consent({ purposes: [SERVICE] })]),
        bases: [basis()],
        consent: 'rev_1',
      },
    ],
    [
      'SUBJECT_OUTSIDE',
      'chain-of-another',
      'A chain for another subject, although this one consented',
      { subject: GIVEN, consent: 'rev_2' },
    ],
    [
      'SUBJECT_OUTSIDE',
      'chain-of-another-basis',
      'And on no basis',
      { subject: NONE, bases: [basis()], consent: 'rev_2' },
    ],
    [
      'SUBJECT_UNRESOLVED',
      'chain-unknown',
      'A stranger is not its subject',
      { subject: 'unknown', bases: [basis({ unregistered: true })], consent: 'rev_1' },
    ],
    [
      'CONSENT_WITHDRAWN',
      'chain-purpose-withdrawn',
      'The chain goes on, this purpose does not',
      { subject: GIVEN, consent: 'rev_1', revoked: of(mark('rev_1', DIRECT)) },
    ],
  ]
}

export function decisionVectors(crypto: Crypto): DecisionVector[] {
  return rows(crypto).map(([expected, name, description, parts]) => ({
    name,
    description,
    now: NOW_S,
    subject: GIVEN,
    bases: [],
    revoked: [],
    fresh: true,
    current: true,
    consent: null,
    wanted: { purpose: DIRECT, categories: [EMAIL] },
    ...parts,
    expect: /^[a-z]/.test(expected) ? { basis: expected } : { reason: expected as BasisReason },
  }))
}
