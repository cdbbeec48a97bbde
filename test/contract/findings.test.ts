/** Each connector against a server written from its vendor's published documentation. docs/connectors.md */
import { expect, test } from 'vitest'
import { SERVICES } from '../../apps/cli/connect/services.ts'
import { uuidOf } from '../../src/adapters/http/findings/linear.ts'
import { FINDINGS_SERVICES } from '../../src/ports/findings.ts'
import { VENDORS } from '../fixtures/vendors/vendors.ts'
import { findingsContract } from './findings.ts'

for (const name of FINDINGS_SERVICES) findingsContract(name, VENDORS[name])

test.each(FINDINGS_SERVICES)('%s is given the kinds that it takes', async (name) => {
  const staged = await VENDORS[name]()
  expect(staged.connect().takes).toEqual(SERVICES[name].kinds)
  await staged.vendor.close()
})

test('GitHub says with 403 as well that somebody asks too often, and until when', async () => {
  const staged = await VENDORS.github()
  const waits: number[] = []
  const reset = Math.ceil(Date.now() / 1000) + 20
  staged.vendor.faults.push({
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
  })
  const pause = async (ms: number): Promise<void> => {
    waits.push(ms)
  }
  await staged.connect({ pause }).push([], new AbortController().signal)
  expect(waits).toEqual([])
  const one = {
    id: `csn-${'1'.repeat(32)}`,
    kind: 'finding',
    title: 't',
    lines: [],
    url: null,
    properties: {},
  } as const
  await staged.connect({ pause }).push([one], new AbortController().signal)
  expect(waits).toHaveLength(1)
  expect(waits[0]).toBeGreaterThan(10_000)
  expect(staged.held()).toEqual(['t'])
  await staged.vendor.close()
})

test('Linear says with status 400 that somebody asks too often', async () => {
  const staged = await VENDORS.linear()
  staged.vendor.faults.push({ status: 400, json: { errors: [{ extensions: { code: 'RATELIMITED' } }] } })
  const waits: number[] = []
  const pause = async (ms: number): Promise<void> => {
    waits.push(ms)
  }
  const one = {
    id: `csn-${'1'.repeat(32)}`,
    kind: 'finding',
    title: 't',
    lines: [],
    url: null,
    properties: {},
  } as const
  await staged.connect({ pause }).push([one], new AbortController().signal)
  expect([waits, staged.held()]).toEqual([[1_000], ['t']])
  await staged.vendor.close()
})

test('identifiers of Linear are UUIDs, another for each finding', () => {
  const uuids = ['0', '1', 'f'].map((digit) => uuidOf({ id: `csn-${digit.repeat(32)}` }))
  for (const uuid of uuids)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(uuids).size).toBe(3)
})

test('Vanta wants an address of each resource, and is not asked without one', async () => {
  const staged = await VENDORS.vanta()
  const one = {
    id: `csn-${'1'.repeat(32)}`,
    kind: 'pack',
    title: 't',
    lines: [],
    url: null,
    properties: {},
  } as const
  await expect(staged.connect().push([one], new AbortController().signal)).rejects.toThrow('--where')
  expect(staged.vendor.requests).toEqual([])
  await staged.vendor.close()
})
