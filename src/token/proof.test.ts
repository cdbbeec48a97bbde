import { describe, expect, test } from 'vitest'
import { AUD, digestOf, NOW_MS, NOW_S, rawJws, World } from '../../test/fixtures/tokens.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import { parseJws, signJws } from '../core/sign.ts'
import { parsePresentation, sdHashOf } from './presentation.ts'
import {
  argsCommit,
  callMac,
  callMacHolds,
  sessionKey,
  signCallProof,
  signSessionProof,
  verifyCallProof,
  verifySessionProof,
  type ProofContext,
} from './proof.ts'

const w = new World()
const chain = w.root()
const holder = w.signer('agent-1')
const salt = w.crypto.randomBytes(32)
const call = { server: 'files', tool: 'read', args_commit: argsCommit(w.crypto, salt, { path: '/data/a' }) }
const target = { aud: AUD, nonce: 'challenge.AAAAAAAAAAAAAAAAAAAAAA', iat: NOW_S }
const keys = { x25519: digestOf('client'), peer: digestOf('point') }
const context: ProofContext = {
  crypto: w.crypto,
  holder: holder.publicJwk,
  audience: AUD,
  sd_hash: sdHashOf(w.crypto, chain),
  now_ms: NOW_MS,
}
const proofOf = (presentation: string): string => parsePresentation(presentation).proof!
const callProof = proofOf(signCallProof(w.crypto, holder, chain, target, call))
const sessionProof = proofOf(signSessionProof(w.crypto, holder, chain, target, keys))

test('a commitment opens only with its salt and arguments, however these were spelled', () => {
  expect(argsCommit(w.crypto, salt, { a: 1, b: [2] })).toBe(argsCommit(w.crypto, salt, { b: [2], a: 1 }))
  expect(argsCommit(w.crypto, salt, { a: 1 })).not.toBe(argsCommit(w.crypto, salt, { a: 2 }))
  expect(argsCommit(w.crypto, salt, {})).not.toBe(argsCommit(w.crypto, w.crypto.randomBytes(32), {}))
})

describe.each([
  ['per call', callProof, verifyCallProof, verifySessionProof],
  ['per session', sessionProof, verifySessionProof, verifyCallProof],
] as const)('a proof %s', (_, proof, verify, verifyOther) => {
  const resigned = (edit: object, header: object = {}, by = holder): string => {
    const jws = parseJws(proof)
    return signJws(by, { ...jws.header, ...header }, { ...jws.payload, ...edit })
  }

  test('holds, and says what it covers', () => {
    expect(verify(context, proof)).toEqual(parseJws(proof).payload)
  })

  test('is not a proof of the other kind', () => {
    expect(verifyOther(context, proof)).toBeNull()
  })

  test.each([
    ['of another holder', { holder: w.signer('thief').publicJwk }],
    ['for another audience', { audience: 'pnt_other' }],
    ['with another chain', { sd_hash: digestOf('another chain') }],
    ['over 60 s late', { now_ms: NOW_MS + 61_000 }],
    ['over 60 s early', { now_ms: NOW_MS - 61_000 }],
  ])('does not hold %s', (_, edit) => {
    expect(verify({ ...context, ...edit }, proof)).toBeNull()
  })

  test('holds 60 s either way', () => {
    expect(verify({ ...context, now_ms: NOW_MS + 60_999 }, proof)).not.toBeNull()
    expect(verify({ ...context, now_ms: NOW_MS - 60_000 }, proof)).not.toBeNull()
  })

  test('does not hold with another key, algorithm, type or header', () => {
    expect(verify(context, resigned({}, {}, w.signer('thief')))).toBeNull()
    expect(verify(context, resigned({}, { alg: 'none' }))).toBeNull()
    expect(verify(context, resigned({}, { typ: 'JWT' }))).toBeNull()
    expect(verify(context, resigned({}, { typ: 'agent-statement+jwt' }))).toBeNull()
    expect(verify(context, resigned({}, { jwk: { ...holder.publicJwk } }))).toBeNull()
    expect(verify(context, resigned({}, { crit: [] }))).toBeNull()
    expect(verify(context, resigned({}, { kid: 'x' }))).toBeNull()
  })

  test('does not hold with an unknown member, a missing one, or a name twice', () => {
    expect(verify(context, resigned({ admin: true }))).toBeNull()
    const { header, payload } = parseJws(proof)
    const { nonce: _nonce, ...less } = payload
    expect(verify(context, signJws(holder, header, less))).toBeNull()
    const twice = JSON.stringify(payload).replace('{', `{"nonce":"x",`)
    expect(verify(context, rawJws(holder, JSON.stringify(header), twice))).toBeNull()
  })

  test('does not hold when it is no JWS', () => {
    for (const text of ['', '.', '..', 'a.b.c', proof.slice(0, -1), `${proof}A`])
      expect(verify(context, text)).toBeNull()
  })

  test('passes a fault of our own on', () => {
    const verifying = {
      ...w.crypto,
      verify: () => {
        throw new RangeError('broken')
      },
    }
    expect(() => verify({ ...context, crypto: verifying }, proof)).toThrow(RangeError)
  })

  test('does not hold with any part of it changed after signing', () => {
    const [head, body, tail] = proof.split('.')
    const text = new TextDecoder().decode(fromBase64url(body!))
    for (const [name, value] of Object.entries(parseJws(proof).payload)) {
      const changed = text.replace(
        JSON.stringify(value),
        JSON.stringify(typeof value === 'number' ? value + 1 : `${(value as string).slice(0, -1)}Z`),
      )
      expect([
        name,
        verify(context, `${head}.${base64url(new TextEncoder().encode(changed))}.${tail}`),
      ]).toEqual([name, null])
    }
  })
})

