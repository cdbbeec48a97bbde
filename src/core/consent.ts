/**
 * Notices, bases and consents: their records, and what can be said of them without asking anybody. spec/consent.md
 * (CNS-5 to CNS-16). Pure: registers, points and the verifier ask the same.
 * Not checked by the schemas: that terms exist, and that a record is within its notice ({@link consentFault}).
 * @module
 */
import { z } from 'zod'
import type { Crypto } from './crypto.ts'
import { base64url, utf8 } from './encoding.ts'
import { taggedText } from './digest.ts'
import {
  categoryCovers,
  isCategory,
  isPurpose,
  isSpecial,
  PERSONAL_DATA,
  profiles,
  purposeCovers,
  TERM_LENGTH_MAX,
} from './dpv.ts'
import { foldCase } from './fold.ts'
import { gestureSchema } from './gesture.ts'
import { reaches } from './jurisdiction.ts'

/** What a consent manager signs with (CNS-13). */
export const CONSENT_TAG = 'countersign-consent-v1'
const SUBJECT_TAG = 'countersign-subject-v1'

/** Of a notice, in UTF-8: a person must be able to read it. */
export const NOTICE_BYTES_MAX = 64 * 1024
/** Terms of one record. */
const TERMS_MAX = 16
/** Bases in force at once: each point holds every record against them. */
export const BASES_MAX = 256
export const BASIS_AGE_MAX_S = 3 * 366 * 86_400
/** Consents of one subject that live at once. */
export const CONSENTS_MAX = 16
const CONSENT_AGE_MAX_S = 10 * 366 * 86_400
/** How far `given_at` may lie from when a gesture or a signature arrives (CNS-13). */
export const GIVEN_AGE_MAX_S = 600
export const IDENTIFIERS_MAX = 16
/** Uses and wants of one receipt (CNS-28): a result with more is withheld as a whole, a call with more denied. */
export const USES_MAX = 256
const IDENTIFIER_CHARS_MAX = 256
/** Under which a child's consent is a parent's, everywhere that a table here knows. */
const AGE_MAX = 25
/** Of the SHA-256 of a purpose that a handle names. */
const PURPOSE_MARK_BYTES = 12
/** Of the key that an identifier is found by (CNS-10). */
export const SUBJECT_KEY_BYTES = 16

const id = z.string().min(1).max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
/** Seconds since 1970. */
const time_s = z.int().nonnegative()
/** What people compare before they agree to it stands as it is: no control characters, nothing that moves or hides the rest. */
const words = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u)
/** BCP 47, as it is used: language, script, region, variants. */
const language = z.string().regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}$/)
export const jurisdictionSchema = z.string().regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/)
const term = z.string().min(1).max(TERM_LENGTH_MAX)

function eachOnce(what: string): z.ZodArray<typeof term> {
  return z
    .array(term)
    .min(1)
    .max(TERMS_MAX)
    .refine((all) => new Set(all).size === all.length, `a ${what} occurs twice`)
}
const purposes = eachOnce('purpose')
const categories = eachOnce('category')

/** CNS-5. */
export const noticeSchema = z.strictObject({
  v: z.literal(1),
  name: words,
  version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/),
  language,
  jurisdiction: jurisdictionSchema,
  controller: words,
  /** Where the controller is asked: an address of an organisation, which stands in the log for ever. */
  contact: words,
  /** base64url SHA-256 of the text in UTF-8. */
  text_hash: digest,
  purposes,
  categories,
  recipients: z.array(words).min(1).max(TERMS_MAX).exactOptional(),
  retention_days: z.int().min(1).max(36_600).exactOptional(),
})
export type Notice = z.infer<typeof noticeSchema>

