/** Logs in which issuer keys come and go, and in which another issuer authorizes. spec/keys.md, spec/pack.md. @module */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder, ORIGIN, READ, type Chain } from '../../../test/fixtures/history.ts'
import { digestOf, grantsOf } from '../../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { ForeignIssuer } from '../../core/issuer.ts'
import { seconds } from '../../core/time.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { draftRoot, sealRoot } from '../../token/issue.ts'
import { actionStory } from './action.ts'
import { verifyPack, type VerifiedPack } from './verify.ts'

const company = (): LogBuilder => new LogBuilder().company()

async function verified(log: LogBuilder): Promise<VerifiedPack> {
  return verifyPack(nodeCrypto, await log.pack(), log.vkey)
}

async function faultsOf(log: LogBuilder): Promise<[string, number | undefined][]> {
  return (await verified(log)).report.faults.map(({ code, index }) => [code, index])
}

describe('issuer keys', () => {
  test('that are rotated, retired and compromised in order leave a pack without a fault', async () => {
    const log = company()
    const old = log.root('bot')
    log.logChain(old)
    log.clock.advance(5000)
    log.rotate('second')
    const next = log.root('bot')
    log.decide(old)
    log.decide(next)
    log.clock.advance(5000)
    log.retire('issuer')
    log.decide(old) // what a retired key signed before stays good
    log.clock.advance(1000)
    log.rotate('third')
    log.compromise('second')
    log.decide(next, { freshness: { epoch: 1, head: 0, t: log.clock.now(), age_ms: 1500 } })
    log.compromise('issuer') // a retired key can still turn out to be stolen
    log.head()
    const { report } = await verified(log)
    expect(report.faults).toEqual([])
    expect(report.allowed).toBe(4)
  })

  test('that were compromised stand behind nothing past the bound', async () => {
    const log = company()
    const chain = log.root('bot')
    log.logChain(chain)
    log.rotate('second')
    log.compromise('issuer')
    const known = log.decide(chain)
    log.clock.advance(3000)
    const late = log.decide(chain, { freshness: { epoch: 1, head: 0, t: log.clock.now(), age_ms: 0 } })
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['ALLOW_AFTER_REVOCATION', known.index],
      ['ALLOW_AFTER_REVOCATION', late.index],
    ])
  })

  test('sign no root after they were rotated out', async () => {
    const log = company()
    const { issuer } = log
    log.rotate('second')
    log.issuer = issuer
    log.root('bot')
    const issued = log.entries.length - 1
    expect(await faultsOf(log)).toEqual([['KEY_MISMATCH', issued]])
  })

  test('that were retired stand behind nothing that says it was signed then or later', async () => {
    const log = company()
    const { issuer } = log
    log.rotate('second')
    log.clock.advance(1000)
    log.retire('issuer')
    log.issuer = issuer
    const chain = log.root('bot', { log: false })
    const { index } = log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([['CHAIN_INVALID', index]])
  })

  test.each<[string, (log: LogBuilder) => number]>([
    ['a retirement of the key that signs', (log) => log.retire('issuer')],
    ['a retirement of a key that nobody made', (log) => log.retire('second')],
    [
      'a retirement in the future',
      (log) => {
        log.rotate('second')
        return log.retire('issuer', seconds(log.clock.now()) + 1)
      },
    ],
    [
      'a retirement from before the key was made',
      (log) => {
        log.rotate('second')
        return log.retire('issuer', seconds(log.clock.now()) - 1)
      },
    ],
    [
      'a second retirement',
      (log) => {
        log.rotate('second')
        log.retire('issuer')
        return log.retire('issuer')
      },
    ],
    ['a compromise of the key that signs, with nothing in its place', (log) => log.compromise('issuer')],
    [
      'a compromise without its frame',
      (log) => {
        log.rotate('second')
        return log.compromise('issuer', false)
      },
    ],
    ['a frame without its compromise', (log) => log.revoke('issuer', log.kid('issuer'))],
    ['a key that is made twice', (log) => log.rotate('issuer')],
    [
      'a second frame key',
      (log) => {
        const jwk = log.world.signer('other frames').publicJwk
        const body = { use: 'frame' as const, kid: log.kid('other frames'), jwk }
        return log.add('key.created', { kind: 'system', id: 'x' }, null, body)
      },
    ],
  ])('%s is named', async (_, bend) => {
    const log = company()
    const index = bend(log)
    expect(await faultsOf(log)).toEqual([['KEY_EVENT_INVALID', index]])
  })
})

