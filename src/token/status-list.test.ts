import { deflateRawSync, deflateSync, constants } from 'node:zlib'
import fc from 'fast-check'
import { compactVerify, importJWK, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { NOW_MS, NOW_S, World } from '../../test/fixtures/tokens.ts'
import { base64url } from '../core/encoding.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { signJws } from '../core/sign.ts'
import {
  decodeList,
  encodeList,
  LIST_BYTES_MAX,
  packStatuses,
  readStatus,
  signStatusList,
  statusAt,
  type StatusBits,
  type StatusContext,
} from './status-list.ts'

const URI = 'https://issuer.example/status/1'
const world = new World('status')
const kid = thumbprint(world.crypto, world.issuer.publicJwk)
const context: StatusContext = {
  crypto: world.crypto,
  keys: new Map([[kid, { jwk: world.issuer.publicJwk, retired_at: null }]]),
  now_ms: NOW_MS,
}
const REVOKED = [7, 131_071]
const LIST = packStatuses(
  1,
  131_072,
  REVOKED.map((idx) => [idx, 1]),
)
const input = { uri: URI, iat: NOW_S, exp: NOW_S + 300, ttl: 60, bits: 1, list: LIST } as const
const token = signStatusList(world.crypto, world.issuer, input)

const bitsOf = fc.constantFrom<StatusBits[]>(1, 2, 4, 8)

describe('a packed list', () => {
  test('gives back every status that was put in, and 0 for the others', () => {
    fc.assert(
      fc.property(bitsOf, fc.dictionary(fc.nat(999).map(String), fc.nat(255)), (bits, raw) => {
        const statuses = new Map(
          Object.entries(raw).map(([idx, status]) => [Number(idx), status % 2 ** bits]),
        )
        const list = decodeList(encodeList(packStatuses(bits, 1000, statuses)))
        for (let idx = 0; idx < 1000; idx++) {
          expect(statusAt(bits, list, idx)).toBe(statuses.get(idx) ?? 0)
        }
      }),
    )
  })

  test.each([
    [8, 0],
    [-1, 0],
    [0.5, 0],
    [0, 2],
    [0, -1],
  ])('has no place for status %i, %i', (idx, status) => {
    expect(() => packStatuses(1, 8, [[idx, status]])).toThrowWithCode('STATUS_INVALID')
  })

  test('that another compressor made inflates to the same, however it was compressed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 0, maxLength: 5000 }),
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom(constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_DEFAULT_STRATEGY),
        (bytes, level, strategy) => {
          const lst = deflateSync(bytes, { level, strategy }).toString('base64url')
          expect(decodeList(lst)).toEqual(bytes)
        },
      ),
    )
  })

  test('of the largest size inflates, and one byte more does not', () => {
    const noise = world.crypto.randomBytes(LIST_BYTES_MAX)
    expect(Buffer.from(decodeList(encodeList(noise))).equals(noise)).toBe(true)
    const lst = deflateSync(Buffer.concat([noise, Buffer.of(1)])).toString('base64url')
    expect(() => decodeList(lst)).toThrowWithCode('STATUS_INVALID')
  })

  test('that is a bomb is not inflated to its end', () => {
    const bomb = deflateSync(Buffer.alloc(128 * 1024 * 1024)).toString('base64url')
    const before = process.memoryUsage().arrayBuffers
    expect(() => decodeList(bomb)).toThrowWithCode('STATUS_INVALID')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })
})

describe('a list is refused', () => {
  const good = deflateSync(LIST)
  const bend = (edit: (bytes: Buffer) => Buffer): string => edit(Buffer.from(good)).toString('base64url')
  const at = (place: number, value: number) => (bytes: Buffer) => {
    bytes[place < 0 ? bytes.length + place : place]! ^= value
    return bytes
  }

  test.each([
    ['with a wrong checksum', bend(at(-1, 1))],
    ['with a byte changed', bend(at(10, 0x10))],
    ['without a ZLIB header', deflateRawSync(LIST).toString('base64url')],
    [
      'that wants a preset dictionary',
      deflateSync(LIST, { dictionary: Buffer.from('abc') }).toString('base64url'),
    ],
    ['with a byte behind it', bend((bytes) => Buffer.concat([bytes, Buffer.of(0)]))],
    [
      'with a byte between stream and checksum',
      bend((bytes) => Buffer.concat([bytes.subarray(0, -4), Buffer.of(0), bytes.subarray(-4)])),
    ],
    ['that comes twice', bend((bytes) => Buffer.concat([bytes, bytes]))],
    ['without its last byte', bend((bytes) => bytes.subarray(0, -1))],
    ['cut in half', bend((bytes) => bytes.subarray(0, bytes.length / 2))],
    ['of five bytes', bend((bytes) => bytes.subarray(0, 5))],
    ['that is empty', ''],
    ['with padding', `${good.toString('base64url')}=`],
    ['in the other base64', 'eNrb+RgAAhcBXQ'],
  ])('%s', (_, lst) => {
    expect(() => decodeList(lst)).toThrowWithCode('STATUS_INVALID')
  })

  test('whatever random bytes it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => decodeList(base64url(bytes))).toThrowWithCode('STATUS_INVALID')
      }),
    )
  })
})

