import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../adapters/sqlite/sqlite-store.ts'
import { DETECTOR_RULES, PACKAGED_ALERT_POLICY, type AlertRule } from '../../core/alert.ts'
import { PACKAGED_DETECTOR_TERMS, type DetectorTerms } from '../../core/detector-terms.ts'
import { decodeEntry, type AnyEntry } from '../../log/entries.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { NewEntry, Store } from '../../ports/store.ts'
import { raise } from '../../registry/alerts.ts'
import { judgeCanaries, unjudged } from '../../registry/canaries.ts'
import type { Finding, Logged } from '../fold.ts'
import { Observer } from '../observer.ts'
import { CANARY_EVERY_MS, DetectorFold, SETTLED_MS } from './detector-fold.ts'
import { canaryDecision, findCanary, times, type DetectorKind } from './detector.ts'
import { DETECTORS } from './detectors.ts'

const NOW = Date.parse('2026-03-02T09:00:00.000Z')
const HOUR_MS = 3_600_000
const kindOf = (rule: AlertRule): DetectorKind => DETECTORS.find((kind) => kind.rule === rule)!

/** What a fresh detector finds in these. */
function findings(rule: AlertRule, steps: readonly (Logged | number)[], terms: Partial<DetectorTerms> = {}) {
  const found: Finding[] = []
  const detector = kindOf(rule).make(() => ({ ...PACKAGED_DETECTOR_TERMS, ...terms }), null)
  for (const step of steps) {
    if (typeof step === 'number') detector.look?.(step, (finding) => found.push(finding))
    else detector.take(step, (finding) => found.push(finding))
  }
  return found
}

const call = (at_ms: number, over: Partial<DecisionReceipt> = {}, index = 0): Logged => ({
  ...canaryDecision(at_ms, { agent: 'agt_a', point: 'pnt_a', ...over }),
  index,
})
const denial = (reason: string, at_ms = NOW, over: Partial<DecisionReceipt> = {}) =>
  call(at_ms, { decision: 'deny', reasons: [reason], ...over })

describe('every detector', () => {
  test('is of a rule that a report wants tried every day, and every such rule has one', () => {
    expect(DETECTORS.map(({ rule }) => rule).toSorted()).toEqual(DETECTOR_RULES.toSorted())
  })

  test.each(DETECTORS.map((kind) => [kind.rule, kind] as const))(
    '%s finds its canary at any hour',
    (rule, kind) => {
      for (const at of times(24, (hour) => NOW + hour * HOUR_MS))
        expect(findCanary(kind, PACKAGED_DETECTOR_TERMS, at)).toMatchObject({ rule })
    },
  )

  test.each(DETECTORS.map((kind) => [kind.rule, kind] as const))(
    '%s goes on from what it kept',
    (_, kind) => {
      const steps = kind.canary(NOW, PACKAGED_DETECTOR_TERMS)
      const found: Finding[] = []
      let detector = kind.make(() => PACKAGED_DETECTOR_TERMS, null)
      for (const step of steps) {
        if (typeof step === 'number') detector.look?.(step, (finding) => found.push(finding))
        else detector.take(step, (finding) => found.push(finding))
        detector = kind.make(() => PACKAGED_DETECTOR_TERMS, JSON.parse(JSON.stringify(detector.state())))
      }
      expect(found).toHaveLength(kind.findAside === undefined ? 1 : 0)
    },
  )
})

describe('scope violations', () => {
  const out = (n: number, over: Partial<DecisionReceipt> = {}, at_ms = NOW) =>
    times(n, () => denial('NO_MATCHING_GRANT', at_ms, over))

  test('are found by count, once a window and agent', () => {
    expect(findings('SCOPE_VIOLATION', out(9))).toEqual([])
    const found = findings('SCOPE_VIOLATION', [
      ...out(30),
      ...out(30, {}, NOW + HOUR_MS),
      ...out(9, { agent: 'agt_b' }),
    ])
    expect(found.map(({ subject, detail }) => [subject, detail.by])).toEqual([
      ['agt_a', 'count'],
      ['agt_a', 'rate'],
      ['agt_a', 'count'],
      ['agt_a', 'rate'],
    ])
  })

  test('are found by rate, once there are enough calls', () => {
    const half = times(20, (at) => (at % 2 === 0 ? call(NOW) : denial('CONSTRAINT_VIOLATED')))
    expect(findings('SCOPE_VIOLATION', half, { scope_denials: 100 })).toMatchObject([
      { detail: { by: 'rate', calls: 20, denials: 10 } },
    ])
    expect(findings('SCOPE_VIOLATION', half.slice(0, 19), { scope_denials: 100 })).toEqual([])
  })

  test('are found by kind: many tools, a few calls each', () => {
    const probing = times(5, (at) => denial('NO_MATCHING_GRANT', NOW, { tool: `t${at}` }))
    expect(findings('SCOPE_VIOLATION', probing)).toMatchObject([{ detail: { by: 'kind', tools: 5 } }])
    expect(findings('SCOPE_VIOLATION', probing.slice(1))).toEqual([])
  })
})

