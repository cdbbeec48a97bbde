/** What another reviewed in time is compensated for, and approved by nobody. spec/alone.md (ALO-5, ALO-6). */
import { describe, expect, test } from 'vitest'
import { reviewLone, tellAlone } from '../../../test/fixtures/alone-acts.ts'
import { ControlLog, DAY_MS, HOUR_MS } from '../../../test/fixtures/control-log.ts'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { approveRole, custodyOf, proposeRole } from '../../../test/fixtures/role-acts.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { decodeEntry } from '../../log/entries.ts'
import { History } from '../history.ts'
import { emergencyChanges } from '../populations/changes.ts'

const EVER = { from_ms: 0, to_ms: Number.MAX_SAFE_INTEGER }

function company(): ControlLog {
  const control = new ControlLog(new LogBuilder().company('after'))
  control.pass(HOUR_MS)
  return control
}

function rowsOf({ log }: ControlLog) {
  const history = new History(nodeCrypto)
  for (const [index, bytes] of log.entries.entries()) history.add(index, decodeEntry(bytes))
  return emergencyChanges.rows(history, EVER)
}

describe('a change that one person made alone', () => {
  test('is no deviation once another reviewed it in time and agreed, and its row calls it no approval', async () => {
    const c = company()
    const index = tellAlone(c, c.template(ALICE))
    c.pass(DAY_MS)
    const review = reviewLone(c, index)
    c.pass(10 * DAY_MS)
    const { results, faults } = await c.tested()
    expect(faults).toEqual([])
    expect(results[18]).toMatchObject({ result: 'no_deviation', items: 1, deviations: [] })
    expect(rowsOf(c)).toMatchObject([
      { index, approver: c.person(ALICE).id, review, reviewer: c.person(BOB).id, review_outcome: 'agreed' },
    ])
  })

  test('is none either before it is due', async () => {
    const c = company()
    tellAlone(c, c.template(ALICE))
    c.pass(DAY_MS)
    expect((await c.tested()).results[18]).toMatchObject({ result: 'no_deviation' })
    expect(rowsOf(c)).toMatchObject([{ review: null, reviewed: null, reviewer: null, review_outcome: null }])
  })
})

describe('what stays a deviation', () => {
  const custody = (c: ControlLog): number => {
    const holding = custodyOf(c)
    return approveRole(c, proposeRole(c, holding), holding, { by: ALICE, alone: true })
  }
  const agent = (c: ControlLog): number => {
    c.log.propose('own')
    return c.log.approve('own', ALICE, { alone: true })
  }
  test.each([
    ['of an agent', 2, 'ACTED_ALONE', agent],
    ['of a baseline', 12, 'ACTED_ALONE', (c: ControlLog) => c.baseline(ALICE)],
    ['of a custody', 31, 'ROLE_SELF_APPROVED', custody],
  ])('%s names its review as the compensating control', async (_, number, code, plant) => {
    const c = company()
    const index = tellAlone(c, plant(c))
    const before = (await c.tested()).results[number]?.deviations ?? []
    expect(before.filter((one) => one.code === code)).toMatchObject([
      { message: expect.not.stringContaining('compensating') },
    ])
    const review = reviewLone(c, index)
    const after = (await c.tested()).results[number]?.deviations ?? []
    const [found] = after.filter((one) => one.code === code)
    expect(found?.message).toContain(`; the compensating control: ${c.person(BOB).id} reviewed it on`)
    expect(found?.entries).toContain(review)
    expect(found?.id).toBe(before.find((one) => one.code === code)?.id)
  })

  test('says so when who reviewed it objected', async () => {
    const c = company()
    reviewLone(c, tellAlone(c, agent(c)), { outcome: 'objected' })
    const [found] = (await c.tested()).results[2]?.deviations ?? []
    expect(found?.message).toMatch(/reviewed it on .*, and objected$/)
  })
})
