/** Tests 11 and 12: whether detectors look, and what they hold agents against. spec/tests.md, spec/alerts.md, spec/drift.md. @module */
import { DETECTOR_RULES } from '../../core/alert.ts'
import type { History } from '../history.ts'
import { DAY_MS } from '../populations/acting.ts'
import { begunDay } from '../populations/begun.ts'
import { detectors } from '../populations/alerts.ts'
import { baselines } from '../populations/baselines.ts'
import { compensatedBy } from './compensating.ts'
import {
  census,
  indicesOf,
  knownUntil,
  textOf,
  type ControlTest,
  type FoundDeviation,
  type TestContext,
} from './test.ts'

export const triedDetectors: ControlTest = {
  number: 11,
  criteria: ['CC7.2'],
  title: 'Detectors look every day',
  attribute:
    'each tried every day of UTC since the log began, found what was planted for it, and somebody was told',
  population: detectors,
  source: null,
  run: (ctx) => {
    const rows = ctx.rows(detectors)
    const silent = rows.flatMap(({ index, rule, day, ok }): FoundDeviation[] =>
      ok === true
        ? []
        : [
            {
              code: 'DETECTOR_SILENT',
              message: `${textOf(rule)} did not find its canary on ${textOf(day)}`,
              entries: indicesOf(index),
            },
          ],
    )
    return { items: rows.length, deviations: [...silent, ...untried(ctx)] }
  },
}

/** Whole days of the period since the log began: a rule that nobody ever tried has been silent all along. */
function untried(ctx: TestContext): FoundDeviation[] {
  const { history, period } = ctx
  const until_ms = Math.floor(knownUntil(ctx) / DAY_MS) * DAY_MS
  const trials = trialsOf(history)
  return [...trials].flatMap(([rule, days]) => {
    const isListed = DETECTOR_RULES.some((one) => one === rule)
    const first_ms = Math.min(isListed ? begunDay(history) : Infinity, Math.min(...days) + DAY_MS)
    const from_ms = Math.max(first_ms, Math.ceil(period.from_ms / DAY_MS) * DAY_MS)
    const missing: FoundDeviation[] = []
    for (let day_ms = from_ms; day_ms < until_ms; day_ms += DAY_MS) {
      if (days.has(day_ms)) continue
      const day = new Date(day_ms).toISOString().slice(0, 10)
      missing.push({ code: 'DETECTOR_UNTRIED', message: `${rule} was not tried on ${day}`, entries: [] })
    }
    return missing
  })
}

/** Days of UTC, in milliseconds, on which each rule was tried that is to be, or was. */
function trialsOf({ alerts }: History): ReadonlyMap<string, ReadonlySet<number>> {
  const trials = new Map<string, Set<number>>(DETECTOR_RULES.map((rule) => [rule, new Set()]))
  for (const { entry } of alerts) {
    if (entry.type !== 'detector.canary') continue
    const days = trials.get(entry.body.rule) ?? new Set()
    days.add(Date.parse(entry.body.day))
    trials.set(entry.body.rule, days)
  }
  return trials
}

/** That the document is what was proposed is checked; that it is what receipts come to takes a replay (DRF-9). */
export const approvedBaselines: ControlTest = {
  number: 12,
  criteria: ['CC7.2'],
  title: 'What is normal is agreed on',
  attribute: 'baselines are versioned, and approved by somebody who does not own the agent',
  population: baselines,
  source: null,
  run: (ctx) =>
    census(ctx.rows(baselines), (row) =>
      row.acted_alone === true
        ? {
            code: 'ACTED_ALONE',
            message: `a baseline of ${textOf(row.agent)} was approved by its owner, and nobody else${compensatedBy(row)}`,
            entries: indicesOf(row.index, row.proposal, row.review),
          }
        : null,
    ),
}