describe('denials of other kinds', () => {
  test.each([
    ['AGENT_UNREGISTERED', 'NO_CHAIN', 1, 'pnt_a'],
    ['SCOPE_BURST', 'NO_MATCHING_GRANT', 5, 'agt_a'],
    ['LIMIT_PRESSURE', 'LIMIT_EXCEEDED', 5, 'agt_a'],
    ['LABEL_VIOLATION', 'FLOW_SINK', 1, 'agt_a'],
    ['POINT_STALE', 'STALE_REVOCATION', 10, 'pnt_a'],
    ['REVOKED_TRYING', 'REVOKED', 3, 'agt_a'],
  ] as const)('%s: %s, %i times in a window', (rule, reason, least, subject) => {
    const all = times(least * 3, () => denial(reason))
    expect(findings(rule, all)).toMatchObject([{ rule, subject, detail: { reason } }])
    expect(findings(rule, all.slice(0, least - 1))).toEqual([])
    const apart = times(least - 1, (at) => denial(reason, NOW + at * HOUR_MS))
    expect(findings(rule, [...apart, denial('INTERNAL'), call(NOW)])).toEqual([])
  })

  test.each(['https://evil.example/pay', 'call 555-0100 now', 'a\u001b[2J', 'x'.repeat(129)])(
    'a name that is none is not told: %j',
    (tool) => {
      const found = findings('LABEL_VIOLATION', [denial('FLOW_SINK', NOW, { tool })])
      expect(found).toMatchObject([{ detail: { tool: '(no name)' } }])
    },
  )

  test('a refusal is found by its action', () => {
    const refused = times(2, () => denial('APPROVAL_REFUSED', NOW, { action: 'act_a' }))
    expect(findings('APPROVAL_REFUSED', refused).map(({ key }) => key)).toEqual([
      'refused/act_a',
      'refused/act_a',
    ])
  })
})

