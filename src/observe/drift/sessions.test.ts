import { expect, test } from 'vitest'
import { DRIFT_POLICY } from '../../core/drift-policy.ts'
import type { Action } from './action.ts'
import { Learner, DOCUMENT_BYTES_MAX } from './document.ts'
import { Roots, type RootFacts } from './roots.ts'
import { Sessions, type OpenSession } from './sessions.ts'
import { canonicalBytes } from '../../core/json.ts'

const ROOT: RootFacts = { iss: 'a', jti: 'dlg_a', exp_ms: 1e15, actions: [], task_class: 'c' }
const ACTION: Action = {
  time_ms: 0,
  entry: 0,
  tool: 'files/read',
  effect: null,
  level: null,
  decision: 'allow',
  amounts: {},
  evidence: [],
}
const IDLE_MS = DRIFT_POLICY.idle_s * 1000

function begin(sessions: Sessions, agent: string, time_ms: number, root = ROOT): OpenSession {
  const next = { key: `${agent} ${root.jti}`, agent, root, epoch: 'e', first: time_ms }
  return sessions.add(next, ACTION, time_ms)
}

test('sessions are over once they were idle for so long, the longest idle first', () => {
  const sessions = new Sessions()
  const closed: string[] = []
  const close = ({ agent }: OpenSession): void => void closed.push(agent)
  begin(sessions, 'a', 0)
  begin(sessions, 'b', 10)
  begin(sessions, 'a', 20)
  sessions.closeIdle(IDLE_MS + 9, DRIFT_POLICY, close)
  expect(closed).toEqual([])
  sessions.closeIdle(IDLE_MS + 10, DRIFT_POLICY, close)
  expect(closed).toEqual(['b'])
  expect(begin(sessions, 'a', IDLE_MS + 19).actions).toHaveLength(3)
  begin(sessions, 'b', IDLE_MS + 19)
  sessions.closeIdle(10 * IDLE_MS, DRIFT_POLICY, close)
  expect(closed).toEqual(['b', 'a', 'b'])
})

test('sessions are over with their delegation, and with their agent', () => {
  const sessions = new Sessions()
  const closed: string[] = []
  const close = ({ key }: OpenSession): void => void closed.push(key)
  begin(sessions, 'a', 0)
  begin(sessions, 'a', 0, { ...ROOT, jti: 'dlg_b' })
  begin(sessions, 'b', 0)
  sessions.closeOf('dlg_b', close)
  expect(closed).toEqual(['a dlg_b'])
  sessions.closeOf('b', close)
  sessions.closeOf('nobody', close)
  expect(closed).toEqual(['a dlg_b', 'b dlg_a'])
})

test('sessions that were saved close in the order in which they would have', () => {
  const sessions = new Sessions()
  const one = begin(new Sessions(), 'a', 30)
  const other = begin(new Sessions(), 'b', 10)
  sessions.restore([one, other])
  const closed: string[] = []
  sessions.closeIdle(10 * IDLE_MS, DRIFT_POLICY, ({ agent }) => closed.push(agent))
  expect(closed).toEqual(['b', 'a'])
})

test('a document has its size at most, whatever agents do, and goes on where it was interrupted', () => {
  let learner = new Learner()
  for (let i = 0; i < 600; i++) {
    const tool = `server${i % 300}/${'t'.repeat(100)}"\u0001${i}`
    const evidence = {
      rule: 'destination',
      argument: `/a/${i}`,
      provenance: 'prose',
      objects: true,
      source: tool,
    } as const
    learner.learn([
      { ...ACTION, tool, amounts: { [`measure${i}/1`]: i }, evidence: [evidence] },
      { ...ACTION, time_ms: i ** 3 },
    ])
    learner = new Learner(JSON.parse(JSON.stringify(learner.document)))
  }
  expect(canonicalBytes(learner.document).length).toBeLessThanOrEqual(DOCUMENT_BYTES_MAX)
  expect(learner.document.left_out).toBeGreaterThan(0)
  expect(learner.document.sessions).toBe(600)
})

test('chains are forgotten a day after they ended, with the hops that lead to them', () => {
  const roots = new Roots()
  roots.add('root', { root: { ...ROOT, exp_ms: 0 } })
  roots.add('hop', { parent: 'root' })
  roots.add('other', { root: ROOT })
  roots.add('lost', { parent: 'never logged' })
  roots.forget(24 * 3600 * 1000)
  expect(roots.of('hop')?.jti).toBe(ROOT.jti)
  roots.changed.clear()
  roots.forget(26 * 3600 * 1000)
  expect(['root', 'hop', 'other'].map((id) => roots.link(id) === undefined)).toEqual([true, true, false])
  expect([...roots.changed]).toEqual(['root', 'hop'])
  expect(roots.of('lost')).toBeNull()
})