/** CNS-7, and whether an objection reaches it. */
const KINDS = {
  gdpr_6_1_b: false,
  gdpr_6_1_c: false,
  gdpr_6_1_d: false,
  gdpr_6_1_e: true,
  gdpr_6_1_f: true,
  dpdpa_7_a: true,
  dpdpa_7_b: false,
  dpdpa_7_c: false,
  dpdpa_7_d: false,
  dpdpa_7_e: false,
  dpdpa_7_f: false,
  dpdpa_7_g: false,
  dpdpa_7_h: false,
  dpdpa_7_i: false,
  ccpa_1798_100: true,
  controller_instruction: true,
} as const
export type BasisKind = keyof typeof KINDS
export const BASIS_KINDS = Object.keys(KINDS) as [BasisKind, ...BasisKind[]]

/** CNS-7: whether a subject can deny it. */
export function isObjectable(kind: BasisKind): boolean {
  return KINDS[kind]
}

export const CONDITIONS = [
  'gdpr_9_2_b',
  'gdpr_9_2_c',
  'gdpr_9_2_d',
  'gdpr_9_2_e',
  'gdpr_9_2_f',
  'gdpr_9_2_g',
  'gdpr_9_2_h',
  'gdpr_9_2_i',
  'gdpr_9_2_j',
] as const

/** CNS-6. */
export const basisSchema = z.strictObject({
  v: z.literal(1),
  kind: z.enum(BASIS_KINDS),
  purpose: term,
  categories,
  condition: z.enum(CONDITIONS).exactOptional(),
  jurisdiction: jurisdictionSchema.or(z.literal('*')),
  expires: time_s,
  /** Also for identifiers that the register does not know (CNS-8). */
  unregistered: z.literal(true).exactOptional(),
})
export type Basis = z.infer<typeof basisSchema>

/** CNS-12. */
export const consentRecordSchema = z.strictObject({
  v: z.literal(1),
  consent: id,
  subject: id,
  rev: id,
  notice: id,
  language,
  jurisdiction: jurisdictionSchema,
  purposes,
  categories,
  explicit: z.literal(true).exactOptional(),
  given_at: time_s,
  expires: time_s,
  proxy: z
    .strictObject({ relation: z.enum(['parent', 'guardian', 'attorney', 'nominee']), evidence_hash: digest })
    .exactOptional(),
  minor: z
    .strictObject({
      age: z.int().min(0).max(AGE_MAX),
      until: time_s,
      verified: z.enum(['government_id', 'token', 'account', 'in_person']),
    })
    .exactOptional(),
})
export type ConsentRecord = z.infer<typeof consentRecordSchema>

/** CNS-13. */
export const consentProofSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('passkey'), gesture: gestureSchema }),
  z.strictObject({ type: z.literal('manager'), manager: id, sig: z.string().max(128) }),
  z.strictObject({
    type: z.literal('imported'),
    source: words,
    method: z.enum(['web_form', 'app', 'paper', 'voice', 'email', 'other']),
    evidence_hash: digest,
  }),
])
export type ConsentProof = z.infer<typeof consentProofSchema>

/** What the subject's gesture is over. */
export function giveAct(record: ConsentRecord): { act: 'consent.give'; record: ConsentRecord } {
  return { act: 'consent.give', record }
}

export type TermFault = 'TERM_UNKNOWN' | 'CONDITION_MISSING'
export type ConsentFault =
  | TermFault
  | 'CATEGORY_OUTSIDE_NOTICE'
  | 'CONSENT_EXPIRED'
  | 'MINOR_PROFILING'
  | 'NOTICE_MISMATCH'
  | 'PARENT_MISSING'
  | 'PURPOSE_OUTSIDE_NOTICE'

/** CNS-1. @returns null: all of them are terms */
export function termFault(said: {
  readonly purposes: readonly string[]
  readonly categories: readonly string[]
}): 'TERM_UNKNOWN' | null {
  return said.purposes.every(isPurpose) && said.categories.every(isCategory) ? null : 'TERM_UNKNOWN'
}

/** CNS-3: where special categories take an explicit consent, or a condition. */
function asksCondition(jurisdiction: string): boolean {
  return jurisdiction === '*' || ['EU', 'GB'].some((law) => reaches(law, jurisdiction))
}

