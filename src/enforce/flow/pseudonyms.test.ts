/** Names for values that an agent may not see. spec/labels.md (LBL-11). */
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { DataLabel } from '../../core/label.ts'
import { DomainPseudonyms, hidden, Pseudonyms } from './pseudonyms.ts'

const SECRET: DataLabel = { level: 'confidential', integrity: 'trusted', categories: ['personal'] }

test('are equal for equal values of one domain, and nowhere else', () => {
  const all = new DomainPseudonyms(nodeCrypto)
  const name = all.of('a').of('Ann', SECRET)
  expect(name).toMatch(/^psn_[a-z2-7]{26}$/)
  expect(all.of('a').of('Ann', SECRET)).toBe(name)
  expect(all.of('a').of('Bo', SECRET)).not.toBe(name)
  expect(all.of('b').of('Ann', SECRET)).not.toBe(name)
})

test('lead back for a tool that accepts the level, wherever they stand in its arguments', () => {
  const own = new Pseudonyms(nodeCrypto)
  const name = own.of('Ann', SECRET)
  const args = { to: [{ name }], text: `Dear ${name}, hello ${name}` }
  expect(own.resolve(args, 'confidential').args).toEqual({
    to: [{ name: 'Ann' }],
    text: 'Dear Ann, hello Ann',
  })
  expect(own.resolve(args, 'internal').args).toBe(args)
})

test('leave arguments without any as they are', () => {
  const own = new Pseudonyms(nodeCrypto)
  own.of('Ann', SECRET)
  const args = { text: 'psn_aaaaaaaaaaaaaaaaaaaaaaaaaa', n: 1 }
  expect(own.resolve(args, 'restricted').args).toBe(args)
})

test('of a value that was seen as more sensitive stay so', () => {
  const own = new Pseudonyms(nodeCrypto)
  own.of('Ann', { ...SECRET, level: 'restricted' })
  const name = own.of('Ann', { ...SECRET, level: 'internal' })
  expect(own.resolve({ name }, 'confidential').args).toEqual({ name })
})

test('are not made of long texts', () => {
  expect(new Pseudonyms(nodeCrypto).of('x'.repeat(1025), SECRET)).toBeNull()
})

test('stand in what a tool answers with, where it was given their values', () => {
  const own = new Pseudonyms(nodeCrypto)
  const [ann, one] = [own.of('Ann Example', SECRET), own.of('1', SECRET)]
  const { used } = own.resolve({ who: `for ${ann}`, n: one }, 'restricted')
  const answer = { 'Ann Example': ['saved Ann Example', 1, 'page 1'], b: 'Bo' }
  expect(hidden(answer, used)).toEqual({ [ann!]: [`saved ${ann}`, one, 'page 1'], b: 'Bo' })
})

test('beyond 64 of one call stay what they are: each value is looked for in all of the answer', () => {
  const own = new Pseudonyms(nodeCrypto)
  const names = Array.from({ length: 100 }, (_, at) => own.of(`person ${at}`, SECRET))
  const { args, used } = own.resolve({ names: [...names, names[0]!] }, 'restricted')
  expect(used.size).toBe(64)
  expect(args.names).toEqual([
    ...Array.from({ length: 64 }, (_, at) => `person ${at}`),
    ...names.slice(64),
    'person 0',
  ])
})

test('lead back for a million characters of values, the latest', () => {
  const own = new Pseudonyms(nodeCrypto)
  const values = Array.from({ length: 1_100 }, (_, at) => `${at} `.padEnd(1024, 'x'))
  const names = values.map((value) => own.of(value, SECRET)!)
  // Named again, it counts once, and as the latest.
  for (let again = 0; again < 100; again += 1) own.of(values[100]!, SECRET)
  const back = names.map((name) => own.resolve({ name }, 'restricted').args.name !== name)
  expect(back.filter(Boolean)).toHaveLength(1024)
  expect([back[0], back[100], back.at(-1)]).toEqual([false, true, true])
})
