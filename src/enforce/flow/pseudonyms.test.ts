/** Names for values that an agent may not see. spec/labels.md (LBL-11). */
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { DataLabel } from '../../core/label.ts'
import { DomainPseudonyms, Pseudonyms } from './pseudonyms.ts'

const SECRET: DataLabel = { level: 'confidential', integrity: 'trusted', categories: ['personal'] }

test('are others each time, so that no guess can be held against a value', () => {
  const own = new DomainPseudonyms(nodeCrypto).of('a')
  const names = [own.of('Ann', SECRET), own.of('Ann', SECRET), own.of('Bo', SECRET)]
  expect(names.every((name) => /^psn_[a-z2-7]{26}$/.test(name ?? ''))).toBe(true)
  expect(new Set(names).size).toBe(3)
  const args = { to: names }
  expect(own.resolve(args, 'confidential').args).toEqual({ to: ['Ann', 'Ann', 'Bo'] })
  expect(new DomainPseudonyms(nodeCrypto).of('b').resolve(args, 'confidential').args).toBe(args)
})

test('are others in each place of an answer, and stay what they are beside a guess in the clear', () => {
  const own = new Pseudonyms(nodeCrypto)
  const [one, other] = [own.of('536-22-8726', SECRET), own.of('536-22-8726', SECRET)]
  const { used } = own.resolve({ one, other }, 'confidential')
  const answer = own.hidden({ saved: 'is 536-22-8726, is 536-22-8726' }, used) as { saved: string }
  const names = answer.saved.match(/psn_[a-z2-7]{26}/g)
  expect(new Set([...(names ?? []), one, other]).size).toBe(4)
  const guess = { text: `${one} or 536-22-8726` }
  expect(own.resolve(guess, 'confidential').args).toBe(guess)
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

test('are not made of long texts', () => {
  expect(new Pseudonyms(nodeCrypto).of('x'.repeat(1025), SECRET)).toBeNull()
})

test('stand in what a tool answers with, where it was given their values', () => {
  const own = new Pseudonyms(nodeCrypto)
  const [ann, one] = [own.of('Ann Example', SECRET), own.of('1', SECRET)]
  const { used } = own.resolve({ who: `for ${ann}`, n: one }, 'restricted')
  const answer = { 'Ann Example': ['saved Ann Example', 1, 'page 1'], b: 'Bo' }
  const hidden = JSON.stringify(own.hidden(answer, used)).replaceAll(/psn_[a-z2-7]{26}/g, 'PSN')
  expect(JSON.parse(hidden)).toEqual({ PSN: ['saved PSN', 'PSN', 'page 1'], b: 'Bo' })
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
  const back = names.map((name) => own.resolve({ name }, 'restricted').args.name !== name)
  expect(back.filter(Boolean)).toHaveLength(1024)
  expect([back[0], back.at(-1)]).toEqual([false, true])
})