const OTHER = 'other.example/log'
const OTHER_RP = { rp_id: 'other.example', origin: 'https://other.example' }

function record(log: LogBuilder, key = 'other issuer'): ForeignIssuer {
  return {
    iss: OTHER,
    rp_id: OTHER_RP.rp_id,
    origins: [OTHER_RP.origin],
    keys: [{ jwk: log.world.signer(key).publicJwk }],
    control_plane: 'https://other.example',
    frame_key: log.world.signer('other frames').publicJwk,
  }
}

/** A root of the other issuer, for the agent and by the person of whatever name there. */
function foreignRoot(log: LogBuilder, o: { key?: string; rev?: string; agent?: string } = {}): Chain {
  const { world } = log
  const issuer = world.signer(o.key ?? 'other issuer')
  const now = seconds(log.clock.now())
  const rev = o.rev ?? 'rev_carol'
  const agent = o.agent ?? 'agt_theirs'
  const jti = 'dlg_theirs'
  const draft = draftRoot(world.crypto, issuer, {
    iss: OTHER,
    aud: ['pnt_gate'],
    iat: now,
    nbf: now,
    exp: now + 3600,
    jti,
    rev: [rev],
    holder: world.signer('theirs').publicJwk,
    agent: { id: agent, class: 'coding', manifest: digestOf('theirs') },
    amr: ['swk'],
    auth_time: now,
    grants: [READ],
    depth_max: 0,
  })
  const authenticator = world.authenticator('carol', OTHER_RP)
  const made = authenticator.assert(draft.challenge)
  // Its registration is a place in the other log, which is longer than this one.
  const gesture = { rev, role: 'principal' as const, jwk: authenticator.jwk, registration: 9_999, ...made }
  const rp = { rp_id: OTHER_RP.rp_id, origins: [OTHER_RP.origin] }
  const text = sealRoot(world.crypto, issuer, rp, draft, [gesture])
  return { text, jti, agent, grants: grantsOf(nodeCrypto, text), holder: 'theirs' }
}

