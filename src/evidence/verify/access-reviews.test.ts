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
const OF_ALICE: ReviewItem = {
  kind: 'person',
  target: `per_${ALICE}`,
  owner: `per_${ALICE}`,
  may: ['signs: yes'],
}
const GATE: ReviewItem = { kind: 'point', target: 'pnt_gate', owner: null, may: ['server: files'] }
const OF_BOB: ReviewItem = { ...OF_ALICE, target: `per_${BOB}`, owner: `per_${BOB}` }
const ITEMS = [OF_ALICE, GATE, OF_BOB]
const digestOfList = (items: ReviewItem[]): string => base64url(nodeCrypto.sha256(canonicalBytes(items)))

interface Bent {
  /** What is listed, where that is not what the digest is of. */
  readonly listed?: ReviewItem[]
  readonly items?: ReviewItem[]
  /** Of what is not Bob's. */
  readonly decider?: string
  readonly alone?: boolean
  readonly decisions?: EntryBody<'access_review.decided'>['decision'][]
  /** What is revoked, before these frames are named for the first item. */
  readonly revoked?: readonly ['person' | 'key' | 'agent', string]
  readonly frames?: number[]
  readonly closer?: string
  readonly kept?: number
}

function played({ items = ITEMS, decider = BOB, alone = false, ...bent }: Bent = {}): LogBuilder {
  const log = new LogBuilder().begin({ separation: 'independent' })
  for (const name of [ALICE, BOB]) log.person(name)
  log.point('gate')
  const digest = digestOfList(items)
  const opened = log.add('access_review.opened', person(ALICE), ID, {
    period: '2026-Q3',
    items_n: items.length,
    digest,
  })
  log.add('access_review.listed', person(ALICE), ID, { from: 0, items: bent.listed ?? items })
  const decisions = bent.decisions ?? items.map(() => 'keep' as const)
  for (const [item, decision] of decisions.entries()) {
    const by = items[item]?.owner === `per_${BOB}` ? ALICE : decider
    log.add('access_review.decided', person(by), ID, { item, decision, acted_alone: alone })
  }
  if (bent.revoked !== undefined) log.revoke(...bent.revoked)
  if (bent.frames !== undefined)
    log.add('access_review.acted', person(BOB), ID, { item: 0, frames: bent.frames, entries: [] })
  const approver = bent.closer ?? BOB
  const act = {
    act: 'access_review.close',
    review: ID,
    opened,
    digest,
    kept: bent.kept ?? decisions.filter((one) => one === 'keep').length,
    revoked: decisions.filter((one) => one === 'revoke').length,
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

const FIRST_REVOKED: Bent['decisions'] = ['revoke', 'keep', 'keep']

describe('a verifier', () => {
  test('takes a review of access that was done as it says', async () => {
    expect(await messagesOf(played())).toEqual([])
  })

  test.each<[string, ReviewItem[], NonNullable<Bent['revoked']>]>([
    ['a person', ITEMS, ['person', `rev_${ALICE}`]],
    ['a point', [GATE, OF_ALICE, OF_BOB], ['key', new LogBuilder().kid('gate')]],
  ])('takes one that revoked %s by a frame about it', async (_, items, revoked) => {
    expect(await messagesOf(played({ items, decisions: FIRST_REVOKED, revoked, frames: [1] }))).toEqual([])
  })

  test.each<[string, Bent, string]>([
    ['with another list', { listed: ITEMS.toReversed() }, 'its list is not the one'],
    ['with a list cut short', { listed: [OF_ALICE] }, 'its list is not the one'],
    ['whose list leaves out a person', { items: [OF_ALICE, GATE] }, 'could act, and its list leaves it out'],
    ['whose list leaves out a point', { items: [OF_ALICE, OF_BOB] }, 'could act, and its list leaves it out'],
    ['decided by who owns an item', { decider: ALICE }, 'acted alone'],
    ['that does not say truly who decided', { alone: true }, 'acted alone'],
    ['closed before all is decided', { decisions: ['keep'] }, 'before all was decided'],
    ['closed over other numbers', { kept: 1 }, 'not over its list'],
    ['closed by who opened it', { closer: ALICE }, 'acted alone'],
    ['that acts on what is kept', { frames: [] }, 'nothing was to be done'],
    ['whose frame is not there', { decisions: FIRST_REVOKED, frames: [7] }, 'a frame that it names'],
    ['that revoked nothing', { decisions: FIRST_REVOKED, frames: [] }, 'no frame revoked it'],
    [
      'that revoked somebody else',
      { decisions: FIRST_REVOKED, revoked: ['agent', 'agt_other'], frames: [1] },
      'revokes something else',
    ],
  ])('refuses one %s', async (_, bent, why) => {
    const faults = await messagesOf(played(bent))
    expect(faults).toContainEqual(expect.stringMatching(new RegExp(`^ACCESS_REVIEW_INVALID .*${why}`)))
  })
})
