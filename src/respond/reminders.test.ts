import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { decodeEntry } from '../log/entries.ts'
import type { Store } from '../ports/store.ts'
import { SYSTEM } from '../registry/context.ts'
import { OVERDUE_MS } from '../registry/drills.ts'
import { forgetKeys } from '../registry/alerts.ts'
import { remind, stepOf } from './reminders.ts'

const DAY_MS = 24 * 3600 * 1000
const BEGUN = Date.parse('2026-03-01T09:00:00.000Z')
let folder: string
let now: number
let store: Store

beforeEach(async () => {
  now = BEGUN
  folder = mkdtempSync(join(tmpdir(), 'countersign-reminders-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: { now: () => now, monotonic: () => now } })
  await store.write((tx) =>
    tx.append({ type: 'system.added', actor: SYSTEM, subject: 'sys_a', body: { name: 'a' } }),
  )
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

async function look(at: number): Promise<unknown[]> {
  now = at
  const before = await store.entries.size()
  await remind(store)
  const all = await store.entries.read(before, await store.entries.size())
  return all.map((bytes) => {
    const { type, body } = decodeEntry(bytes)
    return type === 'alert.raised' ? (body as { detail: object }).detail : type
  })
}

describe('what falls due', () => {
  test('is said once a step, whoever looks and how often', async () => {
    const due = BEGUN + OVERDUE_MS
    expect(await look(BEGUN)).toEqual([])
    const said = (days: number) => [
      expect.objectContaining({ what: 'drill', days }),
      expect.objectContaining({ what: 'restore_test', days }),
      expect.objectContaining({ what: 'access_review', days }),
      expect.objectContaining({ what: 'role_review', days }),
    ]
    expect(await look(due - 14 * DAY_MS)).toEqual(said(14))
    expect(await look(due - 10 * DAY_MS)).toEqual([])
    expect(await look(due - 7 * DAY_MS)).toEqual(said(7))
    expect(await look(due - 3 * DAY_MS)).toEqual(said(3))
    expect(await look(due - 3 * DAY_MS + 1)).toEqual([])
  })

  test('and is late is said again once the last is forgotten, for a month', async () => {
    const due = BEGUN + OVERDUE_MS
    await look(due)
    let said = 0
    for (let day = 1; day <= 60; day++) {
      now = due + day * DAY_MS
      await store.write(forgetKeys)
      said += (await look(now)).length
    }
    expect(said).toBe(4 * 3)
  })
})

describe('an account of a program', () => {
  const account = (id: string, days: number, more: object) => ({
    id,
    entry: 0,
    name: `build ${id}`,
    purpose: 'builds',
    owner: 'per_a',
    roles_json: '["developer"]',
    networks_json: '[]',
    expires: BEGUN + days * DAY_MS,
    proposer: 'per_a',
    proposed: BEGUN,
    approver: 'per_b',
    approval: 1,
    approved: BEGUN,
    ended: null,
    ending: null,
    ended_at: null,
    ...more,
  })

  test('is said before it expires, and one that is short, ended or never approved is not', async () => {
    await store.write(async (tx) => {
      const all = [
        account('svc_a', 30, {}),
        account('svc_short', 14, {}),
        account('svc_ended', 30, { ended: 'disabled', ending: 2, ended_at: BEGUN + DAY_MS }),
        account('svc_waits', 30, { approver: null, approval: null, approved: null }),
      ]
      await tx.db.insertInto('service_accounts').values(all).execute()
    })
    const due = { what: 'service_account', due: '2026-03-31T09:00:00.000Z' }
    expect(await look(BEGUN + 15 * DAY_MS)).toEqual([])
    expect(await look(BEGUN + 16 * DAY_MS)).toEqual([{ ...due, days: 14 }])
    expect(await look(BEGUN + 30 * DAY_MS)).toEqual([{ ...due, days: 0 }])
  })
})

describe('what one person did alone', () => {
  test('is said until somebody else reviewed it: five business days after it was made', async () => {
    const lone = { type: 'template.approved', subject: 'tpl_a', person: 'per_a', time: BEGUN }
    const waits = { review: null, reviewer: null, reviewed: null, outcome: null, text_commit: null }
    const review = {
      review: 9,
      reviewer: 'per_b',
      reviewed: BEGUN,
      outcome: 'agreed',
      text_commit: 'x',
    } as const
    await store.write(async (tx) => {
      const all = [
        { entry: 7, ...lone, ...waits },
        { entry: 8, ...lone, ...review },
      ]
      await tx.db.insertInto('lone_acts').values(all).execute()
    })
    // The first of March 2026 is a Sunday.
    const due = { what: 'alone_review', due: '2026-03-06T09:00:00.000Z' }
    expect(await look(BEGUN)).toEqual([{ ...due, days: 7 }])
    expect(await look(BEGUN + 2 * DAY_MS)).toEqual([{ ...due, days: 3 }])
    expect(await look(BEGUN + 5 * DAY_MS)).toEqual([{ ...due, days: 0 }])
  })
})

test.each([
  [-15, null],
  [-14, 14],
  [-8, 14],
  [-7, 7],
  [-3, 3],
  [0, 0],
  [30, 0],
  [31, null],
])('%i days from its day the step is %s', (days, step) => {
  expect(stepOf(BEGUN, BEGUN + days * DAY_MS)).toBe(step)
})
