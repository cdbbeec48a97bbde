/** Delegations under emergency access, as they should be and not. spec/emergency.md (EMA-6). */
import { describe, expect, test } from 'vitest'
import { ALICE, LogBuilder, READ, type LoggedTemplate } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../core/time.ts'
import { SIGNATURE_FILE } from '../pack/manifest.ts'
import { verifyPack } from './verify.ts'

const HOUR_S = 3600
const ASKED: LoggedTemplate = {
  class: 'coding',
  ttl_s_max: 8 * HOUR_S,
  depth_max: 3,
  grants: [JSON.parse(JSON.stringify(READ))],
  approvals: { m: 1, of: ['per_bob'] },
}

interface Story {
  readonly taker?: string
  readonly agent?: string
  readonly ttl_s?: number
  /** Hours after it was taken. */
  readonly after?: number
  readonly named?: string
  readonly actions?: string[]
}

/** @returns codes of faults, and whether the first is about the delegation */
async function faultsOf(o: Story): Promise<string[]> {
  const log = new LogBuilder().company('independent')
  log.proposeTemplate('coding', ASKED)
  log.approveTemplate('coding')
  const taker = { kind: 'person', id: log.id('per', o.taker ?? ALICE) } as const
  const body = {
    agent: log.id('agt', o.agent ?? 'bot'),
    until: rfc3339(log.clock.now() + 4 * HOUR_S * 1000),
  }
  log.add('emergency_access.granted', taker, 'ema_1', body)
  log.clock.advance((o.after ?? 0) * HOUR_S * 1000)
  log.root('bot', {
    ttl_s: o.ttl_s ?? HOUR_S,
    grants: [{ ...READ, actions: o.actions ?? ['read'] }],
    issued: (issued) => ({ ...issued, emergency: o.named ?? 'ema_1' }),
  })
  const { faults } = (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report
  return faults.filter(({ file }) => file !== SIGNATURE_FILE).map(({ code }) => code)
}

describe('a delegation under emergency access', () => {
  test('needs no approvers while it lasts', async () => {
    expect(await faultsOf({})).toEqual([])
    expect(await faultsOf({ after: 2, ttl_s: 2 * HOUR_S })).toEqual([])
  })

  test.each<[string, Story]>([
    ['of somebody else', { taker: 'bob' }],
    ['to another agent', { agent: 'worker' }],
    ['that nobody took', { named: 'ema_2' }],
    ['that is over', { after: 4 }],
    ['that ends before the delegation', { ttl_s: 5 * HOUR_S }],
    ['lies within all else of the template', { actions: ['read', 'write', 'delete'] }],
  ])('%s is outside of its template otherwise', async (_, story) => {
    expect(await faultsOf(story)).toEqual(['DELEGATION_OUTSIDE_TEMPLATE'])
  })
})
