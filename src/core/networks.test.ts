import { describe, expect, test } from 'vitest'
import { isNetwork, liesIn } from './networks.ts'

describe('a network', () => {
  test.each([
    '10.0.0.0/8',
    '192.0.2.7/32',
    '0.0.0.0/0',
    '2001:db8::/32',
    '::1/128',
    '::/0',
    '2001:db8:0:0:0:0:0:1/128',
  ])('is %s', (text) => expect(isNetwork(text)).toBe(true))

  test.each([
    ['an address alone', '10.0.0.1'],
    ['with bits behind its prefix', '10.0.0.1/8'],
    ['of IPv6 with bits behind its prefix', '2001:db8::1/32'],
    ['longer than an address', '10.0.0.0/33'],
    ['with a prefix that is written in two ways', '10.0.0.0/08'],
    ['with a byte that is none', '10.0.256.0/24'],
    ['with two gaps', '2001::db8::/32'],
    ['with a gap of nothing', '1:2:3:4::5:6:7:8/128'],
    ['too short', '2001:db8/32'],
    ['of a zone', 'fe80::1%eth0/128'],
    ['a word', 'office'],
    ['nothing', ''],
  ])('is not %s', (_, text) => expect(isNetwork(text)).toBe(false))
})

describe('an address', () => {
  test.each([
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['11.1.2.3', ['10.0.0.0/8'], false],
    ['192.0.2.129', ['192.0.2.128/25'], true],
    ['192.0.2.127', ['192.0.2.128/25'], false],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
    ['2001:db8::7', ['10.0.0.0/8', '2001:db8::/32'], true],
    ['2001:db9::7', ['2001:db8::/32'], false],
    ['10.1.2.3', ['::/0'], false],
    ['::1', ['0.0.0.0/0'], false],
    ['', ['0.0.0.0/0', '::/0'], false],
    ['10.1.2.3', [], false],
  ] as const)('%s lies in %j: %s', (address, networks, lies) => expect(liesIn(address, networks)).toBe(lies))
})