describe('a session', () => {
  const parts = {
    challenge: digestOf('challenge'),
    client: digestOf('c'),
    point: digestOf('p'),
    sd_hash: digestOf('s'),
  }

  test('has one key at both ends', () => {
    const [client, point] = [w.crypto.x25519(), w.crypto.x25519()]
    const one = sessionKey(w.crypto, client.agree(point.publicKey)!, parts)
    const other = sessionKey(w.crypto, point.agree(client.publicKey)!, parts)
    expect(one).toEqual(other)
    expect(one).toHaveLength(32)
  })

  test('has another key when anything differs: secret, challenge, either key, the chain', () => {
    const secret = w.crypto.randomBytes(32)
    const all = [
      sessionKey(w.crypto, secret, parts),
      sessionKey(w.crypto, w.crypto.randomBytes(32), parts),
      ...Object.keys(parts).map((name) =>
        sessionKey(w.crypto, secret, { ...parts, [name]: digestOf('another') }),
      ),
    ].map(base64url)
    expect(new Set(all).size).toBe(6)
  })

  test('has a MAC for each call that covers every part of it', () => {
    const key = w.crypto.randomBytes(32)
    const one = { session: 'ses_1', n: 1, ...call }
    const mac = callMac(w.crypto, key, one)
    expect(callMacHolds(w.crypto, key, one, mac)).toBe(true)
    for (const edit of [
      { session: 'ses_2' },
      { n: 2 },
      { server: 'mail' },
      { tool: 'write' },
      { args_commit: digestOf('x') },
    ]) {
      expect(callMacHolds(w.crypto, key, { ...one, ...edit }, mac)).toBe(false)
    }
    expect(callMacHolds(w.crypto, w.crypto.randomBytes(32), one, mac)).toBe(false)
    expect(callMacHolds(w.crypto, key, one, '')).toBe(false)
    expect(callMacHolds(w.crypto, key, one, `${mac}=`)).toBe(false)
  })
})

test('sd_hash covers the last segment with what it discloses', () => {
  const hidden = `${chain.split('~')[0]}~`
  expect(sdHashOf(w.crypto, hidden)).not.toBe(sdHashOf(w.crypto, chain))
  const hop = w.hop(chain, 'agent-1', 'agent-2')
  expect(sdHashOf(w.crypto, hop)).not.toBe(sdHashOf(w.crypto, chain))
  expect(sdHashOf(w.crypto, hop)).toBe(
    base64url(w.crypto.sha256(new TextEncoder().encode(hop.split('~~')[1]))),
  )
})
