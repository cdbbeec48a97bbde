import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64url } from './encoding.ts'
import { algOf, publicJwk, thumbprint } from './jwk.ts'

// Curve arithmetic of RFC 8032 section 5.1, in affine coordinates: slow and plain, to check the constants.
const P = 2n ** 255n - 19n
const mod = (a: bigint): bigint => ((a % P) + P) % P
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b)
  return result
}
const inverse = (a: bigint): bigint => power(a, P - 2n)
const D = mod(-121665n * inverse(121666n))
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n)

type Point = readonly [x: bigint, y: bigint]
const IDENTITY: Point = [0n, 1n]

function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const k = mod(D * x1 * x2 * y1 * y2)
  return [mod((x1 * y2 + x2 * y1) * inverse(1n + k)), mod((y1 * y2 + x1 * x2) * inverse(1n - k))]
}

function times(n: bigint, point: Point): Point {
  let result = IDENTITY
  for (let q = point, e = n; e > 0n; e >>= 1n, q = add(q, q)) if (e & 1n) result = add(result, q)
  return result
}

/** The x of a point with this y (RFC 8032 section 5.1.3), or null: such a y is not on the curve. */
function recoverX(y: bigint): bigint | null {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n))
  const root = power(square, (P + 3n) / 8n)
  if (mod(root * root) === square) return root
  const other = mod(root * SQRT_MINUS_1)
  return mod(other * other) === square ? other : null
}

function encode(y: bigint, sign: 0 | 1 = 0): string {
  const bytes = new Uint8Array(32)
  for (let i = 0, rest = y; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n)
  bytes[31]! |= sign << 7
  return base64url(bytes)
}

const okp = (x: unknown): unknown => ({ kty: 'OKP', crv: 'Ed25519', x })

/** All points P with 8P = identity, by taking the group's order of the prime part times points of the curve. */
function smallOrderPoints(): Map<string, Point> {
  const L = 2n ** 252n + 27742317777372353535851937790883648493n
  const found = new Map<string, Point>()
  for (let y = 2n; found.size < 8; y++) {
    const x = recoverX(y)
    if (x === null) continue
    const torsion = times(L, [x, y])
    for (let n = 1n; n <= 8n; n++) {
      const point = times(n, torsion)
      found.set(point.join(), point)
    }
  }
  return found
}

describe('small-order Ed25519 keys', () => {
  const points = [...smallOrderPoints().values()]

  test('are eight: the curve has the cofactor 8, and each of them times 8 is the identity', () => {
    expect(points).toHaveLength(8)
    for (const point of points) expect(times(8n, point)).toEqual(IDENTITY)
    expect(new Set(points.map(([, y]) => y)).size).toBe(5)
  })

  test('are all refused, with either sign bit', () => {
    for (const [x, y] of points) {
      expect(recoverX(y)).not.toBeNull()
      expect([x, mod(-x)]).toContain(recoverX(y))
      expect(() => publicJwk(okp(encode(y, 0)))).toThrowWithCode('KEY_INVALID')
      expect(() => publicJwk(okp(encode(y, 1)))).toThrowWithCode('KEY_INVALID')
    }
  })

  test('are the only ones refused: the y next to each of them passes', () => {
    for (const [, y] of points) {
      const next = y + 1n
      if (next >= P || points.some(([, other]) => other === next)) continue
      expect(() => publicJwk(okp(encode(next)))).not.toThrow()
    }
  })
})

describe('publicJwk', () => {
  const ed = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
  const ec = nodeCrypto.signer(nodeCrypto.generateKey('ES256')).publicJwk

  test('keeps the members that are the key and drops the rest', () => {
    expect(publicJwk({ ...ed, kid: 'a', use: 'sig', alg: 'EdDSA' })).toEqual(ed)
    expect(publicJwk({ ...ec, kid: 'a', x5c: [] })).toEqual(ec)
    expect(Object.keys(publicJwk(ec))).toEqual(['kty', 'crv', 'x', 'y'])
  })

  test('refuses every y that is not below p: the same point would have two names', () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(() => publicJwk(okp(encode(y, 0)))).toThrowWithCode('KEY_INVALID')
      expect(() => publicJwk(okp(encode(y, 1)))).toThrowWithCode('KEY_INVALID')
    }
  })

  test.each([
    ['a private Ed25519 key', { ...nodeCrypto.generateKey('Ed25519') }],
    ['a private EC key', { ...nodeCrypto.generateKey('ES256') }],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['an RSA key', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
    ['an X25519 key', { ...ed, crv: 'X25519' }],
    ['a P-384 key', { ...ec, crv: 'P-384' }],
    ['an EC key called OKP', { ...ec, kty: 'OKP' }],
    ['a key without x', { kty: 'OKP', crv: 'Ed25519' }],
    ['an EC key without y', { kty: 'EC', crv: 'P-256', x: ed.x }],
    ['a short x', okp(ed.x.slice(1))],
    ['a long x', okp(`${ed.x}A`)],
    ['a padded x', okp(`${ed.x}=`)],
    ['an x with unused bits set', okp(`${'A'.repeat(42)}B`)],
    ['an EC x with unused bits set', { ...ec, x: `${'A'.repeat(42)}B` }],
    ['an x in plain base64', okp(`+${ed.x.slice(1)}`)],
    ['an x that is a number', okp(7)],
    ['an array', [ed]],
    ['null', null],
    ['text', 'key'],
  ])('refuses %s', (_name, value) => {
    expect(() => publicJwk(value)).toThrowWithCode('KEY_INVALID')
  })

  test('leaves the curve equation to the verification, which refuses a point off the curve', () => {
    const off = publicJwk({ kty: 'EC', crv: 'P-256', x: encode(1n), y: encode(1n) })
    expect(nodeCrypto.verify(off, new Uint8Array(), new Uint8Array(64))).toBe(false)
    let y = 2n
    while (recoverX(y) !== null) y++
    expect(nodeCrypto.verify(publicJwk(okp(encode(y))), new Uint8Array(), new Uint8Array(64))).toBe(false)
  })

  test('decides the algorithm', () => {
    expect(algOf(ed)).toBe('Ed25519')
    expect(algOf(ec)).toBe('ES256')
  })
})

describe('thumbprint', () => {
  test('is the one that RFC 8037 appendix A.3 gives for its key', () => {
    const key = publicJwk(okp('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'))
    expect(thumbprint(nodeCrypto, key)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  test('covers both coordinates of an EC key, in RFC 7638 order', () => {
    const x = encode(1n)
    const y = encode(2n)
    const text = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`
    expect(thumbprint(nodeCrypto, { kty: 'EC', crv: 'P-256', x, y })).toBe(
      base64url(nodeCrypto.sha256(Buffer.from(text))),
    )
  })
})
