import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { carryOut, defer, erase, hold, lift } from '../../../test/fixtures/erasures.ts'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { verifyPack } from './verify.ts'

const GONE = 'per_gone'
const HOLD = 'hld_one'

async function faultsOf(log: LogBuilder) {
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, index }) => [code, index])
}

const company = (separation?: 'independent' | 'after'): LogBuilder => new LogBuilder().company(separation)

/** A delegation of Bob's. */
function delegated(log: LogBuilder): string {
  return log.jtis(log.root('bot', { by: BOB }))[0] ?? ''
}

describe('an erasure', () => {
  test('of somebody else, and one that a hold deferred and its end carried out, hold', async () => {
    const log = company()
    log.person('carol')
    const jti = delegated(log)
    erase(log, GONE, ALICE)
    hold(log, HOLD, jti, ALICE)
    hold(log, 'hld_two', '*', ALICE)
    const first = defer(log, log.id('per', BOB), ALICE, [HOLD, 'hld_two'])
    lift(log, HOLD, 'carol')
    lift(log, 'hld_two', 'carol')
    carryOut(log, log.id('per', BOB), first)
    erase(log, jti, ALICE)
    expect(await faultsOf(log)).toEqual([])
  })

  test('by the principal of the delegation holds under separation `after` alone, and when the entry says so', async () => {
    const own = async (separation: 'independent' | 'after', alone: boolean) => {
      const log = company(separation)
      const at = erase(log, delegated(log), BOB, {}, alone)
      return (await faultsOf(log)).map(([code, index]) => [code, index === at])
    }
    expect(await own('after', true)).toEqual([])
    expect(await own('after', false)).toEqual([['ERASURE_INVALID', true]])
    expect(await own('independent', true)).toEqual([['ERASURE_INVALID', true]])
    expect(await own('independent', false)).toEqual([['ERASURE_INVALID', true]])
  })

  test.each<[string, (log: LogBuilder) => number]>([
    ['a gesture over another subject', (log) => erase(log, GONE, ALICE, { subject: 'per_other' })],
    [
      'a gesture by somebody whom the act does not name',
      (log) => erase(log, GONE, ALICE, { approver: 'per_bob' }),
    ],
    ['one before', (log) => (erase(log, GONE, ALICE), erase(log, GONE, BOB))],
    ['a hold in its way', (log) => (hold(log, HOLD, GONE, ALICE), erase(log, GONE, ALICE))],
    ['a hold on everything', (log) => (hold(log, HOLD, '*', ALICE), erase(log, GONE, ALICE))],
    [
      "a hold on the person's delegation",
      (log) => (hold(log, HOLD, delegated(log), ALICE), erase(log, 'per_bob', ALICE)),
    ],
    [
      'a hold on the principal',
      (log) => (hold(log, HOLD, 'per_bob', ALICE), erase(log, delegated(log), ALICE)),
    ],
    ['nothing that deferred it', (log) => carryOut(log, GONE, 1)],
  ])('with %s is named', async (_, build) => {
    const log = company()
    const at = build(log)
    expect(await faultsOf(log)).toEqual([['ERASURE_INVALID', at]])
  })

  test('that was deferred and is not carried out with the last hold is named', async () => {
    const log = company()
    hold(log, HOLD, GONE, ALICE)
    defer(log, GONE, ALICE, [HOLD])
    expect(await faultsOf(log)).toEqual([])
    lift(log, HOLD, BOB)
    expect(await faultsOf(log)).toEqual([['ERASURE_INVALID', undefined]])
  })

  test('by a registration that nobody endorsed is named', async () => {
    const log = company()
    log.person('carol', { endorsed: null })
    const at = erase(log, GONE, 'carol')
    expect(await faultsOf(log)).toEqual([['REGISTRATION_NOT_ENDORSED', at]])
  })
})

describe('a hold', () => {
  test.each<[string, (log: LogBuilder, subject: string) => void]>([
    ['on it', (log, subject) => hold(log, HOLD, subject, BOB)],
    ['on everything', (log) => hold(log, HOLD, '*', BOB)],
    ['on whose delegation it is', (log) => hold(log, HOLD, log.id('per', BOB), ALICE)],
  ])(
    '%s is not lifted by who asks for the erasure then, under separation `independent`',
    async (_, place) => {
      const erased = async (separation: 'independent' | 'after', by: string, waits = false) => {
        const log = company(separation)
        log.person('carol')
        const jti = delegated(log)
        place(log, jti)
        lift(log, HOLD, 'carol')
        if (waits) hold(log, 'hld_two', jti, ALICE)
        const at = waits ? defer(log, jti, by, ['hld_two']) : erase(log, jti, by)
        return (await faultsOf(log)).map(([code, index]) => [code, index === at])
      }
      expect(await erased('independent', 'carol')).toEqual([['ERASURE_INVALID', true]])
      expect(await erased('independent', 'carol', true)).toEqual([['ERASURE_INVALID', true]])
      expect(await erased('independent', ALICE)).toEqual([])
      expect(await erased('after', 'carol')).toEqual([])
    },
  )

  test('on everything that somebody lifted is not in the way of their asking for what came later', async () => {
    const log = company()
    log.person('carol')
    hold(log, HOLD, '*', BOB)
    lift(log, HOLD, 'carol')
    erase(log, delegated(log), 'carol')
    expect(await faultsOf(log)).toEqual([])
  })

  test.each<[string, string, (log: LogBuilder) => unknown]>([
    ['by the principal of the delegation', BOB, (log) => hold(log, HOLD, delegated(log), ALICE)],
    ['by the person', BOB, (log) => hold(log, HOLD, log.id('per', BOB), ALICE)],
    [
      'by the principal of a delegation whose erasure it defers',
      BOB,
      (log) => {
        hold(log, HOLD, '*', ALICE)
        hold(log, 'hld_two', '*', ALICE)
        defer(log, delegated(log), ALICE, [HOLD, 'hld_two'])
      },
    ],
    [
      'by who asked for an erasure that it defers',
      ALICE,
      (log) => {
        hold(log, HOLD, GONE, BOB)
        hold(log, 'hld_two', GONE, BOB)
        defer(log, GONE, ALICE, [HOLD, 'hld_two'])
      },
    ],
  ])('lifted %s holds under separation `after` alone', async (_, by, build) => {
    const lifted = async (separation: 'independent' | 'after') => {
      const log = company(separation)
      build(log)
      const at = lift(log, HOLD, by)
      return (await faultsOf(log)).map(([code, index]) => [code, index === at])
    }
    expect(await lifted('after')).toEqual([])
    expect(await lifted('independent')).toEqual([['ERASURE_INVALID', true]])
  })

  test.each<[string, (log: LogBuilder) => number]>([
    ['placed twice', (log) => (hold(log, HOLD, GONE, ALICE), hold(log, HOLD, '*', ALICE))],
    ['lifted twice', (log) => (hold(log, HOLD, GONE, ALICE), lift(log, HOLD, BOB), lift(log, HOLD, BOB))],
    ['that never was, lifted', (log) => lift(log, HOLD, BOB)],
    [
      'lifted by a gesture over another',
      (log) => (hold(log, HOLD, GONE, ALICE), lift(log, HOLD, BOB, { hold: 'hld_two' })),
    ],
    [
      'that defers and is not there',
      (log) => (hold(log, HOLD, GONE, ALICE), defer(log, GONE, ALICE, ['hld_two'])),
    ],
  ])('%s is named', async (_, build) => {
    const log = company()
    const at = build(log)
    expect(await faultsOf(log)).toEqual([['ERASURE_INVALID', at]])
  })
})
