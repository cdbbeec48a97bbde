import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFsKeyStore } from '../adapters/fs/key-store.ts'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import {
  SOFTWARE_AAGUID,
  softwareAuthenticator,
} from '../adapters/software-authenticator/software-authenticator.ts'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { openSqliteVault } from '../adapters/sqlite-vault/sqlite-vault.ts'
import { thumbprint } from '../core/jwk.ts'
import { decodeEntry } from '../log/entries.ts'
import { frameHash, verifyFrame } from '../revoke/frame.ts'
import { addAgentKey, issueStatement } from './agent-keys.ts'
import { activateAgent, agentApproval, proposeAgent, suspendAgent } from './agents.ts'
import { findCaller } from './callers.ts'
import { checkpointAt, recordCheckpoint } from './checkpoints.ts'
import { personActor, SYSTEM, type RegistryContext } from './context.ts'
import { approveDelegation, draftDelegation, sealDelegation } from './delegations.ts'
import { DRAFT_TTL_MS, DRAFTS_MAX, listDrafts, QUORUM_DRAFT_TTL_MS } from './drafts.ts'
import { framesAfter } from './frames.ts'
import { endorsementOf, endorsePerson } from './endorsements.ts'
import { enrolPerson } from './enrolment.ts'
import { approvalOf, approve } from './gestures.ts'
import { INVITATION_TTL_MS, secretHash } from './invitations.ts'
import { insertCurrentKey } from './issuer-keys.ts'
import { frameKey, FrameRing, recordFirstFrameKey } from './frame-ring.ts'
import { IssuerRing } from './issuer-ring.ts'
import { addPerson } from './people.ts'
import { enrolPoint } from './points.ts'
import { revoke } from './revocations.ts'
import { presetTemplate } from './templates.ts'

const rp = { rp_id: 'localhost', origins: ['http://localhost'] }
let folder: string
let now: number
let ctx: RegistryContext

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-registry-'))
  now = 1_772_000_000_000
  const clock = { now: () => now, monotonic: () => now }
  ctx = {
    store: openSqliteStore({ path: join(folder, 'state.db'), clock }),
    crypto: nodeCrypto,
    breakGlass: nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk,
    vault: openSqliteVault(join(folder, 'vault.db')),
    issuer: await IssuerRing.open(
      nodeCrypto,
      await openFsKeyStore(join(folder, 'keys'), { crypto: nodeCrypto }),
    ),
    frame: await FrameRing.open(
      nodeCrypto,
      await openFsKeyStore(join(folder, 'keys'), { crypto: nodeCrypto }),
    ),
    iss: 'countersign.test',
    publicUrl: () => 'https://countersign.test',
    rp,
    separation: 'after',
  }
  const frame = ctx.frame.signers[0]!.publicJwk
  await ctx.store.write((tx) => recordFirstFrameKey(nodeCrypto, tx.db, frame))
  const jwk = ctx.issuer.signers[0]!.publicJwk
  await ctx.store.write((tx) => insertCurrentKey(tx, thumbprint(nodeCrypto, jwk), jwk))
})
afterEach(async () => {
  await ctx.store.close()
  await ctx.vault.close()
  rmSync(folder, { recursive: true })
})

const key = () => nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk

function authenticator() {
  return softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
    rp_id: 'localhost',
    origin: 'http://localhost',
  })
}

async function enrol(secret: string) {
  const [operator, passkey] = [key(), authenticator()]
  const { jwk } = passkey
  const id = thumbprint(nodeCrypto, jwk)
  const credential = { id, jwk, amr: ['swk'], aaguid: SOFTWARE_AAGUID, backed_up: false }
  const secret_hash = secretHash(nodeCrypto, secret)
  const enrolled = await enrolPerson(ctx, { secret_hash, operator, credential })
  return { ...enrolled, passkey, operator }
}

