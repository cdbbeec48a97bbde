import { expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder, READ, type Chain } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { BOTTOM, TOP, type DataLabel } from '../../core/label.ts'
import { verifyPack } from './verify.ts'

const SECRET: DataLabel = { level: 'confidential', integrity: 'untrusted', categories: ['health'] }
const TOP_SECRET: DataLabel = { ...SECRET, level: 'restricted' }

/** Two points, and an agent with a delegation for both. */
function company(): { log: LogBuilder; chain: Chain; agent: string } {
  const log = new LogBuilder().company()
  log.point('other')
  const { limits: _, ...grant } = READ
  const chain = log.root('bot', { grants: [grant], ttl_s: 200_000 })
  return { log, chain, agent: chain.agent }
}

async function faultsOf(log: LogBuilder): Promise<unknown[]> {
  for (const point of ['gate', 'other']) log.head(point)
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, index }) => [code, index])
}

const judged = (taint: DataLabel) => ({ flow: { basis: [], taint } })

test('a domain that is leased, renewed, handed over, and begun at the top when nobody did, is in order', async () => {
  const { log, chain, agent } = company()
  log.hold([{ agent }])
  log.decide(chain, judged(BOTTOM))
  log.clock.advance(20_000)
  log.hold([{ agent, begins: 'renewed' }])
  log.clock.advance(20_000)
  log.decide(chain, judged(SECRET))
  log.handOver(agent, 1, SECRET)
  log.hold([{ agent, turn: 2, begins: 'handed_over', taint: SECRET }], 'other')
  log.decide(chain, judged(SECRET), 'other')
  log.clock.advance(62_000)
  log.hold([{ agent, turn: 3, begins: 'lapsed', taint: TOP }])
  log.decide(chain, judged(TOP))
  log.hold([{ agent, turn: 4, begins: 'lapsed', taint: TOP }], 'gate', 'run-2') // its point lost its disk
  expect(await faultsOf(log)).toEqual([])
})

test('a domain that is leased while another point may use it is named', async () => {
  const { log, agent } = company()
  log.hold([{ agent }])
  log.clock.advance(61_000)
  const index = log.hold([{ agent, turn: 2, begins: 'lapsed', taint: TOP }], 'other')
  expect(await faultsOf(log)).toEqual([['DOMAIN_TWICE', index]])
})

test('a turn that is none is named', async () => {
  const { log, agent } = company()
  log.hold([{ agent }])
  const again = log.hold([{ agent, begins: 'renewed' }], 'gate', 'run-2')
  log.handOver(agent, 1, BOTTOM)
  const skipped = log.hold([{ agent, turn: 3, begins: 'handed_over' }], 'other')
  const found = await faultsOf(log)
  expect(found).toContainEqual(['DOMAIN_TWICE', again])
  expect(found).toContainEqual(['DOMAIN_TWICE', skipped])
})

test('a domain that begins below what was read in it is named', async () => {
  const { log, agent } = company()
  log.hold([{ agent }])
  log.handOver(agent, 1, SECRET)
  const less = log.hold([{ agent, turn: 2, begins: 'handed_over', taint: BOTTOM }], 'other')
  log.clock.advance(63_000)
  const lapsed = log.hold([{ agent, turn: 3, begins: 'lapsed', taint: SECRET }])
  expect(await faultsOf(log)).toEqual([
    ['TAINT_LOWERED', less],
    ['TAINT_LOWERED', lapsed],
  ])
})

test('a hand-over by another, of another turn, or of less than was read, is named', async () => {
  const { log, agent } = company()
  log.hold([{ agent, taint: SECRET }])
  const forged = log.handOver(agent, 1, SECRET, 'gate', 'other')
  log.hold([{ agent, turn: 2, begins: 'handed_over', taint: SECRET }])
  const elsewhere = log.handOver(agent, 2, SECRET, 'other')
  log.hold([{ agent, turn: 3, begins: 'handed_over', taint: SECRET }])
  const lower = log.handOver(agent, 3, BOTTOM)
  const earlier = log.handOver(agent, 1, SECRET)
  expect(await faultsOf(log)).toEqual([
    ['DOMAIN_INVALID', forged],
    ['DOMAIN_INVALID', elsewhere],
    ['TAINT_LOWERED', lower],
    ['DOMAIN_INVALID', earlier],
  ])
})

test('a call that was judged where its domain was not held, or by less than was read, is named', async () => {
  const { log, chain, agent } = company()
  log.hold([{ agent, taint: BOTTOM }])
  log.clock.advance(10_000)
  const { index: stranger } = log.decide(chain, judged(BOTTOM), 'other')
  log.decide(chain, judged(TOP), 'other') // claims nothing
  const { index: unsaid } = log.decide(chain, judged(TOP_SECRET))
  log.handOver(agent, 1, SECRET)
  log.clock.advance(10_000)
  const { index: after } = log.decide(chain, judged(SECRET))
  log.hold([{ agent, turn: 2, begins: 'handed_over', taint: SECRET }], 'other')
  const { index: less } = log.decide(chain, judged(BOTTOM), 'other')
  const found = await faultsOf(log)
  expect(found).toHaveLength(4)
  expect(found).toContainEqual(['DOMAIN_TWICE', stranger])
  expect(found).toContainEqual(['TAINT_LOWERED', unsaid])
  expect(found).toContainEqual(['DOMAIN_TWICE', after])
  expect(found).toContainEqual(['TAINT_LOWERED', less])
})

test('a domain that another than the owner cleared begins at the bottom again', async () => {
  const { log, chain, agent } = company()
  log.hold([{ agent, taint: BOTTOM }])
  log.handOver(agent, 1, SECRET)
  log.clear(agent, 1)
  log.hold([{ agent, turn: 3, begins: 'handed_over', taint: BOTTOM }], 'other')
  log.decide(chain, judged(BOTTOM), 'other')
  log.clock.advance(62_000)
  log.clear(agent, 3) // nobody said what was read
  log.hold([{ agent, turn: 5, begins: 'handed_over', taint: BOTTOM }])
  expect(await faultsOf(log)).toEqual([])
})

test('a clearing by the owner, while a point holds the domain, or of another turn, is named', async () => {
  const { log, agent } = company()
  log.hold([{ agent }])
  const held = log.clear(agent, 1)
  const own = log.clear(agent, 2, ALICE, true)
  const untrue = log.clear(agent, 3, BOB, true)
  const again = log.clear(agent, 3)
  expect(await faultsOf(log)).toEqual([
    ['DOMAIN_INVALID', held],
    ['APPROVAL_INVALID', own],
    ['APPROVAL_INVALID', untrue],
    ['DOMAIN_INVALID', again],
  ])
})