describe('a status list token', () => {
  test('says who is revoked and who is not', () => {
    expect([0, 6, 7, 8, 131_071].map((idx) => readStatus(context, token, { idx, uri: URI }))).toEqual([
      0, 0, 1, 0, 1,
    ])
  })

  test('verifies as a JWT with jose', async () => {
    const key = await importJWK({ ...world.issuer.publicJwk }, 'Ed25519')
    const currentDate = new Date(NOW_MS)
    const { payload } = await jwtVerify(token, key, { typ: 'statuslist+jwt', subject: URI, currentDate })
    expect(payload).toMatchObject({ iat: NOW_S, exp: NOW_S + 300, ttl: 60, status_list: { bits: 1 } })
    expect((await compactVerify(token, key)).protectedHeader).toEqual({
      alg: 'Ed25519',
      typ: 'statuslist+jwt',
      kid,
    })
  })

  test('may be large', () => {
    const list = world.crypto.randomBytes(LIST_BYTES_MAX)
    const large = signStatusList(world.crypto, world.issuer, { ...input, bits: 8, list })
    expect(readStatus(context, large, { idx: LIST_BYTES_MAX - 1, uri: URI })).toBe(list.at(-1))
  })

  test('is good to the last second of its life, and of a key until it retired', () => {
    const reference = { idx: 7, uri: URI }
    expect(readStatus({ ...context, now_ms: NOW_MS + 299_999 }, token, reference)).toBe(1)
    const keys = new Map([[kid, { jwk: world.issuer.publicJwk, retired_at: NOW_S + 1 }]])
    expect(readStatus({ ...context, keys }, token, reference)).toBe(1)
  })

  const claims: JsonObject = {
    sub: URI,
    iat: NOW_S,
    exp: NOW_S + 300,
    ttl: 60,
    status_list: { bits: 1, lst: encodeList(LIST) },
  }
  const sign = (edit: JsonObject, header: JsonObject = {}, by = world.issuer): string =>
    signJws(by, { typ: 'statuslist+jwt', kid, ...header }, { ...claims, ...edit })
  const retired = new Map([[kid, { jwk: world.issuer.publicJwk, retired_at: NOW_S }]])

  test.each<[string, string, { idx?: number; uri?: string; context?: Partial<StatusContext> }]>([
    ['of another list', token, { uri: 'https://issuer.example/status/2' }],
    ['for an index past its end', token, { idx: 131_072 }],
    ['for an index below zero', token, { idx: -1 }],
    ['for an index that is no integer', token, { idx: 7.5 }],
    ['that is over', token, { context: { now_ms: NOW_MS + 300_000 } }],
    ['of the future', sign({ iat: NOW_S + 61 }), {}],
    ['by a key that is not known', token, { context: { keys: new Map() } }],
    ['by a key that had retired', token, { context: { keys: retired } }],
    ['by another key under the name of ours', sign({}, {}, world.signer('other')), {}],
    ['without a key', sign({}, { kid: null }), {}],
    ['with a key in its header', sign({}, { jwk: { ...world.issuer.publicJwk } }), {}],
    ['of another type', sign({}, { typ: 'jwt' }), {}],
    ['without an end', sign({ exp: null }), {}],
    ['with 3 bits', sign({ status_list: { bits: 3, lst: encodeList(LIST) } }), {}],
    ['with a member that is not known', sign({ scope: 'all' }), {}],
    ['with a list that does not inflate', sign({ status_list: { bits: 1, lst: 'AAAA' } }), {}],
    ['with its signature cut', token.slice(0, -2), {}],
    ['that is no JWT', 'x', {}],
    ['that is empty', '', {}],
    ['that is too large', 'a'.repeat(2 * 1024 * 1024 + 1), {}],
  ])('%s says nothing', (_, text, { idx = 7, uri = URI, context: edit = {} }) => {
    expect(() => readStatus({ ...context, ...edit }, text, { idx, uri })).toThrowWithCode('STATUS_INVALID')
  })

  test('is not blamed for a fault of ours', () => {
    const verify = (): boolean => {
      throw new RangeError('broken')
    }
    const broken = { ...context, crypto: { ...world.crypto, verify } }
    expect(() => readStatus(broken, token, { idx: 7, uri: URI })).toThrow(RangeError)
  })
})
