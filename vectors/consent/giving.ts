/** Consents that are given, and those that are refused. spec/consent.md (CNS-12 to CNS-14). @module */
import { digestOf, NOW_S, RP, type World } from '../../test/fixtures/tokens.ts'
import {
  CONSENT_TAG,
  giveAct,
  GIVEN_AGE_MAX_S,
  type ConsentProof,
  type ConsentRecord,
  type Notice,
} from '../../src/core/consent.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { DPV, PD, PERSONAL_DATA } from '../../src/core/dpv.ts'
import { signTagged } from '../../src/core/sign.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import type { GivingFault } from '../../src/token/giving.ts'

const YEAR_S = 365 * 86_400
const [MARKETING, DIRECT, SERVICE] = ['Marketing', 'DirectMarketing', 'ServiceProvision'].map(
  (n) => DPV + n,
) as [string, string, string]
const [CONTACT, EMAIL, HEALTH] = ['Contact', 'EmailAddress', 'HealthRecord'].map((name) => PD + name) as [
  string,
  string,
  string,
]
export const NOTICE_ID = 'ntc_00000000000000000000000001'
const SUBJECT = 'dsb_00000000000000000000000001'
const MANAGER = 'mgr_00000000000000000000000001'
const REGISTRATION = 41

export interface GivingSetting {
  /** Seconds. */
  readonly now: number
  readonly rp: { readonly rp_id: string; readonly origins: readonly string[] }
  readonly subject: {
    readonly id: string
    readonly jurisdiction: string
    readonly passkey: { readonly jwk: PublicJwk; readonly registration: number } | null
  } | null
  /** Approved, with its identifier; null: none is. */
  readonly notice: Notice | null
  readonly managers: Readonly<Record<string, { readonly jwk: PublicJwk; readonly jurisdiction: string }>>
  /** Identifiers and handles of consents and people that were there before. */
  readonly known: readonly string[]
}

export interface GivingCase {
  readonly name: string
  readonly description: string
  readonly expect: 'given' | 'asserted' | GivingFault
  readonly record?: Partial<ConsentRecord>
  /** Absent: the subject's passkey. */
  readonly proof?: (w: World, record: ConsentRecord) => ConsentProof
  readonly notice?: Partial<Notice> | null
  readonly setting?: (w: World, record: ConsentRecord) => Partial<GivingSetting>
}

export function recordOf(edit: Partial<ConsentRecord> = {}): ConsentRecord {
  return {
    v: 1,
    consent: 'cns_00000000000000000000000001',
    subject: SUBJECT,
    rev: 'rev_00000000000000000000000001',
    notice: NOTICE_ID,
    language: 'en',
    jurisdiction: 'FR',
    purposes: [DIRECT, SERVICE],
    categories: [EMAIL],
    given_at: NOW_S,
    expires: NOW_S + YEAR_S,
    ...edit,
  }
}

function noticeOf(edit: Partial<Notice> = {}): Notice {
  return {
    v: 1,
    name: 'Orders and offers',
    version: '2026-1',
    language: 'en',
    jurisdiction: 'EU',
    controller: 'Shop Ltd',
    contact: 'privacy@shop.example',
    text_hash: digestOf('the words of the notice'),
    purposes: [MARKETING, SERVICE],
    categories: [CONTACT, `${PD}MedicalHealth`],
    ...edit,
  }
}

export function settingOf(w: World, one: GivingCase, record: ConsentRecord): GivingSetting {
  return {
    now: NOW_S,
    rp: RP,
    subject: {
      id: SUBJECT,
      jurisdiction: record.jurisdiction,
      passkey: { jwk: w.authenticator('subject').jwk, registration: REGISTRATION },
    },
    notice: one.notice === null ? null : noticeOf(one.notice),
    managers: { [MANAGER]: { jwk: w.signer('manager').publicJwk, jurisdiction: 'EU' } },
    known: [],
    ...one.setting?.(w, record),
  }
}

interface Bent {
  readonly by?: string
  readonly over?: Partial<ConsentRecord>
  readonly rev?: string
  readonly role?: 'principal' | 'approver'
  readonly registration?: number
  readonly tag?: string
}

export const passkey =
  (bent: Bent = {}) =>
  (w: World, record: ConsentRecord): ConsentProof => {
    const { by = 'subject', over = {}, rev = record.rev, role = 'principal', tag = ACT_TAG } = bent
    const authenticator = w.authenticator(by)
    const act = giveAct({ ...record, ...over })
    const made = authenticator.assert(challengeOf(w.crypto, tag, act))
    const { registration = REGISTRATION } = bent
    return { type: 'passkey', gesture: { rev, role, jwk: authenticator.jwk, registration, ...made } }
  }

