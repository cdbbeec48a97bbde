import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import { FORMS, type Form } from '../core/output.ts'
import { LineMeasurer, measure, Measurer, measureStream, wholeHash, WHOLE_BYTES_MAX } from './digest.ts'

const newHash = () => createHash('sha256')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const of = (form: Form, text: string): string => measure(form, utf8(text), newHash).sha256

describe('an output in its form', () => {
  test('is its bytes, as a file and as a stream', () => {
    expect(of('file', 'a\r\nb')).toBe(sha256('a\r\nb'))
    expect(of('stream', 'a\r\nb')).toBe(sha256('a\r\nb'))
  })

  test('as text has one kind of line ending and no byte order mark, and nothing else is changed', () => {
    expect(of('text', '\ufeffa\r\nb\rc\n\r\n \u0065\u0301')).toBe(sha256('a\nb\nc\n\n \u0065\u0301'))
    expect(of('text', 'a\ufeff')).toBe(sha256('a\ufeff'))
    expect(of('text', '')).toBe(sha256(''))
  })

  test('comes out the same in whatever pieces it comes in', () => {
    const text = fc
      .array(fc.constantFrom('\r', '\n', '\r\n', '\ufeff', 'a', 'é', '😀'))
      .map((all) => all.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat(7), { maxLength: 8 }), (content, cuts) => {
        const bytes = utf8(content)
        const measurer = new Measurer('text', newHash)
        let at = 0
        for (const cut of cuts) measurer.update(bytes.subarray(at, (at += cut)))
        measurer.update(bytes.subarray(at))
        const wanted = content.replace(/^\ufeff/, '').replaceAll(/\r\n?/g, '\n')
        expect(measurer.end()).toEqual({
          form: 'text',
          sha256: sha256(wanted),
          bytes: Buffer.byteLength(wanted),
        })
      }),
    )
  })

  test('that is no UTF-8 is no text, also where it is cut off within a character', () => {
    expect(() => measure('text', Uint8Array.of(0x61, 0xff), newHash)).toThrowWithCode('FORM_INVALID')
    expect(() => measure('text', utf8('é').subarray(0, 1), newHash)).toThrowWithCode('FORM_INVALID')
  })

  test('as JSON is its canonical form', () => {
    expect(of('json', '{"b": 1.0,\n"a":[]}')).toBe(sha256('{"a":[],"b":1}'))
    expect(() => of('json', '{"a":1,"a":1}')).toThrowWithCode('FORM_INVALID')
  })

  test('that is held whole has a bound', () => {
    const measurer = new Measurer('json', newHash)
    measurer.update(new Uint8Array(WHOLE_BYTES_MAX))
    expect(() => measurer.update(Uint8Array.of(1))).toThrowWithCode('FORM_INVALID')
  })

  test('of no bytes is one as a file, and none as JSON, commit or mail', () => {
    const invalid = FORMS.filter((form) => {
      try {
        return of(form, '') === ''
      } catch {
        return true
      }
    })
    expect(invalid).toEqual(['json', 'git', 'mail'])
  })
})

describe('a commit', () => {
  const COMMIT = 'tree t\nparent p\nauthor A 1 +0000\ncommitter A 1 +0000\n\nSubject\n\nBody\n'

  test('is the same with trailers of ours, with a signature, and committed anew', () => {
    const same = [
      COMMIT.replace('committer A 1', 'committer B 2'),
      COMMIT.replace('\n\nSubject', '\ngpgsig one\n two\n three\n\nSubject'),
      `${COMMIT}\nCountersign-Attestation: x\n`,
      `${COMMIT}countersign-attestation: x\n and more\n`,
      COMMIT.trimEnd(),
      `${COMMIT}\n\n`,
    ]
    for (const each of same) expect(of('git', each)).toBe(of('git', COMMIT))
  })

  test('is another with another tree, parent, author, message or trailer of others', () => {
    const other = [
      COMMIT.replace('tree t', 'tree u'),
      COMMIT.replace('parent p\n', ''),
      COMMIT.replace('author A', 'author B'),
      COMMIT.replace('Body', 'body'),
      `${COMMIT}Signed-off-by: A\n`,
      COMMIT.replace('\n\nSubject', '\nencoding x\n\nSubject'),
    ]
    expect(new Set([COMMIT, ...other].map((each) => of('git', each))).size).toBe(other.length + 1)
  })

  test('that says that it has our header in its body is still told apart', () => {
    const quoted = COMMIT.replace('Body', 'Body\n committer A')
    expect(of('git', quoted)).not.toBe(of('git', COMMIT))
  })
})

describe('a mail', () => {
  const MAIL = 'From: a@b.example\r\nTo: c@d.example\r\nSubject: one two\r\n\r\nHello\r\n\r\nBye\r\n'

  test('is what the relaxed form of DKIM keeps', () => {
    expect(of('mail', MAIL)).toBe(
      sha256('from:a@b.example\r\nto:c@d.example\r\nsubject:one two\r\n\r\nHello\r\n\r\nBye\r\n'),
    )
  })

  test('is the same behind a relay', () => {
    const same = [
      MAIL.replaceAll('\r\n', '\n'),
      `Received: by x\r\n${MAIL}`,
      MAIL.replace('one two', 'one\r\n\ttwo'),
      MAIL.replace('Subject: ', 'SUBJECT:   '),
      MAIL.replace('Hello', 'Hello  '),
      `${MAIL}\r\n\r\n`,
      MAIL.replace('From:', 'Countersign-Attestation: x\r\nFrom:'),
    ]
    for (const each of same) expect(of('mail', each)).toBe(of('mail', MAIL))
  })

  test('is another with another recipient, subject or word, or a second From', () => {
    const other = [
      MAIL.replace('c@d', 'e@d'),
      MAIL.replace('one', 'two'),
      MAIL.replace('Bye', 'bye'),
      `From: x@y.example\r\n${MAIL}`,
      MAIL.replace('Hello\r\n\r\n', 'Hello\r\n'),
    ]
    expect(new Set([MAIL, ...other].map((each) => of('mail', each))).size).toBe(other.length + 1)
  })
})

test('line endings of a file are told apart from what else may have changed', () => {
  const lines = new LineMeasurer(newHash)
  for (const piece of ['a\r', '\nb', '\r\n']) lines.update(utf8(piece))
  expect(lines.end()).toEqual({ lf: sha256('a\nb\n'), crlf: sha256('a\r\nb\r\n') })
})

test('a stream of any length is digested as it comes', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 100; i++) yield utf8(`${i}\n`)
  }
  const whole = Array.from({ length: 100 }, (_, i) => `${i}\n`).join('')
  expect((await measureStream('stream', chunks(), newHash)).sha256).toBe(sha256(whole))
})

test('where there is no incremental hash, what comes is held', () => {
  expect(measure('text', utf8('a\r\nb'), wholeHash(nodeCrypto)).sha256).toBe(sha256('a\nb'))
})
