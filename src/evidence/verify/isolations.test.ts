/** Logs in which agents were overseen, isolated and let go, as they should be and not. spec/isolation.md, spec/incidents.md. */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, BOUND_MS, LogBuilder, type Chain } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../core/json.ts'
import { thumbprint } from '../../core/jwk.ts'
import type { Actor, EntryBody } from '../../log/entries.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const SYSTEM: Actor = { kind: 'system', id: 'control-plane' }
const AGENT = 'agt_bot'
const INCIDENT = 'inc_1'
const person = (name: string): Actor => ({ kind: 'person', id: `per_${name}` })

/** Alice owns the agent. */
function company(separation: 'independent' | 'after' = 'independent'): LogBuilder {
  const log = new LogBuilder().begin({ separation })
  for (const name of [ALICE, BOB, 'carol']) log.person(name)
  log.point('gate')
  log.agent('bot')
  return log
}

async function faultsOf(log: LogBuilder): Promise<[string, number | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, index }) => [code, index])
}

function signed<A extends JsonObject>(log: LogBuilder, by: string, act: A, alone = false) {
  const gesture = log.gesture(by, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
  return { act, gesture, acted_alone: alone }
}

function oversee(log: LogBuilder, n = 1, frame = true): number {
  const begun = log.add('oversight.begun', SYSTEM, AGENT, { n, because: 'drift', entries: [1] })
  if (frame) log.revoke('step_up', `${AGENT}/${n}`)
  return begun
}

function endOversight(log: LogBuilder, begun: number, by = BOB, n = 1, alone = false): number {
  const act = { act: 'oversight.end', agent: AGENT, n, begun, approver: `per_${by}` } as const
  const index = log.add('oversight.ended', person(by), AGENT, signed(log, by, act, alone))
  log.revoke('step_down', `${AGENT}/${n}`)
  return index
}

interface Bent {
  readonly keys?: EntryBody<'isolation.begun'>['keys']
  readonly by?: Actor
  /** Whether the key is revoked. */
  readonly frame?: boolean
  readonly incident?: string
  readonly suspends?: boolean
}

const KEYS: EntryBody<'isolation.begun'>['keys'] = [
  { key: 'drift', rule: 'DRIFT_ALARM', entries: [2] },
  { key: 'sign', rule: 'APPROVAL_REFUSED', entries: [3] },
]

function isolate(
  log: LogBuilder,
  { keys = KEYS, by = SYSTEM, frame = true, incident = INCIDENT, suspends = true }: Bent = {},
) {
  const opened = log.add('incident.opened', by, INCIDENT, {
    kind: 'isolation',
    severity: 'critical',
    agent: AGENT,
    alerts: [],
    entries: keys.flatMap(({ entries }) => entries),
    detected: '2026-02-25T06:13:20Z',
  })
  const begun = log.add('isolation.begun', by, AGENT, { incident, keys, delegations: [], delegations_n: 0 })
  if (suspends) log.add('agent.suspended', by, AGENT, { reason: 'isolated' })
  if (frame) log.revoke('key', thumbprint(nodeCrypto, log.world.signer('bot').publicJwk))
  const contained = log.add('incident.contained', by, INCIDENT, { how: 'isolated', entries: [begun] })
  return { opened, begun, contained }
}

function explain(log: LogBuilder): { cause: number; lessons: number } {
  const cause = log.add('incident.noted', person('carol'), INCIDENT, { phase: 'cause' })
  return { cause, lessons: log.add('incident.noted', person('carol'), INCIDENT, { phase: 'lessons' }) }
}

function close(
  log: LogBuilder,
  over: { opened: number; contained: number; cause: number; lessons: number },
  by = BOB,
) {
  const { opened, contained, cause, lessons } = over
  const act = {
    act: 'incident.close',
    incident: INCIDENT,
    opened,
    contained,
    cause,
    lessons,
    approver: `per_${by}`,
  } as const
  return log.add('incident.closed', person(by), INCIDENT, signed(log, by, act))
}

function lift(log: LogBuilder, begun: number, by = BOB): number {
  const act = {
    act: 'isolation.lift',
    agent: AGENT,
    incident: INCIDENT,
    begun,
    approver: `per_${by}`,
  } as const
  const index = log.add('isolation.lifted', person(by), AGENT, signed(log, by, act))
  log.add('agent.activated', person(by), AGENT, { reason: 'isolation_lifted' })
  return index
}

describe('an overseen agent', () => {
  const allow = (log: LogBuilder, chain: Chain): number => {
    log.clock.advance(BOUND_MS + 200)
    const { index, action } = log.decide(chain)
    log.outcome(action)
    log.head()
    return index
  }

  test('may do what it likes before a step-up, within the bound, and after its end', async () => {
    const log = company()
    const chain = log.root('bot')
    allow(log, chain)
    const begun = oversee(log)
    log.clock.advance(BOUND_MS - 200)
    const { action } = log.decide(chain)
    log.outcome(action)
    endOversight(log, begun)
    log.clock.advance(200)
    allow(log, chain)
    expect(await faultsOf(log)).toEqual([])
  })

  test('did nothing with an effect that nobody approved', async () => {
    const log = company()
    const chain = log.root('bot')
    oversee(log)
    const index = allow(log, chain)
    expect(await faultsOf(log)).toEqual([['OVERSIGHT_IGNORED', index]])
  })

  test('is so by a frame, in order, and until who does not own it ends that', async () => {
    const log = company()
    const silent = oversee(log, 1, false)
    const twice = log.add('oversight.begun', SYSTEM, AGENT, { n: 3, because: 'drift', entries: [] })
    const own = endOversight(log, twice, ALICE, 3, true)
    expect(await faultsOf(log)).toEqual([
      ['OVERSIGHT_INVALID', silent],
      ['OVERSIGHT_INVALID', twice],
      ['OVERSIGHT_INVALID', own],
    ])
  })
})

describe('an isolation', () => {
  test('with both keys, its incident and its frames holds, and is lifted by somebody else', async () => {
    const log = company()
    const { begun, ...incident } = isolate(log)
    const said = explain(log)
    lift(log, begun)
    close(log, { ...incident, ...said })
    expect(await faultsOf(log)).toEqual([])
  })

  test.each<[string, Bent]>([
    ['with one key', { keys: KEYS.slice(0, 1) }],
    ['with a sign that is none', { keys: [KEYS[0]!, { key: 'sign', rule: 'LIMIT_NEAR', entries: [1] }] }],
    ['with an alarm that is none', { keys: [{ key: 'drift', rule: 'DRIFT_WATCH', entries: [2] }, KEYS[1]!] }],
    ['that names nothing', { keys: [KEYS[0]!, { key: 'sign', rule: 'APPROVAL_REFUSED', entries: [] }] }],
    ['without a frame', { frame: false }],
    ['without an incident', { incident: 'inc_2' }],
  ])('%s does not hold', async (_, bent) => {
    const log = company()
    const { begun } = isolate(log, bent)
    expect(await faultsOf(log)).toContainEqual(['ISOLATION_INVALID', begun])
  })

  test('for what another agent did does not hold', async () => {
    const log = company()
    log.agent('worker')
    const { index } = log.decide(log.root('worker'), { decision: 'deny', reasons: ['NO_MATCHING_GRANT'] })
    const { begun } = isolate(log, {
      keys: [KEYS[0]!, { key: 'sign', rule: 'SCOPE_BURST', entries: [index] }],
    })
    expect(await faultsOf(log)).toContainEqual(['ISOLATION_INVALID', begun])
  })

  test('is not lifted before its cause is said, nor ended by an activation', async () => {
    const log = company()
    const lifted = lift(log, isolate(log).begun)
    expect(await faultsOf(log)).toEqual([['ISOLATION_INVALID', lifted]])
    const other = company()
    const { begun } = isolate(other)
    other.add('agent.activated', person(ALICE), AGENT, { reason: 'fine' })
    expect(await faultsOf(other)).toEqual([['ISOLATION_INVALID', begun]])
  })

  test('by a person needs no key', async () => {
    const log = company()
    isolate(log, { keys: [], by: person(BOB) })
    expect(await faultsOf(log)).toEqual([])
  })

  test('of an agent that was suspended before holds as well', async () => {
    const log = company()
    log.add('agent.suspended', person(ALICE), AGENT, { reason: 'a_look' })
    log.revoke('key', thumbprint(nodeCrypto, log.world.signer('bot').publicJwk))
    isolate(log, { frame: false, suspends: false })
    expect(await faultsOf(log)).toEqual([])
  })

  test('is not lifted by who owns the agent', async () => {
    const log = company()
    const { begun } = isolate(log)
    const lifted = lift(log, begun, ALICE)
    expect(await faultsOf(log)).toContainEqual(['ISOLATION_INVALID', lifted])
  })
})

describe('an incident', () => {
  test('is closed over what opened, contained and explained it, by who did neither', async () => {
    const log = company()
    const { begun: _, ...incident } = isolate(log)
    const said = explain(log)
    const wrong = close(log, { ...incident, ...said, cause: said.lessons })
    expect(await faultsOf(log)).toEqual([['INCIDENT_INVALID', wrong]])
  })

  test('is not closed by who owns its agent, and does not go on', async () => {
    const log = company()
    const { begun: _, ...incident } = isolate(log)
    const own = close(log, { ...incident, ...explain(log) }, ALICE)
    const late = log.add('incident.noted', person(BOB), INCIDENT, { phase: 'note' })
    expect(await faultsOf(log)).toEqual([
      ['INCIDENT_INVALID', own],
      ['INCIDENT_INVALID', late],
    ])
  })

  test('names nothing that came after it, and was opened', async () => {
    const log = company()
    const opened = log.add('incident.opened', person(BOB), INCIDENT, {
      kind: 'manual',
      severity: 'low',
      agent: null,
      alerts: [],
      entries: [9_999],
      detected: '2026-02-25T06:13:20Z',
    })
    const nobody = log.add('incident.noted', person(BOB), 'inc_9', { phase: 'note' })
    expect(await faultsOf(log)).toEqual([
      ['INCIDENT_INVALID', opened],
      ['INCIDENT_INVALID', nobody],
    ])
  })
})