async function person() {
  const enrolled = await enrol((await addPerson(ctx, SYSTEM, 'Ann')).invitation)
  const id = enrolled.person
  const { challenge } = await ctx.store.query((db) => endorsementOf(ctx, db, id, id))
  await endorsePerson(ctx, id, id, enrolled.passkey.assert(challenge))
  return enrolled
}

async function activeAgent(owner: Awaited<ReturnType<typeof person>>) {
  const input = { name: 'Bot', class: 'coding', purpose: 'tests', systems: [], manifest: {} }
  const { agent } = await proposeAgent(ctx, personActor(owner.person), input)
  const { challenge } = await approvalOf(ctx, agentApproval, owner.person, { id: agent })
  await approve(ctx, agentApproval, owner.person, { id: agent }, owner.passkey.assert(challenge))
  await activateAgent(ctx, SYSTEM, agent, 'start')
  const { jkt } = await addAgentKey(ctx, SYSTEM, agent, key())
  return { agent, jkt }
}

describe('an invitation', () => {
  test('expires after a day', async () => {
    const { invitation } = await addPerson(ctx, SYSTEM, 'Ann')
    now += INVITATION_TTL_MS
    await expect(enrol(invitation)).rejects.toMatchObject({ code: 'SECRET_INVALID' })
  })

  test('is kept as a hash only', async () => {
    const { invitation } = await addPerson(ctx, SYSTEM, 'Ann')
    const rows = await ctx.store.query((db) => db.selectFrom('invitations').selectAll().execute())
    expect(JSON.stringify(rows)).not.toContain(invitation)
  })

  test('enrols one of two who use it at once', async () => {
    const { invitation } = await addPerson(ctx, SYSTEM, 'Ann')
    const settled = await Promise.allSettled([enrol(invitation), enrol(invitation)])
    expect(settled.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('frames', () => {
  test('are numbered and chained without gaps when many revoke at once, and each has its entry', async () => {
    const owner = await person()
    const { agent } = await activeAgent(owner)
    const keys = await Promise.all(Array.from({ length: 20 }, () => addAgentKey(ctx, SYSTEM, agent, key())))
    const targets = [...keys, ...keys].map(({ jkt }) => jkt)
    await Promise.all(
      targets.map((target) =>
        revoke(ctx, personActor(owner.person), { kind: 'key', target, reason: 'test' }),
      ),
    )
    const frames = await ctx.store.query((db) => framesAfter(db, 0, 100))
    expect(frames.map(({ frame }) => frame.seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    const { jwk } = await ctx.store.query(frameKey)
    for (const [i, signed] of frames.entries()) {
      const before = frames[i - 1]
      expect(signed.frame.prev).toBe(before ? frameHash(nodeCrypto, before.frame) : '')
      expect(verifyFrame(nodeCrypto, jwk, signed)).toBe(true)
    }
    const entries = await ctx.store.entries.read(0, await ctx.store.entries.size())
    const revocations = entries.map(decodeEntry).filter((entry) => entry.type === 'revocation')
    expect(revocations).toHaveLength(20)
  })

  test('of a suspended agent name every key it had', async () => {
    const { agent, jkt } = await activeAgent(await person())
    const second = await addAgentKey(ctx, SYSTEM, agent, key())
    const frames = await suspendAgent(ctx, SYSTEM, agent, 'odd')
    expect(frames.map(({ frame }) => frame.handle).sort()).toEqual([jkt, second.jkt].sort())
    await activateAgent(ctx, SYSTEM, agent, 'clean')
    await expect(issueStatement(ctx, SYSTEM, agent, jkt)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
  })
})

describe('a draft', () => {
  async function drafting(ttl_s: number) {
    await ctx.store.write((tx) => presetTemplate(ctx, tx))
    const owner = await person()
    const { agent, jkt } = await activeAgent(owner)
    const input = { name: 'gw', jwk: key(), placement: 'gateway' as const, servers: ['files'] }
    const { point } = await enrolPoint(ctx, SYSTEM, input)
    const grants = [{ type: 'tool' as const, server: 'files', actions: ['read'] }]
    return { owner, request: { agent, jkt, aud: [point], grants, ttl_s, depth_max: 0 } }
  }

  test('waits ten minutes for its principal and a day for several people', async () => {
    const { owner, request } = await drafting(90 * 86_400)
    const other = await person()
    const approvers = { m: 1, of: [other.person] }
    const several = () => draftDelegation(ctx, owner.person, { ...request, approvers })
    const alone = await draftDelegation(ctx, owner.person, request)
    const [early, late] = [await several(), await several()]
    expect([alone.expires - now, early.expires - now]).toEqual([DRAFT_TTL_MS, QUORUM_DRAFT_TTL_MS])
    now += QUORUM_DRAFT_TTL_MS - 1
    const approve = ({ jti, challenge }: typeof early) =>
      approveDelegation(ctx, other.person, jti, other.passkey.assert(challenge))
    expect(await approve(early)).toEqual({ jti: early.jti, missing: 1 })
    const waiting = await ctx.store.query((db) => listDrafts(ctx, db, other.person, now))
    expect(waiting.map(({ jti }) => jti).sort()).toEqual([early.jti, late.jti].sort())
    now += 1
    await expect(approve(late)).rejects.toMatchObject({ code: 'UNKNOWN_DELEGATION' })
    const parts = owner.passkey.assert(early.challenge)
    await expect(sealDelegation(ctx, owner.person, early.jti, parts)).rejects.toMatchObject({
      code: 'UNKNOWN_DELEGATION',
    })
    expect(await ctx.store.query((db) => listDrafts(ctx, db, other.person, now))).toEqual([])
  })

  test('is not sealed once the delegation would have expired', async () => {
    const { owner, request } = await drafting(2)
    const { jti, challenge } = await draftDelegation(ctx, owner.person, request)
    now += 2000
    const parts = owner.passkey.assert(challenge)
    await expect(sealDelegation(ctx, owner.person, jti, parts)).rejects.toMatchObject({
      code: 'UNKNOWN_DELEGATION',
    })
  })

  test('that is gone leaves no answers behind', async () => {
    const { owner, request } = await drafting(60)
    await draftDelegation(ctx, owner.person, request)
    now += 60_000
    await draftDelegation(ctx, owner.person, request)
    const answers = await ctx.store.query((db) => db.selectFrom('draft_answers').selectAll().execute())
    expect(answers).toHaveLength(1)
  })

  test('expires, and a person has a bounded number of them', async () => {
    const { owner, request } = await drafting(60)
    const draft = () => draftDelegation(ctx, owner.person, request)
    const first = await draft()
    await Promise.all(Array.from({ length: DRAFTS_MAX - 1 }, draft))
    await expect(draft()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    now += DRAFT_TTL_MS
    const parts = owner.passkey.assert(first.challenge)
    await expect(sealDelegation(ctx, owner.person, first.jti, parts)).rejects.toMatchObject({
      code: 'UNKNOWN_DELEGATION',
    })
    expect((await draft()).jti).toMatch(/^dlg_/)
  })
})

test('a key has one owner', async () => {
  const owner = await person()
  const { agent, jkt } = await activeAgent(owner)
  const operator = thumbprint(nodeCrypto, owner.operator)
  expect(await ctx.store.query((db) => findCaller(db, operator))).toMatchObject({ kind: 'person' })
  expect(await ctx.store.query((db) => findCaller(db, jkt))).toMatchObject({ kind: 'agent', id: agent })
  await expect(addAgentKey(ctx, SYSTEM, agent, owner.operator)).rejects.toMatchObject({ code: 'KEY_IN_USE' })
})

test('a checkpoint is found by time', async () => {
  await recordCheckpoint(ctx.store, { size: 3, time: 1_000, note: Uint8Array.of(1) })
  await recordCheckpoint(ctx.store, { size: 5, time: 2_000, note: Uint8Array.of(2) })
  const at = (time: number) => ctx.store.query((db) => checkpointAt(db, time))
  expect([await at(999), (await at(1_999))?.size, (await at(2_000))?.size]).toEqual([null, 3, 5])
})
