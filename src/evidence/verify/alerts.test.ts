import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { describe, expect, test } from 'vitest'
import { PACKAGED_ALERT_POLICY } from '../../core/alert.ts'
import type { AnyEntry, Entry, EntryBody } from '../../log/entries.ts'
import { History } from '../history.ts'
import { alerts } from '../populations/alerts.ts'
import { checkAlerts } from './alerts.ts'
import { Findings } from './report.ts'

const SYSTEM = { kind: 'system', id: 'control-plane' } as const
const ANN = { kind: 'person', id: 'per_ann' } as const
const START = Date.parse('2026-03-01T12:00:00.000Z')
const MINUTE_MS = 60_000

type Raised = EntryBody<'alert.raised'>

/** A log of alerts alone; each entry is a minute later than the one before. */
class Story {
  readonly history = new History(nodeCrypto)
  #size = 0

  add<T extends AnyEntry['type']>(
    type: T,
    body: EntryBody<T>,
    actor: Entry['actor'] = SYSTEM,
    subject = 'pnt_a',
  ): number {
    const index = this.#size++
    const time = new Date(START + index * MINUTE_MS).toISOString()
    this.history.add(index, { v: 1, type, time, actor, subject, body } as AnyEntry)
    return index
  }

  raise(over: Partial<Raised> = {}, subject = 'pnt_a'): number {
    const terms = { rule: 'SEQUENCE_GAP', severity: 'high', triage_min: 240, policy: null } as const
    const about = { of: null, n: 1, key: `k${this.#size}`, detail: {}, entries: [] }
    return this.add('alert.raised', { ...terms, ...about, ...over }, SYSTEM, subject)
  }

  take(of: number, actor: Entry['actor'] = ANN): number {
    return this.add('alert.acknowledged', { of, triage: 'real' }, actor)
  }

  close(
    of: number,
    disposition: EntryBody<'alert.closed'>['disposition'] = 'resolved',
    actor: Entry['actor'] = ANN,
  ) {
    return this.add('alert.closed', { of, disposition }, actor)
  }

  policy(rules: (typeof PACKAGED_ALERT_POLICY)['rules'] & object): number {
    const policy = { ...PACKAGED_ALERT_POLICY, rules }
    const proposal = this.add('alert_policy.proposed', { policy }, ANN, 'alp_a')
    const act = { act: 'alert_policy.approve', policy: 'alp_a', proposal, approver: 'per_ben' } as const
    const gesture = {} as EntryBody<'alert_policy.approved'>['gesture']
    return this.add('alert_policy.approved', { act, gesture, acted_alone: false }, ANN, 'alp_a')
  }

  faults(): string[] {
    const findings = new Findings()
    checkAlerts(this.history, findings)
    return findings.faults.map(({ code, index, message }) => `${index} ${code} ${message}`)
  }

  rows(to_ms = START + 24 * 60 * MINUTE_MS): Record<string, unknown>[] {
    return [...alerts.rows(this.history, { from_ms: START, to_ms })]
  }
}

describe('alerts', () => {
  test('hold when they were raised, taken, escalated and closed in order, under the policy of their time', () => {
    const story = new Story()
    const first = story.raise()
    story.raise({ of: first, n: 10 })
    story.add('alert.escalated', { of: first, step: 1, channels: [] })
    story.raise({}, 'pnt_b')
    story.take(first)
    story.close(first)
    const policy = story.policy({ SEQUENCE_GAP: { severity: 'critical', triage_min: 5 } })
    story.raise({ severity: 'critical', triage_min: 5, policy })
    const canary = story.raise({ severity: 'critical', triage_min: 5, policy, canary: true })
    story.close(canary, 'canary', SYSTEM)
    expect(story.faults()).toEqual([])
  })

  const lies: [string, (story: Story) => void, string][] = [
    ['two of a rule and a subject are open', (s) => void [s.raise(), s.raise()], 'was open'],
    ['the first counts more than one', (s) => void s.raise({ n: 2 }), 'counts more than one'],
    ['a repetition is of no open alert', (s) => void s.raise({ of: 9, n: 2 }), 'no alert of this rule'],
    ['it counts backwards', (s) => void s.raise({ of: s.raise(), n: 1 }), 'no more than before'],
    [
      'a repetition has another limit',
      (s) => void s.raise({ of: s.raise(), n: 10, triage_min: 9 }),
      'handled otherwise',
    ],
    [
      'the severity is not that of the policy',
      (s) => void s.raise({ policy: s.policy({ SEQUENCE_GAP: { severity: 'low' } }) }),
      'says otherwise',
    ],
    ['another policy was in force', (s) => void [s.policy({}), s.raise()], 'another policy'],
    ['it is taken twice', (s) => void [s.raise(), s.take(0), s.take(0)], 'no alert is open'],
    ['nobody took it', (s) => void [s.raise(), s.take(0, SYSTEM)], 'nobody took it'],
    ['it is closed twice', (s) => void [s.raise(), s.close(0), s.close(0)], 'no alert is open'],
    ['the control plane closed it', (s) => void [s.raise(), s.close(0, 'resolved', SYSTEM)], 'no person'],
    ['a real one is closed as a canary', (s) => void [s.raise(), s.close(0, 'canary', SYSTEM)], 'canary'],
    [
      'a step was taken twice',
      (s) =>
        void [s.raise(), ...[1, 1].map((step) => s.add('alert.escalated', { of: 0, step, channels: [] }))],
      'taken before',
    ],
  ]
  test.each(lies)('do not hold when %s', (_, tell, why) => {
    const story = new Story()
    tell(story)
    expect(story.faults()).toEqual([expect.stringContaining(why)])
  })
})

describe('the population of alerts', () => {
  test('has each with its limit and times, and whether somebody took it in time', () => {
    const story = new Story()
    const first = story.raise({ triage_min: 2 })
    story.raise({ of: first, n: 10, triage_min: 2 })
    story.take(first)
    const second = story.raise({ triage_min: 1 }, 'pnt_b')
    story.close(first, 'incident')
    story.take(second)
    story.raise({ triage_min: 60 }, 'pnt_c')
    story.close(story.raise({ canary: true }, 'canary'), 'canary', SYSTEM)
    expect(story.rows()).toMatchObject([
      {
        index: 0,
        subject: 'pnt_a',
        raised: 10,
        triage_min: 2,
        triage: 'real',
        disposition: 'incident',
        late: false,
      },
      { subject: 'pnt_b', acknowledged_by: 'per_ann', closed: null, late: true },
      { subject: 'pnt_c', acknowledged: null, late: true },
    ])
    expect(story.rows(START + 30 * MINUTE_MS).at(-1)).toMatchObject({ subject: 'pnt_c', late: false })
  })
})
