/** The second net: what it finds, and how often it is right on texts written for this. spec/labels.md (LBL-9). */
import { describe, expect, test } from 'vitest'
import { BOTTOM, TOP } from '../../core/label.ts'
import { detectors, namesFound } from './detectors.ts'
import { isCard, isIban, PATTERNS } from './patterns.ts'

/** Put together here, so that no scanner takes this file for a leak. */
const b64 = (text: string): string => Buffer.from(text).toString('base64url')
const JWT = `${b64('{"alg":"ES256","typ":"JWT"}')}.${b64('{"sub":"1234"}')}.${'Zk3_'.repeat(21)}ab`
const PEM = ['-----BEGIN', 'EC PRIVATE KEY-----'].join(' ')
const GITHUB = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_')
const AWS = ['AKIA', 'QYLPMN5HHHFPZAM2'].join('')
const SLACK = ['xoxb', '123456789012', 'abcdefGHIJKLmnop'].join('-')
const RANDOM = 'mJ4pXv92Kq0ZsT7dLr8WbYc3HnVf6GuE'

/** Text, and what stands in it. Half of them hold what only looks like it. */
const SET: readonly (readonly [text: string, ...holds: string[]])[] = [
  [`Deploy key:\n${PEM}\nMHcCAQEEI`, 'private-key'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb', 'private-key'],
  ['-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw'],
  ['Ask for the private key of the safe at the desk.'],
  [`Authorization: Bearer ${JWT}`, 'jwt'],
  [`{"id_token":"${JWT}"}`, 'jwt'],
  ['eyJust.kidding.everybody-who-reads-this-line'],
  [`eyJhbGciOi.${'x'.repeat(12)}.${'y'.repeat(20)}`],
  [`export GITHUB_TOKEN=${GITHUB}`, 'token'],
  [`aws_access_key_id = ${AWS}`, 'token'],
  [`The bot posts with ${SLACK}.`, 'token'],
  [`key ${['sk', 'live', '4eC39HqLyjWDarjtT1zdp7dcAbCd'].join('_')}`, 'token'],
  ['The task-force sk-edule was moved to Friday.'],
  ['AKIA is a prefix of access keys.'],
  ['See gh_pages and npm_config_registry in the docs.'],
  ['postgres://app:s3cretPassw0rd@db.example.org:5432/app', 'password-in-url'],
  ['redis://:hunter22@cache.example.org'],
  ['https://example.org:8443/a@b'],
  ['http://user@example.org/path'],
  ['ftp://backup:Xk9pQ2@files.example.org/x', 'password-in-url'],
  ['Password: Tr0ub4dor&3xyz', 'named-secret'],
  ['{"api_key": "9f8e7d6c5b4a3210fedc"}', 'named-secret'],
  ['client secret = "q8Wz!mT4#pLx"', 'named-secret'],
  ['my password is: correcthorse9battery', 'named-secret'],
  ['Password: ********'],
  ['Please reset your password: follow the link in the next mail.'],
  ['The secret: patience and aaaaaaaaaa more.'],
  [`Here it is, ${RANDOM}`, 'random'],
  ['token value "vQ7xN2kLp9RtB4sWzE6yHj1MfUc8DgA3"', 'random'],
  ['commit 3f786850e387550fdab836ed7e6dc881de23001b'],
  ['id 7f9c24e8-3b1a-4d5e-9c62-0a1b2c3d4e5f of the request'],
  ['act_01hxz3k5p7q9r2s4t6v8w0y1za was denied'],
  ['src/enforce/adapters/mcp-server/transport-of-another-kind'],
  ['AVeryLongCamelCaseIdentifierForATestOfThings'],
  ['Pay to DE89 3704 0044 0532 0130 00 by Monday.', 'iban'],
  ['IBAN GB29NWBK60161331926819', 'iban'],
  ['FR1420041010050500013M02606 is theirs', 'iban'],
  ['CH9300762011623852957', 'iban'],
  ['DE89 3704 0044 0532 0130 01 has a wrong digit'],
  ['US12345678901234567 is an order'],
  ['ISO27001 and AB12CD34EF56 are no accounts'],
  ['Card 4111 1111 1111 1111, valid to 12/29', 'card-number'],
  ['5555555555554444', 'card-number'],
  ['3782-822463-10005 Amex', 'card-number'],
  ['4111 1111 1111 1112 was mistyped'],
  ['Order 4000123412341234 of today'],
  ['Timestamp 2026010112345678 in the log'],
  ['0000 0000 0000 0000'],
  ['SSN 536-22-8726', 'us-ssn'],
  ['ref 123-45-6789', 'us-ssn'],
  ['part 000-12-3456 and 900-12-3456'],
  ['call 555-12-34567'],
  ['Write to anna.berg@example.org.', 'e-mail'],
  ['"cc": ["b.o\'neil@mail.example.co.uk"]', 'e-mail'],
  ['<first+tag@sub.example.com>', 'e-mail'],
  ['npm install left-pad@1.3.0 and @scope/name'],
  ['Meet @anna at 5 @ the bar'],
  ['user@localhost'],
  ['Ring +49 30 901820 or come by.', 'phone'],
  ['+1 (415) 555-2671', 'phone'],
  ['tel:+33142685300', 'phone'],
  ['2+2=4 and 3+15 and C++17'],
  ['+5 points, +100 more'],
  ['Growth of +1234 in 2026'],
  ['The quarterly report is attached; see page 12 and table 3.'],
  ['Room 1204, 3rd floor, from 09:30 to 11:00 on 2026-03-14.'],
  ['Invoice 2026-00123 over 1,250.00 EUR'],
  ['lat 52.520008, lon 13.404954'],
  ['sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= of an empty file', 'random'],
]

const names = PATTERNS.map(({ name }) => name)

test('they are right as often as ADR 0044 says', () => {
  const all = { hits: 0, false_finds: 0, misses: 0 }
  const rows = names.map((name) => {
    const count = { hits: 0, false_finds: 0, misses: 0 }
    for (const [text, ...holds] of SET) {
      const found = namesFound(text).includes(name)
      const is = holds.includes(name)
      const kin = holds.some((held) => categoryOf(held) === categoryOf(name))
      if (found && (is || kin)) count.hits++
      else if (found) count.false_finds++
      else if (is) count.misses++
    }
    all.hits += count.hits
    all.false_finds += count.false_finds
    all.misses += count.misses
    return [name, precision(count), recall(count)] as const
  })
  const lines = [...rows, ['all', precision(all), recall(all)] as const].map(
    ([name, p, r]) => `${name.padEnd(16)} precision ${p.toFixed(2)}  recall ${r.toFixed(2)}`,
  )
  process.stdout.write(`${SET.length} texts\n${lines.join('\n')}\n`)
  expect(precision(all)).toBeGreaterThanOrEqual(0.9)
  expect(recall(all)).toBeGreaterThanOrEqual(0.8)
})

function categoryOf(name: string): string | undefined {
  return PATTERNS.find((pattern) => pattern.name === name)?.category
}

interface Count {
  readonly hits: number
  readonly false_finds: number
  readonly misses: number
}

function precision({ hits, false_finds }: Count): number {
  return hits / Math.max(1, hits + false_finds)
}

function recall({ hits, misses }: Count): number {
  return hits / Math.max(1, hits + misses)
}

describe('what is found', () => {
  test('raises, and nothing lowers', () => {
    expect(detectors().look('nothing of interest')).toEqual(BOTTOM)
    expect(detectors().look(`${GITHUB} of anna@example.org`)).toEqual({
      level: 'restricted',
      integrity: 'trusted',
      categories: ['personal', 'secret'],
    })
  })

  test('is what the policy asks for', () => {
    expect(detectors(['personal']).look(GITHUB)).toEqual(BOTTOM)
    expect(detectors([]).look('anna@example.org')).toEqual(BOTTOM)
  })

  test('is everything when a detector fails', () => {
    const broken = {
      ...PATTERNS[0]!,
      hint: /./,
      find: /./g,
      holds: () => {
        throw new Error('broken')
      },
    }
    expect(detectors(undefined, [broken]).look('text')).toEqual(TOP)
  })

  test('takes no longer than the text is long', () => {
    const nasty = [
      'a'.repeat(200_000),
      'eyJ'.repeat(60_000),
      '+1 '.repeat(60_000),
      'a@a.'.repeat(50_000),
      'AB12 '.repeat(40_000),
      'password='.repeat(20_000),
    ]
    const started = performance.now()
    for (const text of nasty) detectors().look(text)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('checks', () => {
  test('an account number has its check digits', () => {
    expect(isIban('DE89370400440532013000')).toBe(true)
    expect(isIban('DE88370400440532013000')).toBe(false)
    expect(isIban('DE8937')).toBe(false)
  })

  test('a card number has its check digit', () => {
    expect(isCard('4111 1111 1111 1111')).toBe(true)
    expect(isCard('4111 1111 1111 1110')).toBe(false)
    expect(isCard('0000000000000000')).toBe(false)
  })
})
