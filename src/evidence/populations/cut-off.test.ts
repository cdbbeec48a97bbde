/** What a pack says of where its period ends, and what lies over the edges of it. spec/populations.md (POP-5 to POP-7). */
import { describe, expect, test } from 'vitest'
import { ControlLog, DAY_MS, HOUR_MS } from '../../../test/fixtures/control-log.ts'
import { ALICE, type LogBuilder } from '../../../test/fixtures/history.ts'
import { NOW_MS } from '../../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../core/time.ts'
import { decodeEntry } from '../../log/entries.ts'
import { History } from '../history.ts'
import { cutOffOf } from './cut-off.ts'
import type { Period } from './definition.ts'
import { straddlers } from './straddlers.ts'

function historyOf(log: LogBuilder): History {
  const history = new History(nodeCrypto)
  for (const [index, bytes] of log.entries.entries()) history.add(index, decodeEntry(bytes))
  return history
}

const until = (to_ms: number): Period => ({ from_ms: NOW_MS - DAY_MS, to_ms })

describe('a period', () => {
  test('is interim until the log goes on past its end', () => {
    const control = new ControlLog()
    const edge = control.now + HOUR_MS
    expect(cutOffOf(historyOf(control.log), until(edge)).state).toBe('interim')
    control.pass(HOUR_MS - 1)
    expect(cutOffOf(historyOf(control.log), until(edge)).state).toBe('interim')
    control.log.clock.advance(1)
    control.anchor()
    expect(cutOffOf(historyOf(control.log), until(edge)).state).toBe('final')
  })

  test('names each point until a signed head of it is of the end of the period or later', () => {
    const control = new ControlLog()
    const { log } = control
    const edge = control.now + HOUR_MS
    const gate = log.id('pnt', 'gate')
    const limitations = () => cutOffOf(historyOf(log), until(edge)).limitations
    control.call()
    const said = rfc3339(control.now)
    control.pass(HOUR_MS)
    const wanted = rfc3339(edge)
    const index = historyOf(log).points.get(gate)?.index
    expect(limitations()).toEqual([{ point: gate, index, until: said, wanted }])
    // It has nothing to bring in the period.
    log.point('enrolled at the end')
    expect(limitations()).toHaveLength(1)
    log.head()
    expect(limitations()).toEqual([])
  })

  test('names a point that never brought anything, and of one that was revoked wants no more than until then', () => {
    const control = new ControlLog()
    const { log } = control
    const silent = log.point('silent')
    const edge = control.now + HOUR_MS
    control.pass(HOUR_MS / 2)
    const wanted = (point: string) =>
      cutOffOf(historyOf(log), until(edge)).limitations.find((one) => one.point === point)
    expect(wanted(silent)).toMatchObject({ until: null, wanted: rfc3339(edge) })
    log.revoke('key', 'its key', (frame) => frame, 'frame', silent)
    expect(wanted(silent)).toMatchObject({ until: null, wanted: rfc3339(control.now) })
    control.pass(HOUR_MS)
    // Of a period that begins when it was gone it has nothing to bring.
    const later = { from_ms: edge, to_ms: control.now }
    expect(cutOffOf(historyOf(log), later).limitations.map(({ point }) => point)).not.toContain(silent)
  })
})

describe('what lies over an edge', () => {
  const rowsOf = (log: LogBuilder, period: Period) => [...straddlers.rows(historyOf(log), period)]
  const kinds = (log: LogBuilder, period: Period) =>
    rowsOf(log, period)
      .filter(({ kind }) => kind !== 'delegation')
      .map(({ kind, index, edges, ended_index }) => ({ kind, index, edges, ended_index }))

  test('is an action that was decided before and ended after it', () => {
    const control = new ControlLog()
    const { index, action } = control.log.decide(control.chain)
    const edge = control.now + 1
    control.log.clock.advance(10)
    const ended_index = control.log.outcome(action)
    expect(kinds(control.log, until(edge))).toEqual(
      expect.arrayContaining([{ kind: 'action', index, edges: ['to'], ended_index }]),
    )
    // Later it is past the end, earlier it was over before the start.
    expect(kinds(control.log, { from_ms: control.now + 1, to_ms: control.now + 2 })).toEqual([])
    expect(kinds(control.log, { from_ms: edge, to_ms: control.now + 1 })).toContainEqual({
      kind: 'action',
      index,
      edges: ['from'],
      ended_index,
    })
  })

  test('is nothing that the log has not reached: what is open there is only not over yet', () => {
    const control = new ControlLog()
    control.log.decide(control.chain)
    expect(kinds(control.log, until(control.now + HOUR_MS))).toEqual([])
  })

  test('is an incident that stays open over both edges, once, and an alert that was closed in between', () => {
    const control = new ControlLog()
    const alert = control.alert()
    const { opened } = control.openIncident()
    const from_ms = control.now + HOUR_MS
    control.pass(2 * HOUR_MS)
    const closed = control.closeAlert(alert)
    const to_ms = control.now + HOUR_MS
    control.pass(3 * HOUR_MS)
    expect(kinds(control.log, { from_ms, to_ms })).toEqual([
      { kind: 'alert', index: alert, edges: ['from'], ended_index: closed },
      { kind: 'incident', index: opened, edges: ['from', 'to'], ended_index: null },
    ])
  })

  test('is a delegation until it is revoked or expires', () => {
    const control = new ControlLog()
    const chain = control.root('bot', { by: ALICE, ttl_s: 7200 })
    const dead = control.root('bot', { by: ALICE, ttl_s: 7200 })
    const from_ms = control.now + HOUR_MS
    control.pass(HOUR_MS / 2)
    control.log.revoke('delegation', dead.jti)
    control.pass(HOUR_MS)
    control.anchor()
    const over = rowsOf(control.log, { from_ms, to_ms: from_ms + DAY_MS })
    expect(over.find(({ item }) => item === chain.jti)).toMatchObject({
      ended: rfc3339(from_ms + HOUR_MS),
      ended_index: null,
      edges: ['from'],
    })
    expect(over.some(({ item }) => item === dead.jti)).toBe(false)
  })

  test('is a receipt that was recorded before and logged after it', () => {
    const control = new ControlLog()
    const recorded = rfc3339(control.now)
    const edge = control.now + 1
    control.log.clock.advance(60_000)
    const { index } = control.log.decide(control.chain, { time: recorded })
    expect(kinds(control.log, until(edge))).toContainEqual({
      kind: 'receipt',
      index,
      edges: ['to'],
      ended_index: index,
    })
  })
})
