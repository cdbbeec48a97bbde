import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64, concat, fromUtf8, utf8 } from '../core/encoding.ts'
import { formatVkey, noteKey, openNote, parseNote, parseVkey, signNote } from './note.ts'

const NAME = 'log.example/countersign'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const other = crypto.signer(crypto.generateKey('Ed25519'))
const key = noteKey(crypto, NAME, signer.publicJwk)
const TEXT = 'first\n\nsecond\n'
const note = signNote(crypto, TEXT, NAME, signer)

/** The signature lines of notes over the same text, on one text. */
function merged(...notes: Uint8Array[]): Uint8Array {
  return utf8(`${TEXT}\n${notes.map((each) => fromUtf8(each).slice(TEXT.length + 1)).join('')}`)
}

function damaged(name = NAME): Uint8Array {
  const line = fromUtf8(signNote(crypto, 'something else\n', name, signer))
    .split('\n')
    .at(-2)
  return utf8(`${TEXT}\n${line}\n`)
}

describe('vkeys', () => {
  test('the example of C2SP signed-note verifies under the vkey of its key', () => {
    // From golang.org/x/mod/sumdb/note: the key of its documentation.
    const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
    const text =
      'If you think cryptography is the answer to your problem,\n' +
      "then you don't know what your problem is.\n"
    const line =
      '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
    const opened = openNote(crypto, utf8(`${text}\n${line}\n`), [parseVkey(crypto, vkey)])
    expect(opened.text).toBe(text)
    expect(formatVkey(opened.verified[0]!)).toBe(vkey)
  })

  test('are read back as written', () => {
    const vkey = formatVkey(key)
    expect(vkey).toMatch(/^log\.example\/countersign\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}$/)
    expect(parseVkey(crypto, vkey)).toEqual(key)
  })

  test.each([
    ['empty', ''],
    ['no key', `${NAME}+${key.id}`],
    ['another id', formatVkey({ ...key, id: '00000000' })],
    ['an upper-case id', formatVkey({ ...key, id: 'ABCDEF01' })],
    ['another name', formatVkey({ ...key, name: 'other' })],
    ['a name with a space', formatVkey({ ...key, name: 'a b' })],
    ['a name with a no-break space', formatVkey({ ...key, name: 'a\u00a0b' })],
    ['a name with a control character', formatVkey({ ...key, name: 'a\u0085b' })],
    ['another algorithm', `${NAME}+${key.id}+${base64(new Uint8Array(33).fill(4))}`],
    ['a small-order key', `${NAME}+${key.id}+${base64(concat(Uint8Array.of(1, 1), new Uint8Array(31)))}`],
    ['something after it', `${formatVkey(key)}\n`],
  ])('with %s are refused', (_, vkey) => {
    expect(() => parseVkey(crypto, vkey)).toThrowWithCode('VKEY_INVALID')
  })

  test('are of Ed25519 keys', () => {
    const es256 = crypto.signer(crypto.generateKey('ES256'))
    expect(() => noteKey(crypto, NAME, es256.publicJwk)).toThrowWithCode('VKEY_INVALID')
  })
})

describe('signing', () => {
  test('gives text, empty line and signature line', () => {
    const [text = '', line = ''] = fromUtf8(note).split(/\n(?=\u2014 )/)
    expect(text).toBe(TEXT)
    expect(line).toMatch(/^\u2014 log\.example\/countersign [A-Za-z0-9+/]+={0,2}\n$/)
  })

  test.each(['', 'no newline', 'tab\there\n', 'return\r\n', 'lone \ud800\n'])(
    'refuses the text %j',
    (text) => {
      expect(() => signNote(crypto, text, NAME, signer)).toThrowWithCode('NOTE_INVALID')
    },
  )
})

