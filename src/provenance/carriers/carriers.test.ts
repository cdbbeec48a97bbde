/** What carriers hold is what was put there, and puts nothing into what is attested. */
import * as fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AttestationWorld, DISCLOSED } from '../../../vectors/attestation/world.ts'
import { utf8 } from '../../core/encoding.ts'
import { canonicalBytes, type JsonObject } from '../../core/json.ts'
import { measure } from '../digest.ts'
import { readBundle, type Bundle } from '../statement.ts'
import { fromCompact, toCompact } from './compact.ts'
import { FIELD, fieldValues, HTTP_CHARS_MAX, httpField, MAIL_CHARS_MAX, withMailField } from './fields.ts'
import { authoredAt, trailersOf, withTrailer } from './trailer.ts'

const w = new AttestationWorld('carriers')
const newHash = () => createHash('sha256')
const bundleOf = (edit: JsonObject = {}): Bundle =>
  readBundle(canonicalBytes(w.bundle(w.good('supervised'), edit)))
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

describe('the compact form', () => {
  test.each([
    ['without a name', {}],
    ['with one', { disclosures: DISCLOSED }],
  ])('gives the bundle back, %s', (_, edit) => {
    const bundle = bundleOf(edit)
    const compact = toCompact(bundle)
    expect(compact).toMatch(/^1(\.[A-Za-z0-9_-]+)+$/)
    expect(fromCompact(w.crypto, compact)).toEqual(bundle)
  })

  test('is refused in any other spelling', () => {
    const compact = toCompact(bundleOf({ disclosures: DISCLOSED }))
    const parts = compact.split('.')
    const others = [
      '',
      compact.slice(2),
      `2${compact.slice(1)}`,
      parts.slice(0, 3).join('.'),
      parts.slice(0, 5).join('.'),
      `${compact}.`,
      compact.replace('.', '.='),
      parts.with(3, 'AAAA').join('.'),
      parts.with(4, 'AAAA').join('.'),
      '1'.repeat(400 * 1024),
    ]
    for (const other of others)
      expect(() => fromCompact(w.crypto, other)).toThrowWithCode('CARRIER_MALFORMED')
  })

  test('does not hold two signatures, nor one whose key is not there', () => {
    const { envelope, ...rest } = bundleOf()
    const [signature] = (envelope as { signatures: JsonObject[] }).signatures
    const twice = { ...rest, envelope: { ...(envelope as JsonObject), signatures: [signature, signature] } }
    expect(() => toCompact(twice as Bundle)).toThrowWithCode('CARRIER_TOO_LARGE')
    const stranger = { ...bundleOf(), keys: [{ ...bundleOf().keys[0]!, kid: 'A'.repeat(43) }] }
    expect(() => toCompact(stranger)).toThrowWithCode('CARRIER_TOO_LARGE')
  })
})

const HEAD = [
  'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  'author Ada <ada@example.org> 1789999000 +0200',
  'committer Ada <ada@example.org> 1789999100 +0200',
].join('\n')
const SIGNED = `${HEAD}\ngpgsig -----BEGIN SSH SIGNATURE-----\n U1NI\n -----END SSH SIGNATURE-----`
const formOf = (raw: Uint8Array): string => measure('git', raw, newHash).sha256

