import { expect, test } from 'vitest'
import { FILES, ISS, MAIL, NOW_MS, NOW_S, World } from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseJws, signJws } from '../core/sign.ts'
import {
  accessTokenEnd,
  isDebited,
  readAccessToken,
  signAccessToken,
  type AccessTokenContext,
} from './access-token.ts'

const world = new World('access tokens')
const kid = thumbprint(world.crypto, world.issuer.publicJwk)
const keysOf = (retired_at: number | null): AccessTokenContext['keys'] =>
  new Map([[kid, { jwk: world.issuer.publicJwk, retired_at }]])
const context: AccessTokenContext = { crypto: world.crypto, iss: ISS, keys: keysOf(null), now_ms: NOW_MS }
const claims = {
  iss: ISS,
  iat: NOW_S,
  exp: NOW_S + 300,
  aud: 'pnt_a',
  sub: 'agt_a',
  client_id: 'agt_a',
  jti: 'tok_a',
  cnf: { jkt: kid },
  authorization_details: [MAIL],
  delegation: 'dlg_a',
}
const token = signAccessToken(world.crypto, world.issuer, claims)

test('an access token reads back as it was signed, to the last second', () => {
  expect(readAccessToken(context, token)).toEqual(claims)
  expect(readAccessToken({ ...context, now_ms: NOW_MS + 299_999 }, token)).toEqual(claims)
  expect(readAccessToken({ ...context, keys: keysOf(NOW_S + 1) }, token)).toEqual(claims)
})

const signed = (edit: JsonObject, header: JsonObject = {}, by = world.issuer): string =>
  signJws(by, { typ: 'at+jwt', kid, ...header }, { ...claims, ...edit })

test.each<[string, string, Partial<AccessTokenContext>]>([
  ['that is over', token, { now_ms: NOW_MS + 300_000 }],
  ['of another issuer', token, { iss: 'https://other.example' }],
  ['by a key that is not known', token, { keys: new Map() }],
  ['by a key that had retired', token, { keys: keysOf(NOW_S) }],
  ['by another key under the name of ours', signed({}, {}, world.signer('other')), {}],
  ['of another type', signed({}, { typ: 'JWT' }), {}],
  ['with a key in its header', signed({}, { jwk: { ...world.issuer.publicJwk } }), {}],
  ['with a member that is not known', signed({ scope: 'all' }), {}],
  ['without a grant', signed({ authorization_details: [] }), {}],
  ['that is a root', world.root().split('~')[0]!, {}],
  ['that is no JWT', 'x', {}],
])('a token %s is none', (_, text, edit) => {
  expect(readAccessToken({ ...context, ...edit }, text)).toBeNull()
})

test('a fault of our own is passed on', () => {
  const verify = (): boolean => {
    throw new RangeError('broken')
  }
  const crypto = { ...world.crypto, verify }
  expect(() => readAccessToken({ ...context, crypto }, token)).toThrow(RangeError)
})

test('an access token is no root: a chain of it does not verify', () => {
  expect(parseJws(token).header.typ).toBe('at+jwt')
  expect(world.answer(`${token}~`)).toBe('TOKEN_MALFORMED')
})

test('a token ends with what comes first: five minutes, a bound of its grants, the chain, an agent statement', () => {
  const endOf = (chain: string): number => {
    const result = world.verify(chain)
    if (!result.ok) throw new Error(result.reason)
    return accessTokenEnd(result.chain, NOW_S) - NOW_S
  }
  expect(endOf(world.root())).toBe(300)
  expect(endOf(world.root({ grants: [MAIL, { ...MAIL, bound: 900 }] }))).toBe(300)
  expect(endOf(world.root({ grants: [MAIL, { ...MAIL, bound: 20 }, { ...MAIL, bound: 30 }] }))).toBe(20)
  expect(endOf(world.root({ exp: NOW_S + 7 }))).toBe(7)
  const statement = world.statement('agent-2', { exp: NOW_S + 11 })
  expect(endOf(world.hop(world.root(), 'agent-1', 'agent-2', { statement }))).toBe(11)
})

test('only what is limited cumulatively is debited', () => {
  const [limit] = FILES.limits!
  expect([MAIL, FILES, { ...FILES, limits: [{ ...limit!, per: 'call' as const }] }].map(isDebited)).toEqual([
    false,
    true,
    false,
  ])
})
