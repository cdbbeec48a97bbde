import { expect, test } from 'vitest'
import { LogBuilder, READ, type Chain } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Debit, Lease } from '../../log/receipt.ts'
import type { Grant } from '../../token/grant.ts'
import { verifyPack } from './verify.ts'

const CAP = 10

/** One limit of ten calls per that period. */
function limited(per = 'delegation'): { log: LogBuilder; chain: Chain } {
  const log = new LogBuilder().company()
  const grant: Grant = { ...READ, limits: [{ measure: 'calls', unit: '1', max: CAP, per }] }
  return { log, chain: log.root('bot', { grants: [grant], ttl_s: 200_000 }) }
}

async function faultsOf(log: LogBuilder): Promise<unknown[]> {
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, index }) => [code, index])
}

/** A lease for the chain's limit, as it is logged, and a debit of it. */
function leased(
  log: LogBuilder,
  chain: Chain,
  amount: number,
  edit: Partial<Lease> = {},
): { index: number; lease: Lease; debit: Debit } {
  // What an honest call would lease and debit, a lease of which nothing is used.
  const [debit] = log.debits(chain, 1)
  log.entries.pop()
  const { lease: id, ...key } = debit!
  const expires = rfc3339(log.clock.now() + 10_000)
  const lease: Lease = { ...key, id: String(id), max: CAP, amount, expires, ...edit }
  const { max: _, expires: _e, id: own, ...name } = lease
  return { index: log.lease([lease]), lease, debit: { ...name, amount: 1, lease: own } }
}

const settles = (log: LogBuilder): { settles: string } => ({ settles: rfc3339(log.clock.now()) })

test('leases that are debited, returned, expired and settled are in order', async () => {
  const { log, chain } = limited()
  const one = leased(log, chain, 6)
  for (let i = 0; i < 2; i++) log.decide(chain, { debits: [one.debit] })
  const returned = log.head('gate', undefined, 'gate', { returns: [one.lease.id] })
  log.settle(returned, [{ id: one.lease.id, debited: 2, credited: 4 }])
  const two = leased(log, chain, 8)
  for (let i = 0; i < 3; i++) log.decide(chain, { debits: [two.debit] })
  log.clock.advance(11_000)
  log.settle(log.head('gate', undefined, 'gate', settles(log)), [
    { id: two.lease.id, debited: 3, credited: 5 },
  ])
  leased(log, chain, 5)
  expect(await faultsOf(log)).toEqual([])
})

test('a debit past its lease is named', async () => {
  const { log, chain } = limited()
  const { debit } = leased(log, chain, 2)
  for (let i = 0; i < 2; i++) log.decide(chain, { debits: [debit] })
  const { index } = log.decide(chain, { debits: [debit] })
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASE_OVERDRAWN', index]])
})

test('leases that add up to more than the cap are named, used or not', async () => {
  const { log, chain } = limited()
  leased(log, chain, 6)
  const { index } = leased(log, chain, 5)
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASES_OVER_CAP', index]])
})

test('a lease that goes by another cap than the grant is named when it is debited', async () => {
  const { log, chain } = limited()
  const { debit } = leased(log, chain, 12, { max: 100 })
  const { index } = log.decide(chain, { debits: [debit] })
  log.head()
  expect(await faultsOf(log)).toEqual([['LIMIT_OVERSPENT', index]])
})

test('a credit of more than the receipts leave is named', async () => {
  const { log, chain } = limited()
  const { lease, debit } = leased(log, chain, 6)
  for (let i = 0; i < 2; i++) log.decide(chain, { debits: [debit] })
  const head = log.head('gate', undefined, 'gate', { returns: [lease.id] })
  const index = log.settle(head, [{ id: lease.id, debited: 2, credited: 5 }])
  expect(await faultsOf(log)).toEqual([['LEASE_CREDIT_INVALID', index]])
})

test('a debit that came after its lease was given back makes the credit too high', async () => {
  const { log, chain } = limited()
  const { lease, debit } = leased(log, chain, 6)
  log.decide(chain, { debits: [debit] })
  const head = log.head('gate', undefined, 'gate', { returns: [lease.id] })
  const index = log.settle(head, [{ id: lease.id, debited: 1, credited: 5 }])
  log.decide(chain, { debits: [debit] })
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASE_CREDIT_INVALID', index]])
})