describe('opening', () => {
  test('gives the text once a known key has signed it', () => {
    expect(openNote(crypto, note, [key])).toEqual({ text: TEXT, verified: [key] })
  })

  test('ignores signatures of unknown keys, whichever their name, id or content', () => {
    const stranger = `\u2014 ${NAME} ${base64(new Uint8Array(5))}\n`
    const sameId = `\u2014 somebody ${base64(concat(Buffer.from(key.id, 'hex'), new Uint8Array(64)))}\n`
    const bytes = concat(merged(signNote(crypto, TEXT, 'witness', other), note), utf8(stranger + sameId))
    expect(openNote(crypto, bytes, [key]).verified).toEqual([key])
  })

  test('reports every known key that signed, each once', () => {
    const witness = noteKey(crypto, 'witness', other.publicJwk)
    const bytes = merged(note, signNote(crypto, TEXT, 'witness', other), note)
    expect(openNote(crypto, bytes, [witness, key]).verified).toEqual([key, witness])
  })

  test('refuses when no known key has signed', () => {
    expect(() => openNote(crypto, note, [])).toThrowWithCode('NOTE_INVALID')
    expect(() => openNote(crypto, note, [noteKey(crypto, NAME, other.publicJwk)])).toThrowWithCode(
      'NOTE_INVALID',
    )
  })

  test('refuses when a known key’s signature fails, though another or a repeated one verifies', () => {
    const witness = noteKey(crypto, 'witness', signer.publicJwk)
    expect(() => openNote(crypto, damaged(), [key])).toThrowWithCode('NOTE_INVALID')
    expect(() => openNote(crypto, merged(note, damaged()), [key])).toThrowWithCode('NOTE_INVALID')
    expect(() => openNote(crypto, merged(damaged(), note), [key])).toThrowWithCode('NOTE_INVALID')
    expect(() => openNote(crypto, merged(note, damaged('witness')), [key, witness])).toThrowWithCode(
      'NOTE_INVALID',
    )
  })

  test('refuses a changed text', () => {
    const bytes = Uint8Array.from(note)
    bytes[0]! ^= 1
    expect(() => openNote(crypto, bytes, [key])).toThrowWithCode('NOTE_INVALID')
  })
})

describe('parsing', () => {
  const line = fromUtf8(note).slice(TEXT.length + 1)

  test.each([
    ['nothing', ''],
    ['no signature', TEXT],
    ['no empty line', `text\n${line}`],
    ['no signature after the empty line', 'text\n\n'],
    ['no final newline', fromUtf8(note).slice(0, -1)],
    ['an empty line at the end', `${fromUtf8(note)}\n`],
    ['a hyphen for the dash', `${TEXT}\n${line.replace('\u2014', '-')}`],
    ['an en dash for the dash', `${TEXT}\n${line.replace('\u2014', '\u2013')}`],
    ['no name', `${TEXT}\n\u2014  AAAAAAA=\n`],
    ['a name with a plus', `${TEXT}\n\u2014 a+b AAAAAAA=\n`],
    ['a third field', `${TEXT}\n${line.replace('\n', ' x\n')}`],
    ['base64url', `${TEXT}\n\u2014 name -_-_-_-_\n`],
    ['a signature of four bytes', `${TEXT}\n\u2014 name AAAAAA==\n`],
    ['a carriage return', `text\r\n\n${line}`],
    ['a tab', `te\txt\n\n${line}`],
    ['101 signatures', `${TEXT}\n${line.repeat(101)}`],
    ['a megabyte', `${'a'.repeat(1024 * 1024)}\n\n${line}`],
  ])('refuses %s', (_, text) => {
    expect(() => parseNote(utf8(text))).toThrowWithCode('NOTE_INVALID')
  })

  test('refuses what is not UTF-8', () => {
    expect(() => parseNote(concat(Uint8Array.of(0xff), note))).toThrowWithCode('NOTE_INVALID')
  })

  test('takes 100 signatures, and splits at the last empty line', () => {
    const parsed = parseNote(utf8(`${TEXT}\n${line.repeat(100)}`))
    expect(parsed.signatures).toHaveLength(100)
    expect(parsed.text).toBe(TEXT)
    expect(parsed.signatures[0]).toMatchObject({ name: NAME, id: key.id })
  })
})
