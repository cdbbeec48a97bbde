import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64 } from '../core/encoding.ts'
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts'
import { formatVkey, noteKey, signNote } from './note.ts'

const ORIGIN = 'log.example/countersign'
const ROOT = new Uint8Array(32).fill(7)
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))

describe('the text of a checkpoint', () => {
  test('is three lines', () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 20852163, root: ROOT })
    expect(text).toBe(`${ORIGIN}\n20852163\n${base64(ROOT)}\n`)
    expect(parseCheckpoint(text)).toEqual({ origin: ORIGIN, size: 20852163, root: ROOT })
  })

  test.each([
    ['origin', { origin: 'a b', size: 0, root: ROOT }],
    ['negative size', { origin: ORIGIN, size: -1, root: ROOT }],
    ['inexact size', { origin: ORIGIN, size: 2 ** 53, root: ROOT }],
    ['root', { origin: ORIGIN, size: 0, root: new Uint8Array(31) }],
  ])('is not written with a bad %s', (_, checkpoint) => {
    expect(() => formatCheckpoint(checkpoint)).toThrowWithCode('CHECKPOINT_INVALID')
  })

  const root = base64(ROOT)
  test.each([
    ['an extension line', `${ORIGIN}\n1\n${root}\nextra\n`],
    ['an empty fourth line', `${ORIGIN}\n1\n${root}\n\n`],
    ['no final newline', `${ORIGIN}\n1\n${root}`],
    ['two lines', `${ORIGIN}\n1\n`],
    ['an empty origin', `\n1\n${root}\n`],
    ['leading zeros', `${ORIGIN}\n01\n${root}\n`],
    ['a sign', `${ORIGIN}\n+1\n${root}\n`],
    ['an exponent', `${ORIGIN}\n1e3\n${root}\n`],
    ['an empty size', `${ORIGIN}\n\n${root}\n`],
    ['a size beyond 2^53-1', `${ORIGIN}\n9007199254740992\n${root}\n`],
    ['a size of 40 digits', `${ORIGIN}\n${'1'.repeat(40)}\n${root}\n`],
    ['a short root', `${ORIGIN}\n1\n${base64(new Uint8Array(31))}\n`],
    ['a root without padding', `${ORIGIN}\n1\n${root.replace('=', '')}\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrowWithCode('CHECKPOINT_INVALID')
  })

  test('an empty tree has size 0', () => {
    expect(parseCheckpoint(`${ORIGIN}\n0\n${root}\n`).size).toBe(0)
  })
})

describe('a signed checkpoint', () => {
  const checkpoint = { origin: ORIGIN, size: 5, root: ROOT }

  test('opens with the key of its log', () => {
    expect(openCheckpoint(crypto, signCheckpoint(crypto, signer, checkpoint), vkey)).toEqual(checkpoint)
  })

  test('of another origin is refused, though our key signed it under our name', () => {
    const note = signNote(crypto, formatCheckpoint({ ...checkpoint, origin: 'other' }), ORIGIN, signer)
    expect(() => openCheckpoint(crypto, note, vkey)).toThrowWithCode('CHECKPOINT_INVALID')
  })

  test('of another key is refused', () => {
    const other = crypto.signer(crypto.generateKey('Ed25519'))
    const note = signCheckpoint(crypto, other, checkpoint)
    expect(() => openCheckpoint(crypto, note, vkey)).toThrowWithCode('NOTE_INVALID')
    expect(() => openCheckpoint(crypto, note, 'nonsense')).toThrowWithCode('VKEY_INVALID')
  })
})
