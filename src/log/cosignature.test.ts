import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64, base64url, concat, fromBase64, fromBase64url, fromUtf8, utf8 } from '../core/encoding.ts'
import { rfc3339, TIME_S_MAX } from '../core/time.ts'
import { signCheckpoint } from './checkpoint.ts'
import {
  addCosignatures,
  cosign,
  cosignatureLines,
  cosignerKey,
  formatCosignerVkey,
  openAnswer,
  openCosignatures,
  openCosigned,
  parseCosignerVkey,
} from './cosignature.ts'
import { formatVkey, noteKey, parseVkey } from './note.ts'

/**
 * Made with other people's software (github.com/transparency-dev/formats v0.1.1 and golang.org/x/mod/sumdb/note):
 * keys, text, lines and time of one cosigned checkpoint.
 */
const OUTSIDE = {
  logVkey: 'example.com/vector-log+4516a1da+ARGkVJ4QEa2MOOLGBO6i7NVSJ1FQ97tIX+w+Ku0RZ6Em',
  witnessName: 'witness.example.com/vector',
  witnessSeed: 'kRffG/zx6hAgpPgT4aTFlxdokJiVB+L8Ync0MWZkhbw=',
  witnessVkey: 'witness.example.com/vector+416f103d+BK/QmJFVP3SKJOqAMhFxBQPtylo3sjwWibyFDAlZKK8B',
  text: 'example.com/vector-log\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n',
  logLine:
    '\u2014 example.com/vector-log RRah2qlLrSlk6J8DA1HmNewppUM15Quhs5cAIb1KjBsV3otVirJTW8AFVsQtJkTW1Zny7GuoAxZpI6bUPcpM68QOIgE=\n',
  witnessLine:
    '\u2014 witness.example.com/vector QW8QPQAAAABqwLUbDdj7sDNRIVjmjYgqFI6y4UJhPg/UAA8J8wAdqSd3q4PedRhkgXA4xFN/Jg5uWn7ZkBA+H/UHQs5d9hITdXmQAA==\n',
  time_s: 1_791_014_171,
}
const outsideNote = utf8(`${OUTSIDE.text}\n${OUTSIDE.logLine}${OUTSIDE.witnessLine}`)

const ORIGIN = 'log.example/countersign'
const logSigner = crypto.signer(crypto.generateKey('Ed25519'))
const logVkey = formatVkey(noteKey(crypto, ORIGIN, logSigner.publicJwk))
const witness = crypto.signer(crypto.generateKey('Ed25519'))
const NAME = 'witness.example/w1'
const known = cosignerKey(crypto, NAME, witness.publicJwk)
const plain = signCheckpoint(crypto, logSigner, { origin: ORIGIN, size: 7, root: new Uint8Array(32).fill(1) })
const text = fromUtf8(plain).split('\n\n')[0]! + '\n'

describe('a cosignature made by other software', () => {
  const theirs = parseCosignerVkey(crypto, OUTSIDE.witnessVkey)

  test('verifies, together with the signature of the log', () => {
    const { checkpoint, cosignatures } = openCosigned(crypto, outsideNote, OUTSIDE.logVkey, [theirs])
    expect(checkpoint.size).toBe(1234)
    expect(cosignatures).toMatchObject([{ by: theirs, time_s: OUTSIDE.time_s }])
  })

  test('is what we make with the same key at the same time, byte for byte', () => {
    const x = base64url(fromBase64(OUTSIDE.witnessVkey.split('+').slice(2).join('+')).subarray(1))
    const seed = base64url(fromBase64(OUTSIDE.witnessSeed))
    const signer = crypto.signer({ kty: 'OKP', crv: 'Ed25519', x, d: seed })
    const made = cosign(crypto, OUTSIDE.text, OUTSIDE.witnessName, signer, OUTSIDE.time_s)
    expect(cosignatureLines([made])).toBe(OUTSIDE.witnessLine)
  })

  test.each([
    ['time', 4],
    ['last byte of the time', 11],
    ['signature', 12],
    ['end of the signature', 75],
  ])('no longer verifies with another %s', (_, at) => {
    const bytes = fromBase64(OUTSIDE.witnessLine.trim().split(' ')[2]!)
    bytes[at]! ^= 1
    const line = `\u2014 ${OUTSIDE.witnessName} ${base64(bytes)}\n`
    const note = utf8(`${OUTSIDE.text}\n${OUTSIDE.logLine}${line}`)
    expect(() => openCosigned(crypto, note, OUTSIDE.logVkey, [theirs])).toThrowWithCode('NOTE_INVALID')
  })
})

