/**
 * What secrets and personal data look like: patterns, each with the check that tells it from what only looks alike.
 * spec/labels.md (LBL-9), docs/adr/0044. Pure. Every pattern is read in time linear in the text.
 * @module
 */
import type { DETECTORS } from '../../core/flow-policy.ts'
import type { DataLabel } from '../../core/label.ts'

export type DetectorName = (typeof DETECTORS)[number]

export interface Pattern {
  readonly name: string
  readonly detector: DetectorName
  /** What a find raises the label to, at least. */
  readonly level: DataLabel['level']
  readonly category: string
  /** Texts without one of these are not searched: most results hold neither. */
  readonly hint: RegExp
  readonly find: RegExp
  /** Of what was found: whether it is one. */
  readonly holds?: (found: string) => boolean
}

const SECRET = { detector: 'secrets', level: 'restricted', category: 'secret' } as const
const PAYMENT = { detector: 'personal', level: 'confidential', category: 'payment' } as const
const PERSON = { detector: 'personal', level: 'internal', category: 'personal' } as const

/** Tokens whose makers gave them a prefix, so that they are found. */
const TOKEN_PREFIXES = [
  '(?:AKIA|ASIA)[0-9A-Z]{16}',
  'gh[oprsu]_[A-Za-z0-9]{36,255}',
  'github_pat_[A-Za-z0-9_]{40,255}',
  'glpat-[A-Za-z0-9_-]{20,255}',
  'xox[abeoprs]-[A-Za-z0-9-]{20,255}',
  '(?:sk|rk)_live_[A-Za-z0-9]{20,255}',
  'sk-[A-Za-z0-9_-]{32,255}',
  'AIza[A-Za-z0-9_-]{35}',
  'npm_[A-Za-z0-9]{36}',
  'pypi-[A-Za-z0-9_-]{50,255}',
  'hf_[A-Za-z0-9]{30,255}',
  String.raw`SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}`,
  'AGE-SECRET-KEY-1[0-9A-Z]{58}',
]

export const PATTERNS: readonly Pattern[] = [
  {
    ...SECRET,
    name: 'private-key',
    hint: /PRIVATE KEY-----/,
    find: /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY-----/g,
  },
  {
    ...SECRET,
    name: 'jwt',
    hint: /eyJ/,
    find: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{4,8192}\.[A-Za-z0-9_-]{16,2048}/g,
    holds: isJwt,
  },
  {
    ...SECRET,
    name: 'token',
    hint: /AKIA|ASIA|gh[oprsu]_|github_pat_|glpat-|xox|_live_|sk-|AIza|npm_|pypi-|hf_|SG\.|AGE-SECRET/,
    find: new RegExp(`(?<![A-Za-z0-9])(?:${TOKEN_PREFIXES.join('|')})(?![A-Za-z0-9])`, 'g'),
  },
  {
    ...SECRET,
    name: 'password-in-url',
    hint: /:\/\//,
    find: /(?<![a-z0-9])[a-z][a-z0-9+.-]{1,15}:\/\/[^\s:@/?#"']{1,64}:[^\s@/?#"']{3,128}@/gi,
  },
  {
    ...SECRET,
    name: 'named-secret',
    hint: /pass|secret|key|token/i,
    find: /(?<![a-z])(?:passw(?:or)?d|passphrase|secret|api[ _-]?key|access[ _-]?key|auth[ _-]?token|access[ _-]?token|private[ _-]?key)["']?(?: is)?\s{0,4}[:=]\s{0,4}["']?[^\s"',;]{8,256}/gi,
    holds: (found) => isSecret(/[^\s"':=,;]{8,256}$/.exec(found)?.[0] ?? ''),
  },
  {
    ...SECRET,
    name: 'random',
    hint: /[A-Za-z0-9+/_-]{32}/,
    find: /(?<![A-Za-z0-9+/_=.-])[A-Za-z0-9+/_-]{32,128}={0,2}(?![A-Za-z0-9+/_=.-])/g,
    holds: (found) => isMixed(found) && isRandom(found, RANDOM_BITS_MIN),
  },
  {
    ...PAYMENT,
    name: 'iban',
    hint: /[A-Z]{2}\d{2}/,
    find: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g,
    holds: isIban,
  },
  {
    ...PAYMENT,
    name: 'card-number',
    hint: /\d{4}/,
    find: /(?<![\w.+-])[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\w-]|\.\d)|(?<![\w.+-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w-]|\.\d)/g,
    holds: isCard,
  },
  {
    ...PERSON,
    level: 'confidential',
    name: 'us-ssn',
    hint: /\d{3}-\d{2}-\d{4}/,
    find: /(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g,
  },
  {
    ...PERSON,
    name: 'e-mail',
    hint: /@/,
    find: /(?<![A-Za-z0-9._%+-]|:\/\/[^\s@]{0,128})[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_])?@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])/g,
  },
  {
    ...PERSON,
    name: 'phone',
    hint: /\+[1-9]/,
    find: /(?<![\w+])\+[1-9](?:[ ().-]{0,2}\d){7,14}(?![\w-])/g,
  },
]

/** Bits a character, by its own frequencies: of what stands behind "password:", and of what stands alone. */
const NAMED_BITS_MIN = 2.7
const RANDOM_BITS_MIN = 4.3

/** No word stands there, and no row of stars. */
function isSecret(value: string): boolean {
  return !/^(?:[a-z]+|[A-Z][a-z]*)[.!?)]*$/.test(value) && isRandom(value, NAMED_BITS_MIN)
}

function isRandom(text: string, bits_min: number): boolean {
  const counts = new Map<string, number>()
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1)
  let bits = 0
  for (const n of counts.values()) bits -= (n / text.length) * Math.log2(n / text.length)
  return bits >= bits_min
}

/** Digests and identifiers are of one case; words and paths have no digits among their letters. */
function isMixed(text: string): boolean {
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && (text.match(/\d/g) ?? []).length >= 3
}

function isJwt(token: string): boolean {
  try {
    const header: unknown = JSON.parse(
      atob(token.slice(0, token.indexOf('.')).replaceAll('-', '+').replaceAll('_', '/')),
    )
    return typeof header === 'object' && header !== null && 'alg' in header
  } catch {
    return false
  }
}

/** ISO 7064 MOD 97-10 over the letters as numbers, the first four characters last (ISO 13616). */
export function isIban(text: string): boolean {
  const compact = text.replaceAll(' ', '')
  if (compact.length < 15 || compact.length > 34) return false
  let rest = 0
  for (const c of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(c, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** Numbers that issuers of cards were given (ISO/IEC 7812), with their lengths. */
const CARDS =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35\d{14})$/

/** ISO/IEC 7812: Luhn. */
export function isCard(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, '')
  if (!CARDS.test(digits)) return false
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
