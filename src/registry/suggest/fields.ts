/** Parts of a result that differ from the whole (LBL-4), by the output schema. @module */
import { isAbove, type DataLabel, type ToolLabel } from '../../core/label.ts'
import type { Place } from './definition.ts'
import { wordsOf } from './names.ts'

type Fields = NonNullable<ToolLabel['result']['fields']>

/** More would not be read by whoever approves it. */
const FIELDS_MAX = 32
const POINTER_LENGTH_MAX = 256

/** What fields of these names hold. They only raise. */
const HELD: readonly (readonly [RegExp, DataLabel['level'], string])[] = [
  [
    /\b(?:password|passcode|passphrase|secret|credential|(?:api|private|access|secret) key|access token|refresh token)\b/,
    'restricted',
    'secret',
  ],
  [/\b(?:iban|card number|account number|cvv|cvc|credit card)\b/, 'confidential', 'payment'],
  [/\b(?:diagnosis|medication|allergy|blood type|medical)\b/, 'confidential', 'health'],
  [
    /\b(?:email|phone|birthday|birth date|date birth|ssn|passport|street|home address|postal code|salary)\b/,
    'confidential',
    'personal',
  ],
]
/** What people write in their own words. */
const PROSE = new Set(
  'bio body caption comment content description feedback memo message note remark review subject summary text title topic'.split(
    ' ',
  ),
)
export function fieldsOf(output: readonly Place[], whole: DataLabel): { fields: Fields; reasons: string[] } {
  const found: [string, Fields[string]][] = []
  const reasons: string[] = []
  for (const { pointer, name } of output) {
    if (found.length >= FIELDS_MAX) break
    if (pointer.length > POINTER_LENGTH_MAX) continue
    const words = wordsOf(name)
    const held = HELD.find(([pattern]) => pattern.test(words.join(' ')))
    const field: Fields[string] = {}
    if (held !== undefined) {
      const [, level, category] = held
      if (isAbove(level, whole.level)) field.level = level
      if (!whole.categories.includes(category)) field.categories = [...whole.categories, category].sort()
    }
    if (whole.integrity === 'trusted' && PROSE.has(words.at(-1) ?? '')) field.integrity = 'untrusted'
    if (Object.keys(field).length === 0) continue
    found.push([pointer, field])
    reasons.push(
      `the field \`${name}\` of its result ${field.integrity === undefined ? 'holds' : 'is in somebody’s own words, and holds'} ${held?.[2] ?? 'text'}`,
    )
  }
  return { fields: Object.fromEntries(found), reasons }
}