describe('a trailer', () => {
  const value = toCompact(bundleOf())

  test.each([
    ['a subject alone', 'Mend it\n'],
    ['a body', 'Mend it\n\nBecause.\n'],
    ['other trailers', 'Mend it\n\nBecause.\n\nReviewed-by: Bob <bob@example.org>\nFixes: #1\n'],
    ['a trailer of ours already', `Mend it\n\n${FIELD}: old\n  old too\n`],
    ['no line end', 'Mend it'],
    ['nothing', ''],
  ])('is found again, and changes nothing of what is attested: a message of %s', (_, message) => {
    for (const head of [HEAD, SIGNED]) {
      const raw = utf8(`${head}\n\n${message}`)
      const carrying = withTrailer(raw, value)
      expect(trailersOf(carrying)).toEqual([value])
      expect(formOf(carrying)).toBe(formOf(raw))
      expect(text(carrying)).not.toContain('gpgsig')
      expect(
        Math.max(
          ...text(carrying)
            .split('\n')
            .slice(4)
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(76)
    }
  })

  test('joins the other trailers, so that git reads all of them', () => {
    const raw = utf8(`${HEAD}\n\nMend it\n\nFixes: #1\n`)
    expect(text(withTrailer(raw, 'abc'))).toMatch(/\n\nFixes: #1\nCountersign-Attestation:\n abc\n$/)
  })

  test('never changes what is attested, whatever the message is', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 12 }).map((each) => each.replaceAll(/[\n\0]/g, '')),
      fc.constantFrom('', ' more', '\tmore', `${FIELD}: x`, `${FIELD.toLowerCase()}:`, 'A: b'),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const raw = utf8(`${HEAD}\n\n${lines.join('\n')}`)
        const carrying = withTrailer(raw, value)
        expect(formOf(carrying)).toBe(formOf(raw))
        expect(trailersOf(carrying)).toEqual([value])
      }),
    )
  })

  test('says when the commit was written, and refuses what is none', () => {
    expect(authoredAt(utf8(`${HEAD}\n\nMend it\n`))).toBe(1_789_999_000_000)
    expect(() => authoredAt(utf8('tree 1\n\nno author'))).toThrowWithCode('CARRIER_MALFORMED')
    expect(() => trailersOf(utf8('blob\n\nno commit'))).toThrowWithCode('CARRIER_MALFORMED')
    expect(() => withTrailer(utf8(`${HEAD}\n\nA`), 'x'.repeat(1024 * 1024))).toThrowWithCode(
      'CARRIER_TOO_LARGE',
    )
  })
})

describe('a header field', () => {
  const value = toCompact(bundleOf({ disclosures: DISCLOSED }))
  const mail = (end: string): Uint8Array =>
    utf8(
      [
        'From: ada@example.org',
        'Subject: Grüße',
        `${FIELD}: old`,
        '\told too',
        'To: bob@example.org',
        '',
        `Hello\n${FIELD}: no`,
      ].join(end),
    )

  test.each(['\r\n', '\n'])('of a mail is found again, and changes nothing of what is attested', (end) => {
    const raw = mail(end)
    const carrying = withMailField(raw, value)
    expect(fieldValues(carrying)).toEqual([value])
    expect(measure('mail', carrying, newHash)).toEqual(measure('mail', raw, newHash))
    const lines = text(carrying).split(end)
    expect(Math.max(...lines.map((each) => each.length))).toBeLessThanOrEqual(76)
    expect(Buffer.from(carrying).toString()).toMatch(/Subject: Grüße\r?\nTo: bob/)
  })

  test('is read however it was folded', () => {
    const folded = value.match(/.{1,31}/g)!.join('\r\n\t  ')
    expect(
      fieldValues(utf8(`Received: by a\r\n${FIELD.toUpperCase()} :${folded}\r\nFrom: a@b\r\n\r\n`)),
    ).toEqual([value])
    expect(fieldValues(utf8(`HTTP/1.1 200 OK\r\n${FIELD}: a, b\r\n\r\n${FIELD}: c`))).toEqual(['a', 'b'])
    expect(fieldValues(utf8('no header'))).toEqual([])
  })

  test('has a limit, in mail and in HTTP', () => {
    expect(httpField(value)).toEqual({ [FIELD]: value })
    expect(() => httpField('x'.repeat(HTTP_CHARS_MAX + 1))).toThrowWithCode('CARRIER_TOO_LARGE')
    expect(() => withMailField(mail('\n'), 'x'.repeat(MAIL_CHARS_MAX + 1))).toThrowWithCode(
      'CARRIER_TOO_LARGE',
    )
    expect(() => withMailField(utf8('{"json": true}'), value)).toThrowWithCode('CARRIER_MALFORMED')
  })

  test('fits HTTP with an attestation as they come', () => {
    expect(value.length).toBeLessThan(HTTP_CHARS_MAX)
  })
})