test.each<[string, (log: LogBuilder, id: string) => number, string?]>([
  ['no head', () => 3],
  ['a head that says nothing', (log) => log.head()],
  ['a head from before its end', (log) => log.head('gate', undefined, 'gate', settles(log))],
  ['the return of another', (log) => log.head('gate', undefined, 'gate', { returns: ['lse_other'] })],
])('a credit behind %s is named', async (_, head) => {
  const { log, chain } = limited()
  const { lease } = leased(log, chain, 6)
  const at = head(log, lease.id)
  const index = log.settle(at, [{ id: lease.id, debited: 0, credited: 6 }])
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASE_CREDIT_INVALID', index]])
})

test('a lease that is given back twice is named', async () => {
  const { log, chain } = limited()
  const { lease } = leased(log, chain, 6)
  const head = log.head('gate', undefined, 'gate', { returns: [lease.id] })
  log.settle(head, [{ id: lease.id, debited: 0, credited: 6 }])
  const index = log.settle(head, [{ id: lease.id, debited: 0, credited: 6 }])
  expect(await faultsOf(log)).toEqual([['LEASE_CREDIT_INVALID', index]])
})

test('a debit after the end of its lease is named', async () => {
  const { log, chain } = limited()
  const { debit } = leased(log, chain, 6)
  log.clock.advance(13_000)
  const { index } = log.decide(chain, { debits: [debit] })
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASE_EXPIRED', index]])
})

test.each<[string, (debit: Debit) => Debit]>([
  ['no lease', ({ lease: _lease, ...debit }) => debit],
  ['a lease that was never granted', (debit) => ({ ...debit, lease: 'lse_none' })],
])('a debit with %s is named', async (_, bend) => {
  const { log, chain } = limited()
  const { debit } = leased(log, chain, 6)
  const { index } = log.decide(chain, { debits: [bend(debit)] })
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASE_MISSING', index]])
})

test('a debit of the lease of another point, or of an epoch that is over, is named', async () => {
  const { log, chain } = limited()
  const { debit } = leased(log, chain, 6)
  log.point('other')
  const { index } = log.decide(chain, { debits: [debit] }, 'other')
  log.epoch('gate')
  const again = log.decide(chain, { debits: [debit] })
  log.head()
  log.head('other')
  expect(await faultsOf(log)).toEqual([
    ['LEASE_MISSING', index],
    ['LEASE_MISSING', again.index],
  ])
})

test('a lease that outlives its period, or names another, is named', async () => {
  const { log, chain } = limited('hour')
  const late = leased(log, chain, 1, { expires: rfc3339(log.clock.now() + 3_600_000) })
  const { index } = leased(log, chain, 1, { period: '2026-09-21T02' })
  log.head()
  expect(await faultsOf(log)).toEqual([
    ['LEASE_INVALID', late.index],
    ['LEASE_INVALID', index],
  ])
})

test('a window counts what may have been debited in it, and no longer', async () => {
  const { log, chain } = limited('PT1M')
  leased(log, chain, 6, { expires: rfc3339(log.clock.now() + 6_000) })
  log.clock.advance(65_999)
  const early = leased(log, chain, 5)
  log.clock.advance(1)
  leased(log, chain, 4)
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASES_OVER_CAP', early.index]])
})

test('what was reserved before there were leases needs none', async () => {
  const { log, chain } = limited()
  const { lease, debit } = leased(log, chain, 6)
  log.entries.pop()
  const { id: _, expires: _e, ...reserved } = lease
  const bare = (({ lease: _lease, ...rest }: Debit): Debit => rest)(debit)
  log.add('budget.reserved', { kind: 'point', id: log.id('pnt', 'gate') }, null, {
    debits: [{ ...reserved, amount: 1 }],
  })
  log.decide(chain, { debits: [bare] })
  const { index } = log.decide(chain, { debits: [bare] })
  log.head()
  expect(await faultsOf(log)).toEqual([['LEASE_MISSING', index]])
})
