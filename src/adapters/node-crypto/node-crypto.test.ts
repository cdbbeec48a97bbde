import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { base64url, concat, utf8 } from '../../core/encoding.ts'
import { publicJwk } from '../../core/jwk.ts'
import { keyOf64ByteDer } from '../../../test/fixtures/es256.ts'
import { nodeCrypto } from './node-crypto.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array | null): string | undefined =>
  bytes === null ? undefined : Buffer.from(bytes).toString('hex')

describe('digests', () => {
  test('SHA-256 of "abc" is the one in FIPS 180-4', () => {
    expect(toHex(nodeCrypto.sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  test('HMAC-SHA-256 agrees with RFC 4231 test case 2', () => {
    expect(toHex(nodeCrypto.hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })
})

describe('digests of text', () => {
  const texts = ['', 'abc', 'é€😀', '\0', 'x'.repeat(2730), 'x'.repeat(2731), 'é'.repeat(9000)]
  const keys = [0, 1, 32, 63, 64, 65, 200].map((length) => new Uint8Array(length).fill(length))

  test.each(texts)('are those of its UTF-8 bytes, and agree with OpenSSL (%#)', (text) => {
    expect(nodeCrypto.sha256Text?.(text)).toBe(base64url(nodeCrypto.sha256(utf8(text))))
    for (const key of keys) {
      const expected = createHmac('sha256', key).update(text).digest('base64url')
      expect(nodeCrypto.hmacSha256Text?.(key, text)).toBe(expected)
      expect(base64url(nodeCrypto.hmacSha256(key, utf8(text)))).toBe(expected)
    }
  })
})

describe('random bytes', () => {
  test('are never handed out twice, and are nobody else’s to change', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 2000; i++) {
      const value = nodeCrypto.randomBytes(i % 5 === 0 ? 32 : 16)
      const text = base64url(value)
      expect(seen.has(text)).toBe(false)
      seen.add(text)
      value.fill(0)
    }
    expect(nodeCrypto.randomBytes(0)).toHaveLength(0)
    for (const length of [1, 128, 129, 2048, 100_000])
      expect(nodeCrypto.randomBytes(length)).toHaveLength(length)
  })
})

describe('signatures', () => {
  test('Ed25519 agrees with RFC 8032 test 2', () => {
    const d = base64url(hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
    const x = base64url(hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'))
    const signer = nodeCrypto.signer({ kty: 'OKP', crv: 'Ed25519', x, d })
    expect(toHex(signer.sign(Uint8Array.of(0x72)))).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
  })

  test.each(['Ed25519', 'ES256'] as const)('%s: 64 bytes that verify for their data alone', (alg) => {
    const signer = nodeCrypto.signer(nodeCrypto.generateKey(alg))
    const signature = signer.sign(utf8('data'))
    expect(signer.alg).toBe(alg)
    expect(signature).toHaveLength(64)
    expect(nodeCrypto.verify(signer.publicJwk, utf8('data'), signature)).toBe(true)
    expect(nodeCrypto.verify(signer.publicJwk, utf8('date'), signature)).toBe(false)
    expect(nodeCrypto.verify(signer.publicJwk, utf8('data'), signature.subarray(1))).toBe(false)
    expect(nodeCrypto.verify(signer.publicJwk, utf8('data'), concat(signature, Uint8Array.of(0)))).toBe(false)
  })

  test.each(['Ed25519', 'ES256'] as const)('%s: a signer whose halves do not match is refused', (alg) => {
    const key = nodeCrypto.generateKey(alg)
    const other = nodeCrypto.generateKey(alg)
    expect(() => nodeCrypto.signer({ ...key, d: other.d })).toThrowWithCode('KEY_INVALID')
  })

  test('a signer shows its public half only', () => {
    const signer = nodeCrypto.signer(nodeCrypto.generateKey('ES256'))
    expect(signer.publicJwk).toEqual(publicJwk(signer.publicJwk))
    expect(JSON.stringify(signer)).not.toContain('"d"')
  })

  test('are told apart by kind: what is no Ed25519 key is not taken for a P-256 key that was seen before', () => {
    const data = utf8('x')
    const { key, der } = keyOf64ByteDer(data)
    const signer = nodeCrypto.signer(key)
    expect(der).toHaveLength(64)
    expect(nodeCrypto.verify(signer.publicJwk, data, signer.sign(data))).toBe(true)
    const posing = { kty: 'OKP', crv: 'Ed25519', x: `${key.x}.${key.y}` } as const
    expect(nodeCrypto.verify(posing, data, der)).toBe(false)
  })

  test('stay correct when more keys are in use than the cache holds', () => {
    const signers = Array.from({ length: 1100 }, () => nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')))
    for (const signer of [...signers, ...signers.slice(0, 5)]) {
      expect(nodeCrypto.verify(signer.publicJwk, utf8('x'), signer.sign(utf8('x')))).toBe(true)
    }
  })
})

describe('X25519', () => {
  test('both sides agree on one secret', () => {
    const a = nodeCrypto.x25519()
    const b = nodeCrypto.x25519()
    expect(a.publicKey).toHaveLength(32)
    expect(a.agree(b.publicKey)).toEqual(b.agree(a.publicKey))
    expect(a.agree(b.publicKey)).toHaveLength(32)
  })

  // Points of order 1, 2, 4 and 8 on the curve and its twist, as RFC 7748 section 6.1 warns of.
  test.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('a peer key of small order agrees on nothing: %s', (peer) => {
    expect(nodeCrypto.x25519().agree(hex(peer))).toBeNull()
  })

  test('a peer key of another length agrees on nothing', () => {
    const pair = nodeCrypto.x25519()
    const peer = nodeCrypto.x25519().publicKey
    expect(pair.agree(concat(peer, Uint8Array.of(0)))).toBeNull()
    expect(pair.agree(peer.subarray(1))).toBeNull()
    expect(pair.agree(new Uint8Array())).toBeNull()
  })
})
