import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64url, fromUtf8, utf8 } from './encoding.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { parseJws, signJws, signTagged, taggedBytes, verifyJws, verifyTagged } from './sign.ts'

const ed = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
const ec = nodeCrypto.signer(nodeCrypto.generateKey('ES256'))
const signers = [ed, ec]

describe('tagged signatures', () => {
  const value = { b: 1, a: 'x' }

  test('cover the tag, a zero byte and the canonical form (C-4)', () => {
    expect(fromUtf8(taggedBytes('tag', value))).toBe('tag\0{"a":"x","b":1}')
  })

  test.each(signers)(
    'verify for the tag, value and key they were made with, and no other ($alg)',
    (signer) => {
      const check = (tag: string, signed: JsonValue, key = signer.publicJwk): boolean =>
        verifyTagged(nodeCrypto, key, tag, signed, signature)
      const signature = signTagged(signer, 'countersign-a-v1', value)
      expect(check('countersign-a-v1', { a: 'x', b: 1 })).toBe(true)
      expect(check('countersign-b-v1', value)).toBe(false)
      expect(check('countersign-a-v1', { ...value, b: 2 })).toBe(false)
      for (const other of signers) {
        const key = nodeCrypto.signer(nodeCrypto.generateKey(other.alg)).publicJwk
        expect(check('countersign-a-v1', value, key)).toBe(false)
      }
    },
  )

  test('never throw on a malformed signature: it is simply not valid', () => {
    const good = signTagged(ed, 't', value)
    for (const bad of ['', 'A', `${good}=`, ` ${good}`, good.slice(0, -2), `${good}AA`, '!!', 'é']) {
      expect(verifyTagged(nodeCrypto, ed.publicJwk, 't', value, bad)).toBe(false)
    }
  })

  test('no two pairs of tag and value cover the same bytes', () => {
    const tag = fc.string({ unit: 'grapheme-ascii', maxLength: 3 })
    fc.assert(
      fc.property(tag, tag, fc.string(), fc.string(), (tagA, tagB, a, b) => {
        const same = Buffer.compare(taggedBytes(tagA, a), taggedBytes(tagB, b)) === 0
        expect(same).toBe(tagA === tagB && a === b)
      }),
    )
  })
})

/** A JWS by hand, so that the parts may be wrong. */
function jws(header: string, payload: string, signature: Uint8Array = new Uint8Array(64)): string {
  return `${base64url(utf8(header))}.${base64url(utf8(payload))}.${base64url(signature)}`
}

describe('compact JWS', () => {
  test.each(signers)('is read back and verifies under its key ($alg)', (signer) => {
    const parsed = parseJws(signJws(signer, { typ: 'x+jwt', kid: 'k' }, { a: 1 }))
    expect(parsed.header).toEqual({ alg: signer.alg, typ: 'x+jwt', kid: 'k' })
    expect(parsed.payload).toEqual({ a: 1 })
    expect(parsed.signature).toHaveLength(64)
    expect(verifyJws(nodeCrypto, parsed, signer.publicJwk)).toBe(true)
  })

  test('verifies RFC 8037 appendix A.4 as far as its bytes go', () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const
    const input = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc'
    const signature = 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
    expect(nodeCrypto.verify(key, utf8(input), Buffer.from(signature, 'base64url'))).toBe(true)
  })

  test('does not verify when the header names another algorithm than the key has', () => {
    const header = (alg: string): JsonObject => ({ alg })
    for (const alg of ['none', 'EdDSA', 'ES256', 'HS256', 'ed25519', '']) {
      const parsed = parseJws(signJws(ed, header(alg), {}))
      expect(verifyJws(nodeCrypto, parsed, ed.publicJwk)).toBe(false)
    }
    expect(verifyJws(nodeCrypto, parseJws(jws('{"typ":"x"}', '{}')), ed.publicJwk)).toBe(false)
  })

  test('ignores a key that the header brings along', () => {
    const attacker = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const parsed = parseJws(signJws(attacker, { jwk: { ...attacker.publicJwk } }, {}))
    expect(verifyJws(nodeCrypto, parsed, ed.publicJwk)).toBe(false)
  })

  test('reads a header that it has met before as it did then', () => {
    const good = signJws(ed, { typ: 'x' }, { a: 1 })
    expect(parseJws(good).header).toEqual(parseJws(good).header)
    for (let i = 0; i < 3; i++) {
      expect(() => parseJws(jws('{"alg":"Ed25519","crit":[]}', '{}'))).toThrowWithCode('JWS_INVALID')
      expect(() => parseJws(jws('[]', '{}'))).toThrowWithCode('JWS_INVALID')
    }
    for (let i = 0; i < 200; i++)
      expect(parseJws(jws(`{"kid":"k${i}"}`, '{}')).header).toEqual({ kid: `k${i}` })
    expect(verifyJws(nodeCrypto, parseJws(good), ed.publicJwk)).toBe(true)
  })

  test('does not verify after any one byte of it has changed', () => {
    const compact = signJws(ed, { typ: 'x' }, { amount: 100 })
    for (let i = 0; i < compact.length; i++) {
      const changed = compact.slice(0, i) + (compact[i] === 'A' ? 'B' : 'A') + compact.slice(i + 1)
      let valid: boolean
      try {
        valid = verifyJws(nodeCrypto, parseJws(changed), ed.publicJwk)
      } catch {
        continue // refused while reading, which is as good
      }
      expect(valid).toBe(false)
    }
  })

  test.each(['', '.', 'a.b', 'e30.e30', 'e30.e30.AA.AA', 'e30.e30.AA.', '~'])(
    'refuses %j: not three parts',
    (text) => {
      expect(() => parseJws(text)).toThrowWithCode('JWS_INVALID')
    },
  )

  test.each(['crit', 'b64', 'zip', 'x5u', 'x5c', 'jku', 'cty', '__proto__'])(
    'refuses the header member %s',
    (name) => {
      expect(() => parseJws(jws(`{"alg":"Ed25519","${name}":[]}`, '{}'))).toThrowWithCode('JWS_INVALID')
    },
  )

  test.each([
    ['a header that is an array', jws('[]', '{}'), 'JWS_INVALID'],
    ['a payload that is text', jws('{}', '"x"'), 'JWS_INVALID'],
    ['a header with alg twice', jws('{"alg":"none","alg":"Ed25519"}', '{}'), 'JSON_DUPLICATE_KEY'],
    ['a claim twice', jws('{}', '{"exp":1,"\\u0065xp":2}'), 'JSON_DUPLICATE_KEY'],
    ['an empty payload', 'e30..AA', 'JSON_INVALID'],
    ['padding', 'e30=.e30.AA', 'BASE64URL_INVALID'],
    ['a second spelling of the signature', 'e30.e30.AB', 'BASE64URL_INVALID'],
    ['white space', ' e30.e30.AA', 'BASE64URL_INVALID'],
    ['a size over the limit', `e30.e30.${'A'.repeat(65_536)}`, 'JSON_TOO_LARGE'],
  ])('refuses %s', (_name, text, code) => {
    expect(() => parseJws(text)).toThrowWithCode(code)
  })
})
