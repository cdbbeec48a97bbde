/** What a verifier makes of versions: approvals that do not hold, and allows under none. spec/inventory.md (VER-8). @module */
import { beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../../test/fixtures/tokens.ts'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { manifestDigest } from '../../core/manifest.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const DOCUMENT = { model: 'next' }
const NEXT = manifestDigest(nodeCrypto, DOCUMENT)

let log: LogBuilder

beforeEach(() => {
  log = new LogBuilder().company()
})

/** A version of the agent that one proposes and another approves. */
function version(by = BOB, bend: { document?: object; alone?: boolean; proposal?: number } = {}): void {
  const agent = log.id('agt', 'bot')
  const owner = { kind: 'person', id: log.id('per', ALICE) } as const
  const proposed = { manifest: NEXT, document: bend.document ?? DOCUMENT }
  const proposal = bend.proposal ?? log.add('version.proposed', owner, agent, proposed)
  const approver = log.id('per', by)
  const act = { act: 'version.approve' as const, agent, manifest: NEXT, proposal, approver }
  const gesture = log.gesture(by, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
  const body = { act, gesture, acted_alone: bend.alone ?? false }
  log.add('version.approved', { kind: 'person', id: approver }, agent, body)
}

const codes = async (): Promise<string[]> => {
  log.head()
  return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report.faults.map(({ code }) => code)
}

describe('an allow', () => {
  test('may be under the version that the root names, or one that was approved before', async () => {
    const root = log.root('bot')
    log.decide(root, { manifest: digestOf('bot') })
    version()
    log.decide(root, { manifest: NEXT })
    expect(await codes()).toEqual([])
  })

  test('is a finding under a version that was approved only later, or never', async () => {
    const root = log.root('bot')
    log.decide(root, { manifest: NEXT })
    version()
    log.decide(root, { manifest: digestOf('unheard of') })
    expect(await codes()).toEqual(['VERSION_NOT_APPROVED', 'VERSION_NOT_APPROVED'])
  })
})

describe('an approval', () => {
  test.each([
    ['of who proposed it', () => version(ALICE, { alone: true })],
    ['of another manifest than was proposed', () => version(BOB, { document: { model: 'other' } })],
    ['of no proposal', () => version(BOB, { proposal: 0 })],
    ['that does not say truly who acted alone', () => version(BOB, { alone: true })],
  ])('%s is a finding', async (_, make) => {
    make()
    expect(await codes()).toContain('APPROVAL_INVALID')
  })
})
