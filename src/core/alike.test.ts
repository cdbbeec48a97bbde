/** What looks like another identifier. spec/consent.md (CNS-43). */
import { expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { alikeKey, plainOf } from './alike.ts'
import { subjectKey } from './consent.ts'

test.each([
  ['0042', '42'],
  ['42', '42'],
  ['000', '0'],
  ['+49 (170) 123-45', '4917012345'],
  ['0049170/12345', '4917012345'],
  ['ann+shop@x.example', 'ann@x.example'],
  ['ann+@x.example', 'ann@x.example'],
  ['ann@x.example', 'ann@x.example'],
  ['+ann@x.example', '+ann@x.example'],
  ['a+b', 'a+b'],
  ['a-42', 'a-42'],
  ['--', '--'],
  ['a+b@c@d', 'a+b@c@d'],
])('%s is plainly %s', (folded, plain) => {
  expect(plainOf(folded)).toBe(plain)
  expect(plainOf(plain)).toBe(plain)
})

test('a key for what looks alike is none by which a subject is found', () => {
  const key = new Uint8Array(32)
  expect(alikeKey(nodeCrypto, key, null, '42')).not.toBe(subjectKey(nodeCrypto, key, null, '42'))
  expect(alikeKey(nodeCrypto, key, 'sys_1', '42')).not.toBe(alikeKey(nodeCrypto, key, null, '42'))
})
