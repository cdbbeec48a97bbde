/** Logs with auditors' previews, as they should be and not. spec/preview.md (PRV-16, PRV-17). */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Actor, EntryBody } from '../../log/entries.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { readArchive } from '../pack/archive.ts'
import { verifyPack } from './verify.ts'

const ID = 'prv_1'
const HOUR_MS = 3_600_000
const person = (name: string): Actor => ({ kind: 'person', id: `per_${name}` })
const auditor = (id: string = ID): Actor => ({ kind: 'auditor', id })
const OVERVIEW: EntryBody<'preview.looked'> = { kind: 'overview', id: null, size: 3 }

interface Bent {
  readonly granter?: string
  readonly criteria?: string[]
  readonly isGranted?: boolean
  readonly isInvited?: boolean
  readonly isHeld?: boolean
  readonly looker?: Actor
  readonly late_ms?: number
  readonly isRevoked?: boolean
  readonly answered?: string[]
}

function played(bent: Bent = {}): LogBuilder {
  const log = new LogBuilder().begin({ separation: 'independent' })
  for (const name of [ALICE, BOB]) log.person(name)
  const now = log.clock.now()
  const scope = {
    period: { from: rfc3339(now - HOUR_MS), to: rfc3339(now + HOUR_MS) },
    criteria: ['CC6.1'],
    expires: rfc3339(now + HOUR_MS),
  }
  const proposal = log.add('preview.proposed', person(ALICE), ID, scope)
  const approver = bent.granter ?? BOB
  const act = {
    act: 'preview.grant',
    preview: ID,
    proposal,
    ...scope,
    criteria: bent.criteria ?? scope.criteria,
    approver: `per_${approver}`,
  } as const
  const gesture = log.gesture(approver, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
  if (bent.isGranted !== false)
    log.add('preview.granted', person(approver), ID, { act, gesture, acted_alone: false })
  if (bent.isInvited !== false) log.add('preview.invited', person(ALICE), ID, {})
  const jwk = log.world.signer('ada').publicJwk
  if (bent.isHeld !== false) log.add('preview.enrolled', auditor(), ID, { holder: { kind: 'key', jwk } })
  if (bent.isRevoked === true) log.add('preview.revoked', person(ALICE), ID, { reason: 'done' })
  log.clock.advance(bent.late_ms ?? 0)
  log.add('preview.looked', bent.looker ?? auditor(), ID, OVERVIEW)
  log.add('evidence_request.opened', auditor(), ID, { request: 'erq_1', about: null })
  for (const request of bent.answered ?? ['erq_1'])
    log.add('evidence_request.answered', person(BOB), ID, { request, outcome: 'provided' })
  return log
}

async function messagesOf(log: LogBuilder): Promise<string[]> {
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, message }) => `${code} ${message}`)
}

describe('a verifier', () => {
  test('takes a preview that was granted, held and looked at, and its pack has each look', async () => {
    const log = played()
    expect(await messagesOf(log)).toEqual([])
    const rows = readArchive(await log.pack()).get('populations/previews.jsonl')
    expect(JSON.parse(Buffer.from(rows ?? '').toString())).toMatchObject({
      preview: ID,
      by: ID,
      kind: 'overview',
      size: 3,
      expires: expect.any(String),
    })
  })

  test.each<[string, Bent, string]>([
    ['granted by who proposed it', { granter: ALICE }, 'acted alone'],
    [
      'granted for more than was proposed',
      { criteria: ['CC6.1', 'CC7.2'] },
      'not granted as it was proposed',
    ],
    ['that nobody granted', { isGranted: false }, 'nobody had granted it'],
    ['whose holder nobody invited', { isInvited: false }, 'came without an invitation'],
    ['that nobody held', { isHeld: false }, 'nobody held it'],
    ['looked at by another auditor', { looker: auditor('prv_2') }, 'not by its auditor'],
    ['looked at by a person', { looker: person(ALICE) }, 'not by its auditor'],
    ['looked at after it expired', { late_ms: 2 * HOUR_MS }, 'it had expired'],
    ['looked at after it was revoked', { isRevoked: true }, 'it was revoked before'],
    ['with an answer to nothing', { answered: ['erq_2'] }, 'to no request that waits'],
    ['with two answers to one request', { answered: ['erq_1', 'erq_1'] }, 'to no request that waits'],
  ])('refuses one %s', async (_, bent, why) => {
    expect(await messagesOf(played(bent))).toContainEqual(
      expect.stringMatching(new RegExp(`^PREVIEW_INVALID .*${why}`)),
    )
  })
})