/** CNS-1, CNS-3. */
export function basisFault(basis: Basis): TermFault | null {
  const { purpose, categories: of, condition, jurisdiction } = basis
  if (termFault({ purposes: [purpose], categories: of }) !== null) return 'TERM_UNKNOWN'
  const isMissing = condition === undefined && asksCondition(jurisdiction) && of.some(isSpecial)
  return isMissing && basis.kind !== 'controller_instruction' ? 'CONDITION_MISSING' : null
}

/** CNS-12, CNS-14: what a record says against its notice and against itself. Not checked: proof, subject, newness. */
export function consentFault(record: ConsentRecord, notice: Notice, now_s: number): ConsentFault | null {
  const { jurisdiction, given_at, expires } = record
  if (termFault(record) !== null) return 'TERM_UNKNOWN'
  if (record.language !== notice.language || !reaches(notice.jurisdiction, jurisdiction))
    return 'NOTICE_MISMATCH'
  const isWithin = (terms: readonly string[], of: readonly string[], covers: typeof purposeCovers): boolean =>
    terms.every((narrow) => of.some((broad) => covers(broad, narrow)))
  if (!isWithin(record.purposes, notice.purposes, purposeCovers)) return 'PURPOSE_OUTSIDE_NOTICE'
  if (!isWithin(record.categories, notice.categories, categoryCovers)) return 'CATEGORY_OUTSIDE_NOTICE'
  if (expires <= now_s || expires <= given_at || expires - given_at > CONSENT_AGE_MAX_S)
    return 'CONSENT_EXPIRED'
  if (asksCondition(jurisdiction) && record.explicit === undefined && record.categories.some(isSpecial))
    return 'CONDITION_MISSING'
  if (record.minor === undefined) return null
  const isParent = record.proxy?.relation === 'parent' || record.proxy?.relation === 'guardian'
  if (!isParent) return 'PARENT_MISSING'
  return reaches('IN', jurisdiction) && record.purposes.some(profiles) ? 'MINOR_PROFILING' : null
}

/**
 * CNS-1, CNS-3: whether what was said of `broad` covers `category` under this jurisdiction.
 * @param isExplicit a consent that is explicit, or a basis with a condition
 */
export function coversCategory(
  broad: readonly string[],
  category: string,
  isExplicit: boolean,
  jurisdiction: string,
): boolean {
  return broad.some(
    (term) =>
      categoryCovers(term, category) &&
      (isExplicit || !isSpecial(category) || !asksCondition(jurisdiction) || term !== PERSONAL_DATA),
  )
}

/** CNS-15: what the handle of a withdrawal or an objection says of a purpose. */
export function purposeMark(crypto: Crypto, purpose: string): string {
  return base64url(crypto.sha256(utf8(purpose)).subarray(0, PURPOSE_MARK_BYTES))
}

/** The handle of a frame: of the whole, or of one purpose. @param of `rev_…` of a consent, or `dsb_…` */
export function handleFor(crypto: Crypto, of: string, purpose: string | null): string {
  return purpose === null ? of : `${of}.${purposeMark(crypto, purpose)}`
}

/** Characters that do not show: with one in it an identifier would be another that looks, and often works, the same. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/** CNS-10. @returns null: nothing that could name somebody */
export function foldIdentifier(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  if (typeof value === 'number' && !Number.isFinite(value)) return null
  // A number that a double cannot hold may be somebody else's by now.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return null
  const folded = foldCase(String(value).normalize('NFKC').trim().replaceAll(UNSEEN, '').trim())
  return folded.length === 0 || folded.length > IDENTIFIER_CHARS_MAX ? null : folded
}

/** CNS-10. @param folded as {@link foldIdentifier} gives it */
export function subjectKey(
  crypto: Crypto,
  indexKey: Uint8Array,
  system: string | null,
  folded: string,
): string {
  const mac = crypto.hmacSha256(indexKey, utf8(taggedText(SUBJECT_TAG, [system, folded])))
  return base64url(mac.subarray(0, SUBJECT_KEY_BYTES))
}
