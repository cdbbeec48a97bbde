/** Logs with reviews of access, as they should be and not. spec/reviews.md. */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { canonicalBytes } from '../../core/json.ts'
import type { Actor, EntryBody } from '../../log/entries.ts'
import type { ReviewItem } from '../../log/governance-bodies.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const ID = 'acr_1'
const person = (name: string): Actor => ({ kind: 'person', id: `per_${name}` })
const ITEMS: ReviewItem[] = [
  { kind: 'person', target: `per_${ALICE}`, owner: `per_${ALICE}`, may: ['signs: yes'] },
  { kind: 'point', target: 'pnt_gate', owner: null, may: ['server: files'] },
]
const DIGEST = base64url(nodeCrypto.sha256(canonicalBytes(ITEMS)))

interface Bent {
  readonly items?: ReviewItem[]
  readonly decider?: string
  readonly alone?: boolean
  readonly decisions?: EntryBody<'access_review.decided'>['decision'][]
  readonly frames?: number[]
  readonly closer?: string
  readonly kept?: number
}

function played({ items = ITEMS, decider = BOB, alone = false, ...bent }: Bent = {}): LogBuilder {
  const log = new LogBuilder().begin({ separation: 'independent' })
  for (const name of [ALICE, BOB]) log.person(name)
  log.point('gate')
  const opened = log.add('access_review.opened', person(ALICE), ID, {
    period: '2026-Q3',
    items_n: ITEMS.length,
    digest: DIGEST,
  })
  log.add('access_review.listed', person(ALICE), ID, { from: 0, items })
  for (const [item, decision] of (bent.decisions ?? ['keep', 'keep']).entries())
    log.add('access_review.decided', person(decider), ID, { item, decision, acted_alone: alone })
  if (bent.frames !== undefined)
    log.add('access_review.acted', person(BOB), ID, { item: 0, frames: bent.frames, entries: [] })
  const approver = bent.closer ?? BOB
  const act = {
    act: 'access_review.close',
    review: ID,
    opened,
    digest: DIGEST,
    kept: bent.kept ?? 2,
    revoked: 0,
    changed: 0,
    approver: `per_${approver}`,
  } as const
  const gesture = log.gesture(approver, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
  log.add('access_review.closed', person(approver), ID, { act, gesture, acted_alone: false })
  return log
}

async function messagesOf(log: LogBuilder): Promise<string[]> {
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, message }) => `${code} ${message}`)
}

describe('a verifier', () => {
  test('takes a review of access that was done as it says', async () => {
    expect(await messagesOf(played())).toEqual([])
  })

  test.each<[string, Bent, string]>([
    ['with another list', { items: [ITEMS[1]!, ITEMS[0]!] }, 'its list is not the one'],
    ['with a list cut short', { items: [ITEMS[0]!] }, 'its list is not the one'],
    ['decided by who owns an item', { decider: ALICE }, 'acted alone'],
    ['that does not say truly who decided', { alone: true }, 'acted alone'],
    ['closed before all is decided', { decisions: ['keep'], kept: 1 }, 'before all was decided'],
    ['closed over other numbers', { kept: 1 }, 'not over its list'],
    ['closed by who opened it', { closer: ALICE }, 'acted alone'],
    ['that acts on what is kept', { frames: [] }, 'nothing was to be done'],
    ['whose frame is not there', { decisions: ['revoke', 'keep'], frames: [7] }, 'a frame that it names'],
  ])('refuses one %s', async (_, bent, why) => {
    const faults = await messagesOf(played(bent))
    expect(faults).toContainEqual(expect.stringMatching(new RegExp(`^ACCESS_REVIEW_INVALID .*${why}`)))
  })
})