describe("cosigners' vkeys", () => {
  test('are read back as written, and never stand for a log key', () => {
    const vkey = formatCosignerVkey(known)
    expect(parseCosignerVkey(crypto, vkey)).toEqual(known)
    expect(() => parseVkey(crypto, vkey)).toThrowWithCode('VKEY_INVALID')
    expect(() => parseCosignerVkey(crypto, logVkey)).toThrowWithCode('VKEY_INVALID')
  })

  test('have another ID than the same key as a log', () => {
    expect(known.id).not.toBe(noteKey(crypto, NAME, witness.publicJwk).id)
  })

  test('of small order are refused', () => {
    const weak = concat(Uint8Array.of(4, 1), new Uint8Array(31))
    const id = crypto.sha256(concat(utf8(`${NAME}\n`), weak)).subarray(0, 4)
    const vkey = `${NAME}+${Buffer.from(id).toString('hex')}+${base64(weak)}`
    expect(() => parseCosignerVkey(crypto, vkey)).toThrowWithCode('VKEY_INVALID')
  })
})

describe('a checkpoint with cosignatures', () => {
  const line = cosign(crypto, text, NAME, witness, 1_700_000_000)
  const note = addCosignatures(plain, [line])

  test('is the signed checkpoint and one line more', () => {
    expect(fromUtf8(note)).toBe(fromUtf8(plain) + cosignatureLines([line]))
    expect(openCosigned(crypto, note, logVkey, [known]).cosignatures).toMatchObject([
      { time_s: 1_700_000_000 },
    ])
  })

  test('carries one line of each cosigner: a new one replaces the old', () => {
    const later = cosign(crypto, text, NAME, witness, 1_700_000_060)
    expect(fromUtf8(addCosignatures(note, [later]))).toBe(fromUtf8(plain) + cosignatureLines([later]))
  })

  test('counts a cosigner once, with the latest time, when a note repeats it', () => {
    const later = cosign(crypto, text, NAME, witness, 1_700_000_060)
    const twice = utf8(fromUtf8(plain) + cosignatureLines([later, line]))
    expect(openCosignatures(crypto, twice, [known])).toMatchObject([{ time_s: 1_700_000_060 }])
  })

  test('says nothing of cosigners that the reader does not know', () => {
    const other = cosignerKey(crypto, 'witness.example/w2', witness.publicJwk)
    expect(openCosigned(crypto, note, logVkey, [other]).cosignatures).toEqual([])
  })

  test('is refused when the log itself did not sign it', () => {
    const unsigned = utf8(`${text}\n${cosignatureLines([line])}`)
    expect(() => openCosigned(crypto, unsigned, logVkey, [known])).toThrowWithCode('NOTE_INVALID')
  })

  test('is refused when a known cosigner signed another tree', () => {
    const elsewhere = cosign(crypto, text.replace('7', '8'), NAME, witness, 1_700_000_000)
    const forged = addCosignatures(plain, [elsewhere])
    expect(() => openCosignatures(crypto, forged, [known])).toThrowWithCode('NOTE_INVALID')
  })

  test('is refused with a time beyond what a number holds, and none is made', () => {
    const big = concat(Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0), line.signature.subarray(8))
    const forged = addCosignatures(plain, [{ ...line, signature: big }])
    expect(() => openCosignatures(crypto, forged, [known])).toThrowWithCode('NOTE_INVALID')
    for (const time_s of [-1, 1.5, TIME_S_MAX + 1, 2 ** 53, Number.NaN]) {
      expect(() => cosign(crypto, text, NAME, witness, time_s)).toThrowWithCode('NOTE_INVALID')
    }
  })

  test('is refused with a time that no date has, though its cosigner did sign it', () => {
    const at = (time_s: number): Uint8Array => {
      const time = new Uint8Array(8)
      new DataView(time.buffer).setBigUint64(0, BigInt(time_s))
      const signature = witness.sign(utf8(`cosignature/v1\ntime ${time_s}\n${text}`))
      return addCosignatures(plain, [{ ...line, signature: concat(time, signature) }])
    }
    expect(openCosignatures(crypto, at(TIME_S_MAX), [known])).toMatchObject([{ time_s: TIME_S_MAX }])
    expect(rfc3339(TIME_S_MAX * 1000)).toMatch(/Z$/)
    expect(() => openCosignatures(crypto, at(TIME_S_MAX + 1), [known])).toThrowWithCode('NOTE_INVALID')
  })
})

describe('the answer of a witness', () => {
  const line = cosign(crypto, text, NAME, witness, 1_700_000_000)

  test('is opened over the text that was sent', () => {
    expect(openAnswer(crypto, text, utf8(cosignatureLines([line])), known)?.time_s).toBe(1_700_000_000)
  })

  test('gives nothing when it holds no line of the witness', () => {
    const other = cosign(crypto, text, 'someone.example', witness, 1)
    expect(openAnswer(crypto, text, utf8(cosignatureLines([other])), known)).toBeNull()
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['a page', utf8('<html></html>\n')],
    ['a text of its own', utf8(`more\n\n${cosignatureLines([line])}`)],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x0a)],
    ['a key that is half a line', fromBase64url('4oCU')],
  ])('is refused when it is %s', (_, bytes) => {
    expect(() => openAnswer(crypto, text, bytes, known)).toThrowWithCode('NOTE_INVALID')
  })
})
