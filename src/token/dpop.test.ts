import { describe, expect, test } from 'vitest'
import { digestOf, NOW_MS, NOW_S, rawJws, World } from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseJws, signJws } from '../core/sign.ts'
import { accessTokenHash, signDpop, verifyDpop, type DpopContext } from './dpop.ts'

const w = new World('dpop')
const chain = w.root()
const holder = w.signer('agent-1')
const input = {
  method: 'POST',
  url: 'https://point.example/mcp',
  iat: NOW_S,
  nonce: 'challenge',
  args_commit: digestOf('args'),
}
const context: DpopContext = {
  crypto: w.crypto,
  method: input.method,
  url: input.url,
  jkt: thumbprint(w.crypto, holder.publicJwk),
  chain,
  now_ms: NOW_MS,
}
const proof = signDpop(w.crypto, holder, chain, input)
const resigned = (claims: JsonObject, header: JsonObject = {}, by = holder): string => {
  const jws = parseJws(proof)
  return signJws(by, { ...jws.header, ...header }, { ...jws.payload, ...claims })
}

describe('a proof over HTTP', () => {
  test('holds, and says what it covers', () => {
    expect(verifyDpop(context, proof)).toEqual({
      jti: parseJws(proof).payload.jti,
      htm: 'POST',
      htu: input.url,
      iat: NOW_S,
      ath: accessTokenHash(w.crypto, chain),
      nonce: 'challenge',
      args_commit: input.args_commit,
    })
  })

  test('is another one each time', () => {
    expect(signDpop(w.crypto, holder, chain, input)).not.toBe(proof)
  })

  test('of a P-256 key holds too', () => {
    const es256 = w.signer('es256-agent')
    const other = { ...context, jkt: thumbprint(w.crypto, es256.publicJwk) }
    expect(verifyDpop(other, signDpop(w.crypto, es256, chain, input))).not.toBeNull()
  })

  test.each<[string, Partial<DpopContext>]>([
    ['another method', { method: 'GET' }],
    ['another URL', { url: 'https://point.example/' }],
    ['another chain', { chain: `${chain}~` }],
    ['another holder', { jkt: digestOf('other') }],
    ['a clock 61 s ahead', { now_ms: NOW_MS + 61_000 }],
    ['a clock 61 s behind', { now_ms: NOW_MS - 61_000 }],
  ])('does not hold for %s', (_, edit) => {
    expect(verifyDpop({ ...context, ...edit }, proof)).toBeNull()
  })

  test.each<[string, string]>([
    ['signed by another', resigned({}, {}, w.signer('thief'))],
    ['with another alg', resigned({}, { alg: 'none' })],
    ['of another type', resigned({}, { typ: 'kb+jwt' })],
    ['with a kid', resigned({}, { kid: 'x' })],
    ['with a private key', resigned({}, { jwk: { ...holder.publicJwk, d: 'x' } })],
    ['without a key', rawJws(holder, '{"alg":"Ed25519","typ":"dpop+jwt"}', '{}')],
    ['with a claim more', resigned({ exp: NOW_S })],
    ['with a claim of another kind', resigned({ iat: `${NOW_S}` })],
    ['that is none', 'a.b.c'],
  ])('does not hold %s', (_, text) => {
    expect(verifyDpop(context, text)).toBeNull()
  })

  test('passes a fault of our own on', () => {
    const crypto = {
      ...w.crypto,
      verify: (): boolean => {
        throw new RangeError('broken')
      },
    }
    expect(() => verifyDpop({ ...context, crypto }, proof)).toThrow(RangeError)
  })
})
