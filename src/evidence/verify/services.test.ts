/** Service accounts, as a log should say it and not. spec/service-accounts.md (SVC-13 to SVC-16). */
import { describe, expect, test } from 'vitest'
import { ControlLog, DAY_MS } from '../../../test/fixtures/control-log.ts'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { reviewAccess } from '../../../test/fixtures/reviewed.ts'
import {
  addSystem,
  approveService,
  disableService,
  enrolService,
  inviteService,
  programOf,
  proposeService,
  rotateService,
  serviceFor,
} from '../../../test/fixtures/service-acts.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { decodeEntry } from '../../log/entries.ts'
import { History } from '../history.ts'
import { administrators } from '../populations/administrators.ts'
import { verifyPack } from './verify.ts'

/** Codes of faults, with the entry that each is about. */
async function faultsOf(control: ControlLog): Promise<unknown[]> {
  return (await control.tested()).faults.map(({ code, index }) => [code, index])
}

describe('a service account', () => {
  test('holds when another person approved it, with its keys, what it did and its end', async () => {
    const control = new ControlLog()
    const { log } = control
    const ci = serviceFor(log, 'ci')
    addSystem(log, ci, 'crm')
    rotateService(log, ci)
    rotateService(log, ci, 1)
    addSystem(log, ci, 'erp')
    disableService(log, ci)
    disableService(log, proposeService(log, 'never'))
    serviceFor(log, 'exporter', { roles: ['viewer'], networks: ['10.0.0.0/8'] })
    expect(await faultsOf(control)).toEqual([])
  })

  test.each<[string, (log: LogBuilder) => number]>([
    ['that nobody proposed', (log) => log.add('service_account.invited', programOf('svc_x'), 'svc_x', {})],
    [
      'that a program proposed',
      (log) => {
        const ci = serviceFor(log, 'ci')
        return log.add('service_account.proposed', programOf(ci.account), 'svc_other', ci.terms)
      },
    ],
    ['for more than a year', (log) => proposeService(log, 'ci', { days: 367 }).proposed],
    ['with a forged approval', (log) => approveService(log, proposeService(log, 'ci'), { forged: true })],
    [
      'approved with a role that nobody proposed',
      (log) =>
        approveService(log, proposeService(log, 'ci'), { bend: { roles: ['developer', 'responder'] } }),
    ],
    [
      'approved for longer than was proposed',
      (log) => approveService(log, proposeService(log, 'ci'), { bend: { expires: '2030-01-01T00:00:00Z' } }),
    ],
    [
      'approved from more networks than was proposed',
      (log) =>
        approveService(log, proposeService(log, 'ci', { networks: ['10.0.0.0/8'] }), {
          bend: { networks: [] },
        }),
    ],
    [
      'that its owner approved',
      (log) => approveService(log, proposeService(log, 'ci', { by: BOB }), { by: ALICE, alone: true }),
    ],
    [
      'that its proposer approved, and says that another did',
      (log) => approveService(log, proposeService(log, 'ci', { by: BOB })),
    ],
    ['approved twice', (log) => approveService(log, serviceFor(log, 'ci'))],
    ['invited before it was approved', (log) => inviteService(log, proposeService(log, 'ci'))],
    [
      'invited by somebody else than its owner',
      (log) => {
        const ci = proposeService(log, 'ci')
        approveService(log, ci)
        return inviteService(log, ci, BOB)
      },
    ],
    [
      'enrolled without an invitation',
      (log) => {
        const ci = proposeService(log, 'ci')
        approveService(log, ci)
        return enrolService(log, ci)
      },
    ],
    ['enrolled twice', (log) => enrolService(log, serviceFor(log, 'ci'))],
    ['rotated by a key that it never had', (log) => rotateService(log, serviceFor(log, 'ci'), 7)],
    [
      'rotated over another account, by the key so far',
      (log) => rotateService(log, serviceFor(log, 'ci'), 0, { old: { account: 'svc_other' } }),
    ],
    [
      'rotated to another key, by the new one',
      (log) => rotateService(log, serviceFor(log, 'ci'), 0, { new: { to: 'other' } }),
    ],
    [
      'disabled twice',
      (log) => {
        const ci = serviceFor(log, 'ci')
        disableService(log, ci)
        return disableService(log, ci)
      },
    ],
    [
      'that did what its role does not let it',
      (log) => addSystem(log, serviceFor(log, 'ci', { roles: ['viewer'] }), 'crm'),
    ],
    [
      'that did what no program may',
      (log) => {
        const { account } = serviceFor(log, 'ci')
        return log.add('person.added', programOf(account), 'per_new', {})
      },
    ],
    [
      'that did something before it had a key',
      (log) => {
        const ci = proposeService(log, 'ci')
        approveService(log, ci)
        return addSystem(log, ci, 'crm')
      },
    ],
    [
      'that did something after it was disabled',
      (log) => {
        const ci = serviceFor(log, 'ci')
        disableService(log, ci)
        return addSystem(log, ci, 'crm')
      },
    ],
    [
      'that did something after it had expired',
      (log) => {
        const ci = serviceFor(log, 'ci', { days: 1 })
        log.clock.advance(2 * DAY_MS)
        return addSystem(log, ci, 'crm')
      },
    ],
    [
      'that is nobody, and did something',
      (log) => log.add('system.added', programOf('svc_x'), 'sys_x', { name: 'x' }),
    ],
  ])('%s does not hold', async (_, bend) => {
    const control = new ControlLog()
    const index = bend(control.log)
    const found = await faultsOf(control)
    expect(found).toContainEqual(['SERVICE_ACCOUNT_INVALID', index])
    expect(
      found.filter((one) => JSON.stringify(one) !== JSON.stringify(['SERVICE_ACCOUNT_INVALID', index])),
    ).toEqual([])
  })

  test('makes what it proposed its owner’s, who does not approve it', async () => {
    const control = new ControlLog()
    const { log } = control
    const ci = serviceFor(log, 'ci')
    const agent = log.id('agt', 'built')
    const body = {
      owner: ci.terms.owner,
      class: 'coding',
      purpose: 'tests',
      systems: [],
      manifest: 'M'.repeat(43),
    }
    log.proposals.set('built', log.add('agent.proposed', programOf(ci.account), agent, body))
    const index = log.approve('built', ALICE)
    expect(await faultsOf(control)).toContainEqual(['APPROVAL_INVALID', index])
  })
})