describe('what shows over time', () => {
  test('a delegation that nobody used is found while it lasts, and one that was used is not', () => {
    const [first] = kindOf('DELEGATION_UNUSED').canary(NOW, PACKAGED_DETECTOR_TERMS) as [Logged]
    const chain = 'c'.repeat(43)
    const hop = { v: 1, type: 'chain.segment', time: '', actor: { kind: 'point', id: 'p' } } as const
    const below: Logged = {
      index: 1,
      time_ms: NOW,
      entry: { ...hop, body: { id: 'd'.repeat(43), parent: chain, segment: '' } },
    }
    expect(findings('DELEGATION_UNUSED', [first, NOW - 2 * HOUR_MS])).toEqual([])
    expect(findings('DELEGATION_UNUSED', [first, NOW, NOW])).toHaveLength(1)
    expect(findings('DELEGATION_UNUSED', [first, call(NOW, { chain }), NOW])).toEqual([])
    expect(findings('DELEGATION_UNUSED', [first, below, call(NOW, { chain: 'd'.repeat(43) }), NOW])).toEqual(
      [],
    )
  })

  test('hours are unusual for an agent that is known well, and not next to its own', () => {
    const days = times(20, (day) => times(12, () => call(NOW - (20 - day) * 24 * HOUR_MS))).flat()
    const at = (hour: number) => findings('UNUSUAL_HOURS', [...days, call(NOW + hour * HOUR_MS)])
    expect(at(0)).toEqual([])
    expect(at(1)).toEqual([])
    expect(at(6)).toMatchObject([{ subject: 'agt_a', detail: { hour_utc: 15, days: 20 } }])
    expect(findings('UNUSUAL_HOURS', [...days.slice(0, 150), call(NOW + 6 * HOUR_MS)])).toEqual([])
  })

  test('a gap is found in each epoch of a point, and not when what was missing comes late', () => {
    const receipts = [1, 2, 5, 3, 6, 8].map((seq) => call(NOW, { seq }))
    expect(findings('SEQUENCE_GAP', receipts).map(({ key }) => key)).toEqual([
      'gap/pnt_a/1/3',
      'gap/pnt_a/1/7',
    ])
    expect(findings('SEQUENCE_GAP', [call(NOW, { seq: 5, epoch: 2 })])).toHaveLength(1)
  })

  test('a receipt that comes more than ten minutes late is found once a day and point', () => {
    const late = (min: number, at_ms = NOW, over: Partial<DecisionReceipt> = {}) =>
      call(at_ms, { time: new Date(at_ms - min * 60_000).toISOString(), ...over })
    expect(findings('LATE_RECEIPT', [late(10), late(-10)])).toEqual([])
    const found = findings('LATE_RECEIPT', [late(11), late(90), late(30, NOW, { point: 'pnt_b' })])
    expect(found.map(({ subject, detail }) => [subject, detail.minutes])).toEqual([
      ['pnt_a', 11],
      ['pnt_b', 30],
    ])
    expect(findings('LATE_RECEIPT', [late(11), late(12, NOW + 24 * HOUR_MS)])).toHaveLength(2)
  })

  test('a kill is disobeyed past the bound, within its scope, until it is lifted', () => {
    const [pulled] = kindOf('KILL_DISOBEYED').canary(NOW, PACKAGED_DETECTOR_TERMS) as [Logged]
    const found = (...steps: Logged[]) => findings('KILL_DISOBEYED', [pulled, ...steps])
    expect(found(call(pulled.time_ms + 1))).toEqual([])
    expect(found(call(NOW))).toMatchObject([{ subject: 'pnt_a', detail: { kill: 'canary' } }])
    expect(found(denial('KILLED'))).toEqual([])
    const lift = { v: 1 as const, id: 'l', iss: 'x', kills: ['canary'], roster: 1, reason: 'x', t: 1 }
    const actor = { kind: 'system', id: 'x' } as const
    const lifted = {
      v: 1,
      type: 'kill.lifted',
      time: '',
      actor,
      body: { statement: { lift, gestures: [] as never[] } },
    } as const
    expect(found({ index: 1, time_ms: NOW, entry: lifted }, call(NOW))).toEqual([])
  })
})

