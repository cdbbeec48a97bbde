/** What a withdrawal or an objection denies, by handles of frames; and what identifiers are the same. @module */
import type { Crypto } from '../../src/core/crypto.ts'
import { DPV } from '../../src/core/dpv.ts'
import { handleFor } from '../../src/core/consent.ts'

const [MARKETING, DIRECT, SERVICE] = ['Marketing', 'DirectMarketing', 'ServiceProvision'].map(
  (n) => DPV + n,
) as [string, string, string]
const REV = 'rev_00000000000000000000000001'
const SUBJECT = 'dsb_00000000000000000000000001'

export interface WithdrawalVector {
  readonly name: string
  readonly description: string
  /** Of a consent: its purposes. Null: an objection, which is to any. */
  readonly consent: { readonly rev: string; readonly purposes: readonly string[] } | null
  readonly subject: string
  /** Withdrawn before, or all of it. */
  readonly before: readonly string[] | 'all'
  /** Null: all. */
  readonly purposes: readonly string[] | null
  readonly expect:
    | { readonly ok: true; readonly kind: 'consent' | 'subject'; readonly handles: readonly string[] }
    | { readonly ok: false; readonly code: 'PURPOSE_OUTSIDE_CONSENT' }
}

export function withdrawalVectors(crypto: Crypto): WithdrawalVector[] {
  const of = (rev: string, ...purposes: string[]): string[] =>
    purposes.map((purpose) => handleFor(crypto, rev, purpose)).sort()
  const both = [MARKETING, SERVICE]
  const one = (
    name: string,
    description: string,
    purposes: readonly string[] | null,
    handles: readonly string[] | null,
    before: readonly string[] | 'all' = [],
  ): WithdrawalVector => ({
    name,
    description,
    consent: { rev: REV, purposes: both },
    subject: SUBJECT,
    before,
    purposes,
    expect:
      handles === null
        ? { ok: false, code: 'PURPOSE_OUTSIDE_CONSENT' }
        : { ok: true, kind: 'consent', handles },
  })
  const objection = (
    name: string,
    description: string,
    purposes: readonly string[] | null,
  ): WithdrawalVector => ({
    name,
    description,
    consent: null,
    subject: SUBJECT,
    before: [],
    purposes,
    expect: { ok: true, kind: 'subject', handles: purposes === null ? [SUBJECT] : of(SUBJECT, ...purposes) },
  })
  return [
    one('whole', 'The whole has the handle of the consent', null, [REV]),
    one('purpose', 'One purpose of two has its mark', [MARKETING], of(REV, MARKETING)),
    one('narrower', 'A narrower purpose has a mark of its own', [DIRECT], of(REV, DIRECT)),
    one('twice', 'A purpose that is named twice is one', [DIRECT, DIRECT], of(REV, DIRECT)),
    one(
      'two-narrower',
      'Two of them',
      [DIRECT, `${DPV}SocialMediaMarketing`],
      of(REV, DIRECT, `${DPV}SocialMediaMarketing`),
    ),
    one('every', 'Every purpose by name is the whole', both, [REV]),
    one('rest', 'What was left of it makes the whole', [SERVICE], [REV], [MARKETING]),
    one('again', 'What was withdrawn as a whole is so', [MARKETING], [REV], 'all'),
    one(
      'trap-narrower-is-not-every',
      'A narrower one does not make up for the purpose',
      [DIRECT, SERVICE],
      of(REV, DIRECT, SERVICE),
    ),
    one('outside', 'It was never given for that', [`${DPV}FraudPreventionAndDetection`], null),
    one('trap-broader', 'A broader purpose is outside', [`${DPV}CommercialPurpose`], null),
    objection('objection', 'To everything', null),
    objection('objection-purpose', 'To one purpose', [MARKETING]),
    objection('objection-purposes', 'To two', [DIRECT, SERVICE]),
  ]
}

export interface IdentifierVector {
  readonly name: string
  readonly description: string
  readonly value: unknown
  /** Null: it names nobody. */
  readonly expect: { readonly folded: string; readonly plain: string } | null
}

type Row = readonly [name: string, description: string, value: unknown, folded: string | null, plain?: string]

const ROWS: readonly Row[] = [
  ['address', 'Without case', 'Jo@Example.org', 'jo@example.org'],
  ['spaces', 'Without white space around', '  Straße 5\t', 'strasse 5'],
  ['wide', 'NFKC', 'ＡＢＣ', 'abc'],
  ['number', 'A number as its shortest decimal form', 4711, '4711'],
  ['number-as-text', 'And the same as text', '4711', '4711'],
  ['fraction', 'A fraction is a number', 1.5, '1.5', '15'],
  ['zeros', 'Zeros before it make another identifier', '0042', '0042', '42'],
  ['only-zeros', 'Of zeros one is left', '000', '000', '0'],
  ['phone', 'What people put between digits', '+49 (170) 123-45', '+49 (170) 123-45', '4917012345'],
  ['phone-zeros', 'And with the zeros of a call abroad', '0049 170/12345', '0049 170/12345', '4917012345'],
  ['tag', 'An address with a tag is another', 'Ann+Shop@x.example', 'ann+shop@x.example', 'ann@x.example'],
  ['trap-tag-first', 'Nothing stands before the tag', '+ann@x.example', '+ann@x.example'],
  ['trap-no-address', 'A plus outside of an address', 'a+b', 'a+b'],
  ['trap-two-ats', 'No address', 'a+b@c@d', 'a+b@c@d'],
  ['letters', 'Digits and letters are no number', 'A-0042', 'a-0042'],
  ['dashes', 'No digit', '--', '--'],
  ['hidden', 'What does not show is left out', 'j\u200bo\u00ad@example.org\u2060', 'jo@example.org'],
  ['control', 'Control characters', '\ufeffjo\0', 'jo'],
  ['longest', '256 characters', 'x'.repeat(256), 'x'.repeat(256)],
  ['too-long', '257 characters', 'x'.repeat(257), null],
  ['empty', 'Nothing', '', null],
  ['blank', 'White space', ' \t\n', null],
  ['only-hidden', 'Nothing that shows', '\u200b\u2060', null],
  ['null', 'No value', null, null],
  ['true', 'No text', true, null],
  ['list', 'A list is several, and none of them here', ['x'], null],
]

export function identifierVectors(): IdentifierVector[] {
  return ROWS.map(([name, description, value, folded, plain = folded]) => ({
    name,
    description,
    value,
    expect: folded === null || plain === null ? null : { folded, plain },
  }))
}