describe('a pack', () => {
  test.each([
    [false, []],
    [true, ['SERVICE_ACCOUNT_INVALID']],
  ])('with an approval that is forged (%s) has these faults: %j', async (forged, codes) => {
    const log = new LogBuilder().company()
    const index = approveService(log, proposeService(log, 'ci'), { forged })
    const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
    expect(report.faults.map(({ code }) => code)).toEqual(codes)
    expect(report.faults.every((fault) => fault.index === index)).toBe(true)
  })
})

describe('a review of access', () => {
  test('has every account that stands, and one that leaves it out does not hold', async () => {
    const control = new ControlLog()
    serviceFor(control.log, 'ci')
    disableService(control.log, serviceFor(control.log, 'over'))
    serviceFor(control.log, 'short', { days: 1 })
    control.pass(2 * DAY_MS)
    reviewAccess(control)
    expect(await faultsOf(control)).toEqual([])
    const left = new ControlLog()
    serviceFor(left.log, 'ci')
    const { opened } = reviewAccess(left, { short: true })
    expect(await faultsOf(left)).toEqual([['ACCESS_REVIEW_INVALID', opened]])
  })
})

test('the population of administrators has accounts with owner, roles, approval, end and last key', () => {
  const { log } = new ControlLog()
  const ci = serviceFor(log, 'ci', { roles: ['viewer', 'developer'] })
  const rotated = rotateService(log, ci)
  const history = new History(nodeCrypto)
  for (const [index, bytes] of log.entries.entries()) history.add(index, decodeEntry(bytes))
  const rows = [...administrators.rows(history, { from_ms: 0, to_ms: log.clock.now() + DAY_MS })]
  expect(rows.filter(({ kind }) => kind === 'service')).toEqual([
    expect.objectContaining({
      index: ci.proposed,
      role: ci.account,
      person: `per_${ALICE}`,
      holds: 'ci: viewer, developer',
      approver: `per_${BOB}`,
      acted_alone: false,
      expires: ci.terms.expires,
      last_key: rotated,
      removed: null,
    }),
  ])
  const later = { from_ms: Date.parse(ci.terms.expires) + 1, to_ms: Date.parse(ci.terms.expires) + DAY_MS }
  log.clock.advance(300 * DAY_MS)
  history.add(
    log.entries.length,
    decodeEntry(
      log.entries[log.add('system.added', { kind: 'person', id: 'per_x' }, 'sys_x', { name: 'x' })]!,
    ),
  )
  expect([...administrators.rows(history, later)].filter(({ kind }) => kind === 'service')).toEqual([])
})