describe('the fold of all', () => {
  let folder: string
  let store: Store
  let now = NOW
  const clock = { now: () => now, monotonic: () => now }
  let faults: unknown[] = []
  const rules = DETECTORS.map(({ rule }) => rule)

  beforeEach(() => {
    now = NOW
    faults = []
    folder = mkdtempSync(join(tmpdir(), 'countersign-detectors-'))
    store = openSqliteStore({ path: join(folder, 'state.db'), clock })
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  const report = (error: unknown) => void faults.push(error)
  async function observing(kinds: readonly DetectorKind[] = DETECTORS): Promise<Observer> {
    const folds = [new DetectorFold(kinds, report)]
    const observer = new Observer({ store, clock, folds, raise, holder: 'one', report })
    await observer.hold()
    await observer.catchUp()
    return observer
  }
  async function logged<T extends AnyEntry['type']>(type: T): Promise<Extract<AnyEntry, { type: T }>[]> {
    const rows = await store.entries.read(0, await store.entries.size())
    return rows
      .map(decodeEntry)
      .filter((entry): entry is Extract<AnyEntry, { type: T }> => entry.type === type)
  }
  const append = (...entries: NewEntry[]) =>
    store.write(async (tx) => {
      for (const entry of entries) await tx.append(entry)
    })
  const receipt = (over: Partial<DecisionReceipt>): NewEntry => {
    const { entry } = call(now, over)
    return { type: 'receipt', actor: entry.actor, body: entry.body } as NewEntry
  }

  async function day(observer: Observer): Promise<void> {
    await observer.look(now)
    now += SETTLED_MS
    await observer.look(now)
    await store.write((tx) => judgeCanaries(tx, rules))
    now += CANARY_EVERY_MS - SETTLED_MS
  }

  test('in a week every canary fires each day, and each is closed by itself', async () => {
    const observer = await observing()
    for (const _ of times(7, () => null)) await day(observer)
    const said = await logged('detector.canary')
    expect(said).toHaveLength(7 * DETECTORS.length)
    expect(said.every(({ body }) => body.ok)).toBe(true)
    for (const rule of rules)
      expect(new Set(said.filter(({ body }) => body.rule === rule).map(({ body }) => body.day)).size).toBe(7)
    const raised = await logged('alert.raised')
    expect(raised.every(({ body }) => body.canary === true && body.of === null)).toBe(true)
    expect(raised).toHaveLength(7 * DETECTORS.length)
    expect((await logged('alert.closed')).map(({ body }) => body.disposition)).toEqual(
      raised.map(() => 'canary'),
    )
    const open = await store.query((db) =>
      db.selectFrom('alerts').select('id').where('closed', 'is', null).execute(),
    )
    expect([open, faults]).toEqual([[], []])
    expect(await store.query((db) => unjudged(db, rules, now - CANARY_EVERY_MS))).toEqual([])
    await observer.stop()
  })

  test('a detector that is blind is reported each day, and so is one that fails; the others go on', async () => {
    const blind = kindOf('SCOPE_VIOLATION')
    const broken = kindOf('LABEL_VIOLATION')
    const kinds = DETECTORS.map((kind): DetectorKind => {
      if (kind === blind) return { ...kind, make: () => ({ take: () => undefined, state: () => null }) }
      if (kind !== broken) return kind
      const fail = (): void => {
        throw new Error('broken')
      }
      return { ...kind, make: () => ({ take: fail, state: () => null }) }
    })
    const observer = await observing(kinds)
    await append(receipt({ seq: 1 }))
    await observer.catchUp()
    for (const _ of times(2, () => null)) await day(observer)
    const silent = (await logged('detector.canary'))
      .filter(({ body }) => !body.ok)
      .map(({ body }) => body.rule)
    expect(silent).toEqual([blind.rule, broken.rule, blind.rule, broken.rule])
    const real = (await logged('alert.raised')).filter(({ body }) => body.canary !== true)
    expect(real.map(({ body, subject }) => [body.rule, subject])).toEqual([
      ['FOLD_FAILED', broken.rule],
      ['DETECTOR_SILENT', blind.rule],
      ['DETECTOR_SILENT', broken.rule],
      ['DETECTOR_SILENT', blind.rule],
      ['DETECTOR_SILENT', broken.rule],
    ])
    await observer.stop()
  })

  test('raises what is found, goes on after a restart, and finds nothing in what was there before it', async () => {
    await append(
      ...times(20, (at) => receipt({ seq: at + 1, decision: 'deny', reasons: ['NO_MATCHING_GRANT'] })),
    )
    const first = await observing()
    expect(await logged('alert.raised')).toEqual([])
    now += 2 * HOUR_MS
    await append(
      ...times(6, (at) => receipt({ seq: at + 21, decision: 'deny', reasons: ['NO_MATCHING_GRANT'] })),
    )
    await first.catchUp()
    await first.stop()
    await append(
      ...times(6, (at) => receipt({ seq: at + 27, decision: 'deny', reasons: ['NO_MATCHING_GRANT'] })),
    )
    const second = await observing()
    const raised = (await logged('alert.raised')).map(({ body }) => body)
    expect(raised.filter(({ rule }) => rule === 'SCOPE_VIOLATION')).toMatchObject([
      { rule: 'SCOPE_VIOLATION', detail: { by: 'count', denials: 10 } },
    ])
    await second.stop()
  })

  test('goes by the terms of the policy in force at the place of the log', async () => {
    const detectors = { ...PACKAGED_DETECTOR_TERMS, scope_denials: 2 }
    const actor = { kind: 'person', id: 'per_a' } as const
    const policy = { ...PACKAGED_ALERT_POLICY, detectors }
    const gesture = { rev: 'rev_a', role: 'approver', jwk: call(0), registration: 0 } as never
    const out = (seq: number) => receipt({ seq, decision: 'deny', reasons: ['NO_MATCHING_GRANT'] })
    const fold = new DetectorFold(DETECTORS, report)
    await store.query((db) => fold.load(db))
    const found: Finding[] = []
    const take = (index: number, entry: object): void =>
      fold.take({ index, time_ms: now, entry: entry as AnyEntry }, (finding) => found.push(finding))
    take(10, { type: 'alert_policy.proposed', subject: 'alp_a', actor, body: { policy } })
    take(11, {
      type: 'alert_policy.approved',
      subject: 'alp_a',
      actor,
      body: { act: { policy: 'alp_a' }, gesture },
    })
    take(12, out(1))
    take(13, out(2))
    expect(found).toMatchObject([{ detail: { by: 'count', denials: 2 }, entries: [13] }])
  })
})