describe('another issuer', () => {
  test('that was trusted authorizes: the report says so, and what it leaves to the other log', async () => {
    const log = company()
    log.trust(record(log), 2)
    const { action } = log.decide(foreignRoot(log))
    log.head()
    const pack = await verified(log)
    expect(pack.report.faults).toEqual([])
    expect(pack.report.notes).toContain(`1 allowed action was authorized by another issuer: ${OTHER}`)
    expect(pack.report.not_checked[0]).toContain(OTHER)
    const story = (await actionStory(nodeCrypto, pack, action))!
    expect(story.who).toMatchObject([{ issuer: OTHER, person: 'unknown', agents: ['agt_theirs'] }])
    const said = ['issuer.proposed', 'issuer.trusted'].map((type) =>
      log.entries.findIndex((bytes) => Buffer.from(bytes).includes(type)),
    )
    expect(story.evidence.map(({ index }) => index)).toEqual(expect.arrayContaining(said))
  })

  test('names nobody of ours, and nothing of it is revoked by us', async () => {
    const log = company()
    log.trust(record(log), 2)
    log.revoke('agent', 'agt_bot')
    log.revoke('person', 'rev_alice')
    // Freshness is that of the other stream: its frame 7 is none of ours, and its head 0 knows none of ours.
    const freshness = { epoch: 1, head: 7, t: log.clock.now(), age_ms: 0 }
    // Neither the handle nor the entry that it names is of its log, although both are there in ours.
    const chain = foreignRoot(log, { rev: 'rev_alice', agent: 'agt_bot' })
    const { action } = log.decide(chain, { freshness })
    log.decide(chain, { decision: 'deny', reasons: ['REVOKED'], freshness: { ...freshness, head: 8 } })
    log.head()
    const pack = await verified(log)
    expect(pack.report.faults).toEqual([])
    expect((await actionStory(nodeCrypto, pack, action))!.who).toMatchObject([
      { person: 'unknown', by: ['swk'], endorsed_by: 'unknown' },
    ])
  })

  test('is bound by what the receipt shows: a stale state and a limit are named', async () => {
    const log = company()
    log.trust(record(log), 2)
    const chain = foreignRoot(log)
    const stale = log.decide(chain, { freshness: { epoch: 1, head: 0, t: log.clock.now(), age_ms: 2001 } })
    const over = log.decide(chain, {}, 'gate', { size: 401 })
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['ALLOW_WHILE_STALE', stale.index],
      ['LIMIT_OVERSPENT', over.index],
    ])
  })

  test.each<[string, (log: LogBuilder) => Chain]>([
    ['that nobody trusted', (log) => foreignRoot(log)],
    [
      'under a key that is not in its record',
      (log) => {
        log.trust(record(log), 2)
        return foreignRoot(log, { key: 'issuer' })
      },
    ],
    [
      'that was dropped two minutes before',
      (log) => {
        log.trust(record(log), 2)
        const chain = foreignRoot(log)
        log.drop(OTHER)
        log.clock.advance(120_001)
        return chain
      },
    ],
    [
      'under a record that was replaced two minutes before',
      (log) => {
        log.trust(record(log), 2)
        const chain = foreignRoot(log)
        log.trust(record(log, 'their second'), 3)
        log.clock.advance(120_001)
        return chain
      },
    ],
  ])('%s authorizes nothing', async (_, bend) => {
    const log = company()
    const chain = bend(log)
    const { index } = log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([['CHAIN_INVALID', index]])
  })

  test('that was dropped or renewed a moment ago may still have been trusted at a point', async () => {
    const log = company()
    log.trust(record(log), 2)
    const chain = foreignRoot(log)
    log.trust(record(log, 'their second'), 3)
    log.clock.advance(60_000)
    log.decide(chain)
    log.decide(foreignRoot(log, { key: 'their second' }))
    log.drop(OTHER)
    log.clock.advance(60_000)
    log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([])
  })

  test('is proposed and approved by two people, and the checks say so', async () => {
    const log = company()
    log.trust(record(log), 2)
    const { report } = await verified(log)
    expect(report.notes).toEqual([])
    expect(report.checks).toContainEqual({
      name: 'issuer keys end as they may, and other issuers were approved by a registered gesture of someone else',
      ok: true,
      count: 5, // three keys, a proposal and an approval
    })
  })

  test('under separation `after` may be trusted by who proposed it, and the notes say so', async () => {
    const log = new LogBuilder().company('after')
    log.approveIssuer(log.proposeIssuer(record(log)), 2, { by: ALICE, alone: true })
    const { ok, notes } = (await verified(log)).report
    expect(ok).toBe(true)
    expect(notes).toContain('1 other issuer was trusted by its proposer (separation: after)')
  })

  test.each([
    ['the approver', 'erin', ALICE],
    ['the proposer', ALICE, 'erin'],
  ])('is noted when %s was invited by the other', async (_, approver, proposer) => {
    const log = company()
    log.person('erin', { by: ALICE })
    log.approveIssuer(log.proposeIssuer(record(log), proposer), 2, { by: approver })
    const { ok, notes } = (await verified(log)).report
    expect(ok).toBe(true)
    expect(notes).toEqual([
      '1 other issuer was trusted by two people of whom one invited the other: the log cannot tell whether they are two',
    ])
  })

  test('may be turned down while it is proposed, trusted again with a new proposal, and dropped', async () => {
    const log = company()
    log.proposeIssuer(record(log))
    log.drop(OTHER)
    log.trust(record(log), 3)
    log.proposeIssuer(record(log, 'their second'))
    log.drop(OTHER)
    log.trust(record(log, 'their second'), 5)
    expect(await faultsOf(log)).toEqual([])
  })

  test('has a proposal whose identifier is given once', async () => {
    const log = company()
    log.proposeIssuer(record(log), ALICE, 'one')
    const { proposal } = log.proposeIssuer(record(log), BOB, 'one')
    expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', proposal]])
  })

  test.each<[string, (log: LogBuilder) => number]>([
    [
      'although nobody proposed it',
      (log) => log.approveIssuer({ subject: 'isp_ghost', issuer: record(log), proposal: 4 }, 2),
    ],
    [
      'before it is proposed',
      (log) => {
        const proposal = log.entries.length + 1
        const index = log.approveIssuer({ subject: 'isp_0', issuer: record(log), proposal }, 2)
        log.proposeIssuer(record(log))
        return index
      },
    ],
    [
      'by who proposed it',
      (log) => log.approveIssuer(log.proposeIssuer(record(log)), 2, { by: ALICE, alone: true }),
    ],
    [
      'by who proposed it, denied',
      (log) => log.approveIssuer(log.proposeIssuer(record(log)), 2, { by: ALICE }),
    ],
    [
      'by another, said to have acted alone',
      (log) => log.approveIssuer(log.proposeIssuer(record(log)), 2, { alone: true }),
    ],
    [
      'over a proposal that was replaced',
      (log) => {
        const shown = log.proposeIssuer(record(log))
        log.proposeIssuer(record(log, 'their second'))
        return log.approveIssuer(shown, 2)
      },
    ],
    [
      'over a proposal that was dropped with the name',
      (log) => {
        const shown = log.proposeIssuer(record(log))
        log.drop(OTHER)
        return log.approveIssuer(shown, 3)
      },
    ],
    [
      'over a proposal that was approved before',
      (log) => {
        const shown = log.proposeIssuer(record(log))
        log.approveIssuer(shown, 2)
        return log.approveIssuer(shown, 3)
      },
    ],
    [
      'over the proposal of another name',
      (log) => {
        const { proposal, subject } = log.proposeIssuer({ ...record(log), iss: 'third.example/log' })
        log.proposeIssuer(record(log))
        return log.approveIssuer({ proposal, subject, issuer: record(log) }, 2)
      },
    ],
    [
      'as another record than was proposed',
      (log) => log.approveIssuer({ ...log.proposeIssuer(record(log)), issuer: record(log, 'thief') }, 2),
    ],
    [
      'in an entry about another proposal',
      (log) => log.approveIssuer({ ...log.proposeIssuer(record(log)), subject: 'isp_other' }, 2),
    ],
    [
      'by a gesture over another proposal',
      (log) => {
        const made = { ...log.proposeIssuer(record(log)) }
        const gesture = log.gesture(
          BOB,
          'approver',
          challengeOf(nodeCrypto, ACT_TAG, {
            act: 'issuer.trust',
            approver: 'per_bob',
            issuer: made.issuer,
            proposal: made.proposal,
            seq: 2,
          }),
        )
        return log.approveIssuer(log.proposeIssuer(record(log)), 2, { gesture: () => gesture })
      },
    ],
    ['by a gesture over another place in the log', (log) => log.trust(record(log), 3)],
    [
      'by a gesture over the place that it had before',
      (log) => {
        log.trust(record(log), 2)
        log.drop(OTHER)
        return log.trust(record(log), 2)
      },
    ],
    [
      'by a gesture of somebody else than the act names',
      (log) =>
        log.approveIssuer(log.proposeIssuer(record(log)), 2, {
          gesture: ({ client_data, authenticator_data, signature }) => {
            const { rev, jwk, registration } = log.gesture(ALICE, 'approver', 'AAAA')
            return { rev, role: 'approver', jwk, registration, client_data, authenticator_data, signature }
          },
        }),
    ],
    [
      'in the name of another',
      (log) =>
        log.approveIssuer(log.proposeIssuer(record(log)), 2, {
          entry: (entry) => ({ ...entry, actor: { kind: 'person', id: 'per_alice' } }),
        }),
    ],
    [
      'by somebody who had left',
      (log) => {
        log.revoke('person', 'rev_bob')
        return log.trust(record(log), 2)
      },
    ],
    [
      'although it is the issuer itself',
      (log) => log.proposeIssuer({ ...record(log), iss: ORIGIN }).proposal,
    ],
    ['on the proposal of a stranger', (log) => log.proposeIssuer(record(log), 'eve').proposal],
    [
      'on the proposal of somebody who had left',
      (log) => {
        log.revoke('person', 'rev_alice')
        return log.proposeIssuer(record(log)).proposal
      },
    ],
    ['no more, although it was not', (log) => log.drop(OTHER)],
  ])('trusted %s is named', async (_, bend) => {
    const log = company()
    const index = bend(log)
    expect(await faultsOf(log)).toEqual([['ISSUER_TRUST_INVALID', index]])
  })

  test('trusted by a gesture of somebody whom nobody had endorsed is named', async () => {
    const log = company()
    log.person('eve', { endorsed: null })
    const index = log.approveIssuer(log.proposeIssuer(record(log)), 2, { by: 'eve' })
    expect(await faultsOf(log)).toContainEqual(['REGISTRATION_NOT_ENDORSED', index])
  })
})