const manager =
  ({ by = 'manager', over = {}, tag = CONSENT_TAG }: Omit<Bent, 'rev' | 'role'> = {}, name = MANAGER) =>
  (w: World, record: ConsentRecord): ConsentProof => ({
    type: 'manager',
    manager: name,
    sig: signTagged(w.signer(by), tag, { ...record, ...over }),
  })

const imported = (): ConsentProof => ({
  type: 'imported',
  source: 'old CRM',
  method: 'web_form',
  evidence_hash: digestOf('the form'),
})

const PARENT = { relation: 'parent', evidence_hash: digestOf('the parent') } as const
const CHILD = { age: 12, until: NOW_S + 6 * YEAR_S, verified: 'token' } as const
const INDIAN = { jurisdiction: 'IN' }
const elsewhere = (edit: Partial<Notice> = {}): Partial<Notice> => ({ ...INDIAN, ...edit })

export const GIVING: readonly GivingCase[] = [
  { name: 'passkey', description: 'By the passkey of the subject', expect: 'given' },
  { name: 'manager', description: 'Signed by a manager', expect: 'given', proof: manager() },
  { name: 'imported', description: 'Taken over: asserted', expect: 'asserted', proof: imported },
  {
    name: 'imported-long-ago',
    description: 'Taken over, and given years before',
    expect: 'asserted',
    record: { given_at: NOW_S - 3 * YEAR_S },
    proof: imported,
  },
  {
    name: 'same-purpose',
    description: 'The very purpose and category of the notice',
    expect: 'given',
    record: { purposes: [MARKETING], categories: [CONTACT] },
  },
  {
    name: 'same-jurisdiction',
    description: 'The very jurisdiction of the notice',
    expect: 'given',
    record: { jurisdiction: 'GB' },
    notice: { jurisdiction: 'GB' },
  },
  {
    name: 'part-of-country',
    description: 'A country reaches its parts',
    expect: 'given',
    record: { jurisdiction: 'US-CA' },
    notice: { jurisdiction: 'US' },
  },
  {
    name: 'special-explicit',
    description: 'Special categories, explicitly',
    expect: 'given',
    record: { categories: [HEALTH], explicit: true },
  },
  {
    name: 'special-elsewhere',
    description: 'Special categories ask for nothing more in the United States',
    expect: 'given',
    record: { categories: [HEALTH], jurisdiction: 'US' },
    notice: { jurisdiction: 'US' },
  },
  {
    name: 'earliest',
    description: 'Given 10 minutes before it arrives',
    expect: 'given',
    record: { given_at: NOW_S - GIVEN_AGE_MAX_S },
  },
  {
    name: 'ahead',
    description: 'Given 10 minutes after it arrives, by its own clock',
    expect: 'given',
    record: { given_at: NOW_S + GIVEN_AGE_MAX_S },
  },
  {
    name: 'last-second',
    description: 'It ends in the next second',
    expect: 'given',
    record: { expires: NOW_S + 1 },
  },
  {
    name: 'ten-years',
    description: 'Ten years of 366 days',
    expect: 'given',
    record: { expires: NOW_S + 10 * 366 * 86_400 },
  },
  {
    name: 'child',
    description: 'A child, by a parent, for a purpose that does not profile',
    expect: 'given',
    record: { purposes: [SERVICE], proxy: PARENT, minor: CHILD },
  },
  {
    name: 'child-by-guardian',
    description: 'By a guardian',
    expect: 'given',
    record: { purposes: [SERVICE], proxy: { ...PARENT, relation: 'guardian' }, minor: CHILD },
  },
  {
    name: 'child-profiled-elsewhere',
    description: 'The law of India alone denies it',
    expect: 'given',
    record: { purposes: [`${DPV}PersonalisedAdvertising`], proxy: PARENT, minor: CHILD },
    notice: { purposes: [`${DPV}Personalisation`, MARKETING] },
  },
  {
    name: 'adult-profiled',
    description: 'Grown up in India',
    expect: 'given',
    record: { ...INDIAN, purposes: [`${DPV}PersonalisedAdvertising`] },
    notice: elsewhere({ purposes: [`${DPV}Personalisation`, MARKETING] }),
  },
  {
    name: 'attorney',
    description: 'By an attorney, for a grown-up',
    expect: 'given',
    record: { proxy: { ...PARENT, relation: 'attorney' } },
  },
  {
    name: 'trap-broader-purpose',
    description: 'A notice of the narrower purpose does not cover the broader one',
    expect: 'PURPOSE_OUTSIDE_NOTICE',
    record: { purposes: [MARKETING] },
    notice: { purposes: [DIRECT] },
  },
  {
    name: 'one-purpose-outside',
    description: 'One of two purposes is outside',
    expect: 'PURPOSE_OUTSIDE_NOTICE',
    record: { purposes: [DIRECT, `${DPV}FraudPreventionAndDetection`] },
  },
  {
    name: 'category-outside',
    description: 'A category is outside',
    expect: 'CATEGORY_OUTSIDE_NOTICE',
    record: { categories: [`${PD}Financial`] },
  },
  {
    name: 'trap-broader-category',
    description: 'All personal data, where the notice speaks of contact data',
    expect: 'CATEGORY_OUTSIDE_NOTICE',
    record: { categories: [PERSONAL_DATA] },
  },
  {
    name: 'unknown-purpose',
    description: 'No term of the vocabulary',
    expect: 'TERM_UNKNOWN',
    record: { purposes: [`${DPV}SpringCleaning`] },
  },
  {
    name: 'trap-any-purpose',
    description: 'The root of all purposes is none',
    expect: 'TERM_UNKNOWN',
    record: { purposes: [`${DPV}Purpose`] },
  },
  {
    name: 'category-as-purpose',
    description: 'A category in the place of a purpose',
    expect: 'TERM_UNKNOWN',
    record: { purposes: [CONTACT] },
  },
  { name: 'no-notice', description: 'Its notice was not approved', expect: 'UNKNOWN_NOTICE', notice: null },
  {
    name: 'other-language',
    description: 'In another language than its notice',
    expect: 'NOTICE_MISMATCH',
    record: { language: 'de' },
  },
  {
    name: 'other-jurisdiction',
    description: 'The notice does not reach the subject',
    expect: 'NOTICE_MISMATCH',
    notice: { jurisdiction: 'DE' },
  },
  {
    name: 'trap-gb-is-not-eu',
    description: 'The European Union does not reach the United Kingdom',
    expect: 'NOTICE_MISMATCH',
    record: { jurisdiction: 'GB' },
  },
  {
    name: 'another-subject',
    description: 'The record is of another data subject than the one who is there',
    expect: 'CONSENT_SUBJECT_MISMATCH',
    record: { subject: 'dsb_00000000000000000000000002' },
  },
  {
    name: 'nobody',
    description: 'Nobody is registered',
    expect: 'CONSENT_SUBJECT_MISMATCH',
    setting: () => ({ subject: null }),
  },
  {
    name: 'moved',
    description: 'The subject is under another jurisdiction',
    expect: 'CONSENT_SUBJECT_MISMATCH',
    setting: () => ({ subject: { id: SUBJECT, jurisdiction: 'DE', passkey: null } }),
    proof: imported,
  },
  {
    name: 'expired',
    description: 'It ends in this second',
    expect: 'CONSENT_EXPIRED',
    record: { expires: NOW_S },
  },
  {
    name: 'ends-before-it-begins',
    description: 'It ends before it was given',
    expect: 'CONSENT_EXPIRED',
    record: { given_at: NOW_S + 60, expires: NOW_S + 30 },
  },
  {
    name: 'too-long',
    description: 'A second over ten years',
    expect: 'CONSENT_EXPIRED',
    record: { expires: NOW_S + 10 * 366 * 86_400 + 1 },
  },
  {
    name: 'special-not-explicit',
    description: 'Special categories in the European Union, not explicitly',
    expect: 'CONDITION_MISSING',
    record: { categories: [HEALTH] },
  },
  {
    name: 'special-not-explicit-gb',
    description: 'And in the United Kingdom',
    expect: 'CONDITION_MISSING',
    record: { categories: [HEALTH], jurisdiction: 'GB' },
    notice: { jurisdiction: 'GB' },
  },
  {
    name: 'child-alone',
    description: 'A child, by nobody for them',
    expect: 'PARENT_MISSING',
    record: { minor: CHILD },
  },
  {
    name: 'child-by-attorney',
    description: 'A child, by an attorney',
    expect: 'PARENT_MISSING',
    record: { minor: CHILD, proxy: { ...PARENT, relation: 'attorney' } },
  },
  {
    name: 'child-profiled',
    description: 'A child in India, for a purpose that profiles',
    expect: 'MINOR_PROFILING',
    record: { ...INDIAN, purposes: [`${DPV}PersonalisedAdvertising`], proxy: PARENT, minor: CHILD },
    notice: elsewhere({ purposes: [`${DPV}Personalisation`, MARKETING] }),
  },
  {
    name: 'same-identifier',
    description: 'The identifier was given before',
    expect: 'CONSENT_REPLAYED',
    setting: (_, { consent }) => ({ known: [consent] }),
  },
  {
    name: 'same-handle',
    description: 'The handle is that of another consent, or of a person',
    expect: 'CONSENT_REPLAYED',
    setting: (_, { rev }) => ({ known: [rev] }),
  },
  {
    name: 'stale',
    description: 'Given 10 minutes and a second before it arrives',
    expect: 'CONSENT_STALE',
    record: { given_at: NOW_S - GIVEN_AGE_MAX_S - 1 },
  },
  {
    name: 'stale-ahead',
    description: 'Given too far in the future',
    expect: 'CONSENT_STALE',
    record: { given_at: NOW_S + GIVEN_AGE_MAX_S + 1 },
  },
  {
    name: 'stale-manager',
    description: 'The signature of a manager is of another time',
    expect: 'CONSENT_STALE',
    record: { given_at: NOW_S - GIVEN_AGE_MAX_S - 1 },
    proof: manager(),
  },
  {
    name: 'imported-ahead',
    description: 'Taken over, from the future',
    expect: 'CONSENT_STALE',
    record: { given_at: NOW_S + GIVEN_AGE_MAX_S + 1 },
    proof: imported,
  },
  {
    name: 'other-passkey',
    description: 'By a passkey that is not the one of the subject',
    expect: 'CONSENT_SUBJECT_MISMATCH',
    proof: passkey({ by: 'somebody else' }),
  },
  {
    name: 'other-registration',
    description: 'By a registration that was replaced',
    expect: 'CONSENT_SUBJECT_MISMATCH',
    proof: passkey({ registration: REGISTRATION - 1 }),
  },
  {
    name: 'no-passkey',
    description: 'The subject has no passkey',
    expect: 'CONSENT_SUBJECT_MISMATCH',
    setting: (_, { jurisdiction }) => ({ subject: { id: SUBJECT, jurisdiction, passkey: null } }),
  },
  {
    name: 'other-record',
    description: 'The gesture is over a record that ends sooner',
    expect: 'CONSENT_PROOF_INVALID',
    proof: passkey({ over: { expires: NOW_S + 60 } }),
  },
  {
    name: 'other-identifier',
    description: 'The gesture is over the same with another identifier: it gives once',
    expect: 'CONSENT_PROOF_INVALID',
    proof: passkey({ over: { consent: 'cns_00000000000000000000000002' } }),
  },
  {
    name: 'other-rev',
    description: 'The gesture says another handle',
    expect: 'CONSENT_PROOF_INVALID',
    proof: passkey({ rev: 'rev_00000000000000000000000002' }),
  },
  {
    name: 'approver',
    description: 'The gesture of an approver is none of a principal',
    expect: 'CONSENT_PROOF_INVALID',
    proof: passkey({ role: 'approver' }),
  },
  {
    name: 'trap-root-tag',
    description: 'The gesture is over the act under the tag of roots',
    expect: 'CONSENT_PROOF_INVALID',
    proof: passkey({ tag: 'countersign-root-v1' }),
  },
  {
    name: 'manager-other-record',
    description: 'The manager signed another record',
    expect: 'CONSENT_PROOF_INVALID',
    proof: manager({ over: { expires: NOW_S + 60 } }),
  },
  {
    name: 'manager-other-key',
    description: 'Signed by another key',
    expect: 'CONSENT_PROOF_INVALID',
    proof: manager({ by: 'another manager' }),
  },
  {
    name: 'trap-manager-act',
    description: 'The manager signed under the tag of acts',
    expect: 'CONSENT_PROOF_INVALID',
    proof: manager({ tag: ACT_TAG }),
  },
  {
    name: 'manager-elsewhere',
    description: 'The manager is registered for another jurisdiction',
    expect: 'CONSENT_PROOF_INVALID',
    setting: (w) => ({
      managers: { [MANAGER]: { jwk: w.signer('manager').publicJwk, jurisdiction: 'IN' } },
    }),
    proof: manager(),
  },
  {
    name: 'no-manager',
    description: 'No such manager stands',
    expect: 'UNKNOWN_MANAGER',
    proof: manager({}, 'mgr_00000000000000000000000002'),
  },
]
