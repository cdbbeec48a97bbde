import { describe, expect, test } from 'vitest'
import { SourceLimit, sourceOf } from './source-limit.ts'

describe('a limit', () => {
  const limit = () => new SourceLimit({ each: { burst: 2, per_s: 1 }, all: { burst: 3, per_s: 1 } })

  test('gives a source its burst, and then what has come since', () => {
    const limited = limit()
    const taken = [0, 0, 0, 500, 1000, 1000].map((now_ms) => limited.take('a', now_ms))
    expect(taken).toEqual([true, true, false, false, true, false])
  })

  test('leaves others what one source did not get, and all together what there is', () => {
    const limited = limit()
    for (let i = 0; i < 100; i++) limited.take('a', 0)
    expect([limited.take('b', 0), limited.take('c', 0), limited.take('c', 1000)]).toEqual([true, false, true])
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1::7', '2001:db8:1:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  [undefined, ''],
])('the source of %s is %s', (address, source) => {
  expect(sourceOf(address)).toBe(source)
})
