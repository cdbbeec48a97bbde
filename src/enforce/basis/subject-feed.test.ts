/** Reading the register of data subjects as a point does. spec/consent.md (CNS-19, CNS-20, CNS-35). */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SettableClock } from '../../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { subjectKey } from '../../core/consent.ts'
import { base64url } from '../../core/encoding.ts'
import { newId } from '../../core/ids.ts'
import type { PointBasis, SubjectPage, SubjectRow } from '../../ports/subjects.ts'
import { ASK_EVERY_MS, SubjectFeed } from './subject-feed.ts'

const KEY = new Uint8Array(32).fill(1)
const BASIS: PointBasis = {
  id: 'bas_1',
  kind: 'gdpr_6_1_b',
  purpose: 'p',
  categories: ['c'],
  jurisdiction: 'EU',
  exp: 1,
  condition: 'gdpr_9_2_h',
}

let clock: SettableClock
let faults: unknown[]
/** What was asked for. */
let asked: number[]
let pages: Map<number, SubjectPage>
let isWanted: boolean
let feed: SubjectFeed

const row = (value: string, key = KEY): SubjectRow => ({
  subject: newId(nodeCrypto, 'dsb', clock.now()),
  jurisdiction: 'EU',
  keys: [subjectKey(nodeCrypto, key, null, value)],
  consents: [],
})
const page = (edit: Partial<SubjectPage>): SubjectPage => ({
  index_key: base64url(KEY),
  rows: [],
  bases: null,
  next: 0,
  more: false,
  ...edit,
})

beforeEach(() => {
  clock = new SettableClock()
  faults = []
  asked = []
  pages = new Map()
  isWanted = true
  feed = new SubjectFeed({
    crypto: nodeCrypto,
    clock,
    control: {
      subjects: (after) => {
        asked.push(after)
        const found = pages.get(after)
        return found === undefined ? Promise.reject(new Error('away')) : Promise.resolve(found)
      },
    },
    isWanted: () => isWanted,
    onFault: (error) => void faults.push(error),
  })
})
afterEach(() => feed.stop())

describe('the feed', () => {
  test('is read page by page, and nobody is known before its end', async () => {
    const ann = row('ann')
    pages.set(-1, page({ rows: [ann], bases: [BASIS], next: 5, more: true }))
    await feed.read()
    expect(faults).toHaveLength(1) // the second page did not come
    expect([feed.find(null, 'ann'), feed.bases, feed.age_ms]).toEqual([null, [], Infinity])
    pages.set(5, page({ rows: [row('bo')], next: 9 }))
    await feed.read()
    expect(asked).toEqual([-1, 5, 5])
    expect(feed.find(null, 'ann')?.subject).toBe(ann.subject)
    expect(feed.find(null, 'bo')).not.toBeNull()
    expect(feed.find('sys_1', 'bo')).toBeNull()
    expect(feed.bases).toMatchObject([{ id: 'bas_1', condition: true, unregistered: false }])
  })

  test('is as old as when its last whole reading was begun', async () => {
    pages.set(-1, page({ next: 1 }))
    await feed.read()
    clock.advance(700)
    expect(feed.age_ms).toBe(700)
    await feed.read() // away
    expect([feed.age_ms, faults.length]).toEqual([700, 1])
    pages.set(1, page({ next: 1, bases: [] }))
    await feed.read()
    expect(feed.age_ms).toBe(0)
  })

  test('that has another index key is read from the beginning, and keeps nothing', async () => {
    pages.set(-1, page({ index_key: null, next: 1 }))
    await feed.read()
    pages.set(1, page({ rows: [row('ann')], next: 2 }))
    await feed.read()
    expect(feed.find(null, 'ann')).not.toBeNull()
    const other = new Uint8Array(32).fill(2)
    const index_key = base64url(other)
    pages.set(2, page({ index_key, next: 3 }))
    pages.set(-1, page({ index_key, rows: [row('bo', other)], next: 3 }))
    await feed.read()
    expect([feed.find(null, 'ann'), feed.find(null, 'bo') === null]).toEqual([null, false])
  })

  test('that does not go on is given up for now', async () => {
    pages.set(-1, page({ next: -1, more: true }))
    await feed.read()
    expect(faults).toHaveLength(1)
    expect(feed.age_ms).toBe(Infinity)
  })

  test('is asked for every second, while somebody goes by it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      pages.set(-1, page({ next: 0 }))
      pages.set(0, page({ next: 0 }))
      isWanted = false
      await feed.start()
      expect(asked).toEqual([])
      isWanted = true
      await vi.advanceTimersByTimeAsync(ASK_EVERY_MS)
      await vi.advanceTimersByTimeAsync(ASK_EVERY_MS)
      expect(asked).toEqual([-1, 0])
      await feed.stop()
      await vi.advanceTimersByTimeAsync(5 * ASK_EVERY_MS)
      expect(asked).toHaveLength(2)
    } finally {
      vi.useRealTimers()
    }
  })

  test('names a row that cannot be kept', async () => {
    pages.set(-1, page({ rows: [{ ...row('ann'), subject: 'dsb_odd' }], next: 0 }))
    await feed.read()
    expect(String(faults[0])).toMatch(/dsb_odd/)
  })
})
