import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { fromUtf8, utf8 } from '../core/encoding.ts'
import { canonicalize } from '../core/json.ts'
import { checkEntry, decodeEntry, encodeEntry, ENTRY_BYTES_MAX, type AnyEntry } from './entries.ts'

const entry: AnyEntry = {
  v: 1,
  type: 'system.added',
  time: '2026-03-01T09:30:00.000Z',
  actor: { kind: 'person', id: 'per_1' },
  subject: 'sys_1',
  body: { name: 'billing' },
}
const { publicJwk } = crypto.signer(crypto.generateKey('ES256'))
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))

describe('an entry', () => {
  test('is stored as its canonical bytes and read back from them', () => {
    const bytes = encodeEntry(entry)
    expect(fromUtf8(bytes)).toBe(
      '{"actor":{"id":"per_1","kind":"person"},"body":{"name":"billing"},"subject":"sys_1",' +
        '"time":"2026-03-01T09:30:00.000Z","type":"system.added","v":1}',
    )
    expect(decodeEntry(bytes)).toEqual(entry)
  })

  test('is checked without being read, whether it has a usual form or not', () => {
    for (const name of ['billing', 'a "quoted" name\n', '', 'é\u2028'.repeat(100)]) {
      const named = { ...entry, body: { name } }
      const checked = checkEntry(encodeEntry(named))
      expect(checked.time).toBe(entry.time)
      expect(checked.read()).toEqual(named)
      expect(decodeEntry(encodeEntry(named))).toEqual(named)
    }
  })

  test('may have commitments, one or several', () => {
    const one = { ...entry, commitments: { name: 'A'.repeat(43) } }
    const two = { ...entry, commitments: { name: 'A'.repeat(43), purpose: 'B'.repeat(43) } }
    for (const each of [one, two]) expect(decodeEntry(encodeEntry(each))).toEqual(each)
  })

  test('may have no subject, and a body with a key', () => {
    const { subject: _, ...rest } = entry
    const created: AnyEntry = {
      ...rest,
      type: 'key.created',
      body: { use: 'log', kid: 'A'.repeat(43), jwk: publicJwk },
    }
    expect(decodeEntry(encodeEntry(created))).toEqual(created)
  })

  test.each([
    ['an unknown type', { ...entry, type: 'system.removed' }],
    ['a type that every object has', { ...entry, type: 'toString' }],
    ['another version', { ...entry, v: 2 }],
    ['an unknown member', { ...entry, note: '' }],
    ['an unknown member in the body', { ...entry, body: { name: 'billing', owner: 'x' } }],
    ['the body of another type', { ...entry, type: 'person.added' }],
    ['no body', { ...entry, body: undefined }],
    ['an actor of another kind', { ...entry, actor: { kind: 'robot', id: 'x' } }],
    ['a time with an offset', { ...entry, time: '2026-03-01T09:30:00+01:00' }],
  ])('with %s is refused, written or read', (_, wrong) => {
    expect(() => encodeEntry(wrong as AnyEntry)).toThrowWithCode('ENTRY_INVALID')
    expect(() => decodeEntry(json(wrong))).toThrowWithCode('ENTRY_INVALID')
  })

  test('that does not fit is reported by path and never by value', () => {
    const wrong = { ...entry, body: { name: 5, secret: 'hunter2' } } as unknown as AnyEntry
    expect(() => encodeEntry(wrong)).toThrow(/name invalid_type/)
    expect(() => encodeEntry(wrong)).not.toThrow(/hunter2|billing/)
  })

  test('over the bound of a bundle is refused', () => {
    const act = { act: 'agent.approve', agent: 'a', proposal: 1, approver: 'b' } as const
    const gesture = {
      rev: 'r',
      role: 'approver',
      jwk: publicJwk,
      registration: 0,
      client_data: 'x',
      authenticator_data: 'x',
      signature: 'x',
    } as const
    const measures = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [
        `m${i}`,
        { path: '/'.repeat(256), of: 'bytes', unit: 'b' } as const,
      ]),
    )
    const large: AnyEntry = {
      ...entry,
      type: 'tool.registered',
      body: { system: 's', server: 's', tool: 't', definition_hash: 'A'.repeat(43), measures },
    }
    expect(canonicalize(large as never).length).toBeGreaterThan(ENTRY_BYTES_MAX)
    expect(() => encodeEntry(large)).toThrowWithCode('ENTRY_TOO_LARGE')
    const approved: AnyEntry = { ...entry, type: 'agent.approved', body: { act, gesture, acted_alone: true } }
    expect(decodeEntry(encodeEntry(approved))).toEqual(approved)
  })

  test.each([
    ['is not canonical', utf8(`${fromUtf8(encodeEntry(entry))} `)],
    ['is not JSON', utf8('entry')],
    ['is not UTF-8', Uint8Array.of(0xff)],
    ['has a duplicate name', utf8('{"v":1,"v":1}')],
    ['is too large to be one', new Uint8Array(ENTRY_BYTES_MAX + 1).fill(0x20)],
  ])('that %s is refused', (_, bytes) => {
    expect(() => decodeEntry(bytes)).toThrowWithCode('ENTRY_INVALID')
  })
})
