import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../core/json.ts'
import { measure, resourcesOf, type Measures } from './measure.ts'

const measures: Measures = {
  amount: { path: '/payment/amount', of: 'number', unit: 'EUR-cent' },
  body: { path: '/body', of: 'bytes', unit: 'byte' },
  to: { path: '/to', of: 'items', unit: '1' },
  second: { path: '/to/1', of: 'bytes', unit: 'byte' },
  whole: { path: '', of: 'items', unit: '1' },
  odd: { path: '/a~1b/m~0n', of: 'number', unit: '1' },
}
const of = (name: string, args: JsonObject, unit = measures[name]?.unit ?? '1'): number | null =>
  measure({ measure: name, unit }, args, measures)

describe('what a call weighs', () => {
  test('is 1 call, whatever is registered', () => {
    expect(measure({ measure: 'calls', unit: '1' }, {}, {})).toBe(1)
    const lie: Measures = { calls: { path: '/n', of: 'number', unit: '1' } }
    expect(measure({ measure: 'calls', unit: '1' }, { n: 0 }, lie)).toBe(1)
    expect(of('calls', {}, 'k')).toBeNull()
  })

  test.each<[string, JsonObject, number | null]>([
    ['amount', { payment: { amount: 12 } }, 12],
    ['amount', { payment: { amount: 0 } }, 0],
    ['amount', { payment: { amount: -1 } }, null],
    ['amount', { payment: { amount: 1.5 } }, null],
    ['amount', { payment: { amount: 2 ** 53 } }, null],
    ['amount', { payment: { amount: '12' } }, null],
    ['amount', { payment: { amount: null } }, null],
    ['amount', { payment: {} }, null],
    ['amount', { payment: [12] }, null],
    ['amount', {}, null],
    ['body', { body: 'héé' }, 5],
    ['body', { body: '' }, 0],
    ['body', { body: 7 }, null],
    ['to', { to: ['a', 'b'] }, 2],
    ['to', { to: [] }, 0],
    ['to', { to: 'a' }, null],
    ['to', { to: { length: 3 } }, null],
    ['second', { to: ['a', 'bc'] }, 2],
    ['second', { to: ['a'] }, null],
    ['whole', { to: [] }, null],
    ['odd', { 'a/b': { 'm~n': 3 } }, 3],
    ['unknown', { unknown: 1 }, null],
    ['toString', {}, null],
  ])('in %s of %j is %j', (name, args, weight) => {
    expect(of(name, args)).toBe(weight)
  })

  test('needs the unit of the registration', () => {
    expect(of('amount', { payment: { amount: 1 } }, 'USD-cent')).toBeNull()
  })

  test.each<[string, JsonObject]>([
    ['amount', { payment: { amount: 1 }, Payment: { amount: 9 } }],
    ['amount', { payment: { amount: 1, AMOUNT: 9 } }],
    ['to', { to: [], TO: ['a'] }],
  ])('in %s of %j is unknown, as a reader that ignores case may weigh something else', (name, args) => {
    expect(of(name, args)).toBeNull()
  })

  test('never comes from what an object inherits', () => {
    const inherited: Measures = { m: { path: '/constructor/length', of: 'number', unit: '1' } }
    expect(measure({ measure: 'm', unit: '1' }, {}, inherited)).toBeNull()
    const padded: Measures = { m: { path: '/list/01', of: 'number', unit: '1' } }
    expect(measure({ measure: 'm', unit: '1' }, { list: [1, 2] }, padded)).toBeNull()
  })
})

describe('what a call touches', () => {
  test.each<[JsonObject, readonly string[] | null]>([
    [{ source: 'a' }, ['a']],
    [{ source: 'a', destination: ['b', 'c'] }, ['a', 'b', 'c']],
    [{ source: 'a', sources: 'b' }, ['a']],
    [{}, []],
    [{ source: 7 }, null],
    [{ source: 'a', Destination: 'b' }, null],
    [{ source: 'a', destination: 'b', DESTINATION: 'c' }, null],
    [{ source: 'a', '\u017fource': 'b' }, null],
  ])('by %j is %j', (args, found) => {
    expect(resourcesOf(args, ['/source', '/destination'])).toEqual(found)
  })

  test('is unknown when a nested name has a twin', () => {
    expect(resourcesOf({ o: { path: 'a' } }, ['/o/path'])).toEqual(['a'])
    expect(resourcesOf({ o: { path: 'a', Path: 'b' } }, ['/o/path'])).toBeNull()
    expect(resourcesOf({ o: { path: 'a' }, O: { path: 'b' } }, ['/o/path'])).toBeNull()
    expect(resourcesOf({ O: { path: 'b' } }, ['/o/path'])).toBeNull()
    expect(resourcesOf({ o: [{ path: 'a', Path: 'b' }] }, ['/o/0/path'])).toBeNull()
  })
})
