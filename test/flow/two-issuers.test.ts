/**
 * Two control planes and one enforcement point: delegations of either are allowed, what one revokes says nothing of
 * the other, and neither signs in the other's name. Then the point's own issuer rotates, retires and loses keys under it.
 * spec/keys.md.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addAgentKey,
  agentStatement,
  approveAgent,
  changeAgent,
  delegate,
  endorse,
  enroll,
  enrollPoint,
  invite,
  proposeAgent,
  readInfo,
  revoke,
} from '../../apps/cli/operator.ts'
import { openProfile, saveProfile, writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { openPoint } from '../../apps/gateway/point.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import {
  softwareAuthenticator,
  type SoftwareAuthenticator,
} from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { PrivateJwk, Signer } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { parseJws, signJws } from '../../src/core/sign.ts'
import type { Point } from '../../src/enforce/types.ts'
import { ROOT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import type { Grant } from '../../src/token/grant.ts'
import { signStatement } from '../../src/token/issue.ts'
import { lastDelegation, signHop } from '../../src/token/narrow.ts'
import { argsCommit, signCallProof } from '../../src/token/proof.ts'
import { runCli, until, type CliAnswer } from '../fixtures/processes.ts'

const READ: Grant = { type: 'tool', server: 'files', actions: ['read'] }

/** A company: its control plane, two people of whom the second approves, one agent with a key. */
class Company {
  readonly folder: string
  readonly server: RunningServer
  readonly person: Profile
  readonly lead: Profile
  readonly agent: string
  readonly holder: Signer
  readonly passkey: SoftwareAuthenticator
  readonly #registration: number

  private constructor(
    parts: Pick<Company, 'folder' | 'server' | 'person' | 'lead' | 'agent' | 'holder' | 'passkey'>,
    index: number,
  ) {
    this.folder = parts.folder
    this.server = parts.server
    this.person = parts.person
    this.lead = parts.lead
    this.agent = parts.agent
    this.holder = parts.holder
    this.passkey = parts.passkey
    this.#registration = index
  }

  static async open(name: string): Promise<Company> {
    const folder = await mkdtemp(join(tmpdir(), `countersign-${name}-`))
    const server = await createServer({
      dataDir: join(folder, 'data'),
      origin: `${name}.example/log`,
      rp: { rp_id: `${name}.example`, origins: [`https://${name}.example`] },
    })
    const file = await enroll(server.url, server.bootstrapSecret ?? '', name)
    await saveProfile(join(folder, 'profile'), file)
    const person = openProfile(file)
    const invited = await invite(person, 'lead')
    const leadFile = await enroll(server.url, invited.invitation, 'lead')
    await saveProfile(join(folder, 'lead'), leadFile)
    await endorse(person, invited.person)
    const lead = openProfile(leadFile)
    const input = { name: 'reader', class: 'assistant', purpose: 'Reads', systems: [], manifest: {} }
    const agent = await proposeAgent(person, input)
    await approveAgent(lead, agent)
    await changeAgent(person, agent, 'activate', 'approved')
    const holder = crypto.signer(crypto.generateKey('Ed25519'))
    await addAgentKey(person, agent, holder.publicJwk)
    const { entries } = (await person.client.get('/v1/entries')) as unknown as {
      entries: { index: number; entry: { type: string } }[]
    }
    const enrolled = entries.find(({ entry }) => entry.type === 'person.enrolled')!
    const key = file.passkey as unknown as PrivateJwk
    const passkey = softwareAuthenticator(crypto, key, { rp_id: file.rp_id, origin: file.origin })
    return new Company({ folder, server, person, lead, agent, holder, passkey }, enrolled.index)
  }

  get iss(): string {
    return `${new URL(this.origin).hostname}/log`
  }

  get origin(): string {
    return `https://${this.folder.split('countersign-')[1]!.split('-')[0]!}.example`
  }

  get jkt(): string {
    return thumbprint(crypto, this.holder.publicJwk)
  }

  cli(...args: string[]): Promise<CliAnswer> {
    return runCli(['--json', '--profile', join(this.folder, 'profile'), ...args])
  }

  leadCli(...args: string[]): Promise<CliAnswer> {
    return runCli(['--json', '--profile', join(this.folder, 'lead'), ...args])
  }

  delegateTo(...points: string[]): Promise<{ jti: string; chain: string }> {
    const input = { agent: this.agent, jkt: this.jkt, aud: points, grants: [READ], ttl_s: 600, depth_max: 2 }
    return delegate(this.person, input)
  }

  /** The key behind everything that it issues now, as a thief would have it. */
  async stolenKey(): Promise<Signer> {
    const { kid } = (await readInfo(this.server.url)).issuer_keys[0]!
    const path = (name: string): string => join(this.folder, 'data', 'keys', name)
    const text = await readFile(path(`issuer-${kid}.jwk`), 'utf8').catch(() =>
      readFile(path('issuer.jwk'), 'utf8'),
    )
    return crypto.signer(JSON.parse(text) as PrivateJwk)
  }

  /** A root made anew by whoever has a key, with a true gesture of the person. */
  forge(chain: string, signer: Signer, edit: JsonObject): string {
    const end = chain.indexOf('~')
    const jws = parseJws(chain.slice(0, end))
    const { gestures, ...payload } = jws.payload
    const [gesture] = gestures as [JsonObject]
    const header = { ...jws.header, kid: thumbprint(crypto, signer.publicJwk) }
    const next = { ...payload, ...edit }
    const challenge = challengeOf(crypto, ROOT_TAG, { header, payload: next })
    const made = {
      ...gesture,
      registration: this.#registration,
      ...this.passkey.assert(challenge),
    }
    return signJws(signer, header, { ...next, gestures: [made] }) + chain.slice(end)
  }

  async close(): Promise<void> {
    await this.server.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

let home: Company
let other: Company
let point: Point
let pointPath: string

const errorOf = ({ stdout }: CliAnswer): string => JSON.parse(stdout).error?.code

/** One call under a proof of its own. @returns `allow`, or the first reason */
async function call(chain: string, holder: Signer): Promise<string> {
  const salt = crypto.randomBytes(32)
  const args = { path: '/a' }
  const nonce = `${point.challenge().challenge}.${base64url(crypto.randomBytes(16))}`
  const target = { aud: point.id, nonce, iat: Math.floor(Date.now() / 1000) }
  const proven = { server: 'files', tool: 'read', args_commit: argsCommit(crypto, salt, args) }
  const presentation = signCallProof(crypto, holder, chain, target, proven)
  const credential = { kind: 'call' as const, presentation, salt: base64url(salt) }
  const request = { server: 'files', tool: 'read', args, credential, definition_hash: null }
  const outcome = await point.call(request, async () => ({ result: 'done', failed: false }))
  return outcome.decision === 'allow' ? 'allow' : (outcome.reasons[0] ?? '')
}

const answers = (chain: string, holder: Signer, wanted: string): Promise<unknown> =>
  until(`the point answers ${wanted}`, async () => (await call(chain, holder)) === wanted)

async function openHomePoint(): Promise<void> {
  ;({ point } = await openPoint(pointPath, { onFault: () => undefined }))
}

beforeAll(async () => {
  ;[home, other] = await Promise.all([Company.open('home'), Company.open('other')])
  const file = await enrollPoint(home.person, 'gate', 'files')
  pointPath = join(home.folder, 'gate.json')
  await writePrivate(pointPath, file)
  await openHomePoint()
})
afterAll(async () => {
  await point.close()
  await Promise.all([home.close(), other.close()])
})

describe('another control plane', () => {
  let chain: string
  let jti: string

  test('is unknown until two people trust it and it lets the point in; then its agents may call', async () => {
    const { stdout: jwk } = await home.cli('point', 'key', point.id)
    await writeFile(join(other.folder, 'gate.jwk'), jwk)
    const admitted = [
      'point',
      'admit',
      point.id,
      '--jwk',
      join(other.folder, 'gate.jwk'),
      '--server',
      'files',
    ]
    expect(JSON.parse((await other.cli(...admitted)).stdout)).toEqual({ point: point.id })
    ;({ chain, jti } = await other.delegateTo(point.id))
    expect(await call(chain, other.holder)).toBe('ISSUER_UNKNOWN')

    const kid = thumbprint(crypto, (await other.stolenKey()).publicJwk)
    const unread = await home.cli('issuer', 'propose', other.server.url)
    expect(errorOf(unread)).toBe('NOT_CONFIRMED')
    const proposed = await home.cli('issuer', 'propose', other.server.url, '--yes')
    expect(proposed.stderr).toContain(kid)
    const { id } = JSON.parse(proposed.stdout) as { id: string }
    expect(await call(chain, other.holder)).toBe('ISSUER_UNKNOWN')

    expect(errorOf(await home.leadCli('issuer', 'approve', id))).toBe('NOT_CONFIRMED')
    expect(errorOf(await home.cli('issuer', 'approve', id, '--yes'))).toBe('SAME_PERSON')
    const approved = await home.leadCli('issuer', 'approve', id, '--yes')
    expect(approved.stderr).toContain(kid)
    expect(JSON.parse(approved.stdout)).toEqual({ id, iss: other.iss, seq: 2 })
    await answers(chain, other.holder, 'allow')

    const renewed = JSON.parse((await home.cli('issuer', 'propose', other.server.url, '--yes')).stdout)
    const { stdout } = await home.cli('issuer', 'list')
    expect(JSON.parse(stdout)).toMatchObject([
      { id, status: 'trusted', proposer: home.person.person },
      { id: renewed.id, status: 'proposed' },
    ])
  })

  test('signs nothing in our name, and we nothing in its name', async () => {
    const ours = await home.stolenKey()
    const theirs = await other.stolenKey()
    expect(await call(other.forge(chain, ours, {}), other.holder)).toBe('ISSUER_UNKNOWN')
    expect(await call(other.forge(chain, theirs, { iss: home.iss }), other.holder)).toBe('ISSUER_UNKNOWN')
    expect(await call(other.forge(chain, ours, { iss: home.iss }), other.holder)).toBe('GESTURE_INVALID')
    expect(await call(other.forge(chain, theirs, {}), other.holder)).toBe('allow')
  })

  test('names its agents itself: our statement does not name one of its hops', async () => {
    const next = crypto.signer(crypto.generateKey('Ed25519'))
    await addAgentKey(home.person, home.agent, next.publicJwk)
    const jkt = thumbprint(crypto, next.publicJwk)
    const now = Math.floor(Date.now() / 1000)
    const hop = (statement: string): string => {
      const { payload, grants } = lastDelegation(crypto, chain)
      return signHop(crypto, chain, other.holder, {
        jti: 'dlg_hop',
        iat: now,
        nbf: Math.max(now, payload.nbf),
        exp: payload.exp,
        aud: payload.aud,
        holder: next.publicJwk,
        statement,
        grants: [...grants].map(([from, grant]) => ({ ...grant, from })),
        depth_max: 2,
      })
    }
    expect(await call(hop(await agentStatement(home.person, home.agent, jkt)), next)).toBe(
      'STATEMENT_INVALID',
    )
    const claims = { iss: other.iss, agent: home.agent, class: 'assistant', jkt, iat: now, exp: now + 60 }
    expect(await call(hop(signStatement(crypto, await home.stolenKey(), claims)), next)).toBe(
      'ISSUER_UNKNOWN',
    )
  })

  test('revokes what is its own, and nothing of ours', async () => {
    const ours = await home.delegateTo(point.id)
    expect(await call(ours.chain, home.holder)).toBe('allow')
    // The holder key of its agent becomes one of our agents too, and we revoke it: that is our key, not its own.
    await addAgentKey(home.person, home.agent, other.holder.publicJwk)
    await revoke(home.person, 'key', other.jkt, 'ours-alone')
    const mine = await home.delegateTo(point.id)
    await revoke(home.person, 'delegation', mine.jti, 'behind-the-first')
    await answers(mine.chain, home.holder, 'REVOKED')
    expect(await call(chain, other.holder)).toBe('allow')

    const { acknowledged_at } = await revoke(other.person, 'delegation', jti, 'done')
    await answers(chain, other.holder, 'REVOKED')
    expect(Date.now()).toBeLessThan(acknowledged_at + 2_000) // the bound
    expect(await call(ours.chain, home.holder)).toBe('allow')
  })

  test('is stale when its control plane says nothing, and unknown once it is dropped', async () => {
    const fresh = await other.delegateTo(point.id)
    await answers(fresh.chain, other.holder, 'allow')
    const { stdout } = await home.cli('issuer', 'drop', other.iss)
    expect(JSON.parse(stdout)).toEqual({ iss: other.iss, seq: 3 })
    const stranger = other.forge(fresh.chain, crypto.signer(crypto.generateKey('Ed25519')), {})
    await until('the point has heard of it', async () => {
      await call(stranger, other.holder) // an unknown key makes it ask for a newer list
      return (await call(fresh.chain, other.holder)) === 'ISSUER_UNKNOWN'
    })
    await home.cli('issuer', 'propose', other.server.url, '--yes')
    const [proposed] = JSON.parse((await home.leadCli('issuer', 'list')).stdout) as { id: string }[]
    expect((await home.leadCli('issuer', 'approve', proposed?.id ?? '', '--yes')).code).toBe(0)
    await answers(fresh.chain, other.holder, 'allow')
    await other.server.close()
    await answers(fresh.chain, other.holder, 'STALE_REVOCATION')
    const ours = await home.delegateTo(point.id)
    expect(await call(ours.chain, home.holder)).toBe('allow')
  })
})

describe('our own issuer, under a running point', () => {
  let before: string
  let stolen: Signer

  test('rotates: chains of the old key and of the new one are allowed', async () => {
    before = (await home.delegateTo(point.id)).chain
    stolen = await home.stolenKey()
    const { kid } = JSON.parse((await home.cli('keys', 'rotate')).stdout)
    const { chain } = await home.delegateTo(point.id)
    await answers(chain, home.holder, 'allow')
    expect(await call(before, home.holder)).toBe('allow')
    const { stdout } = await home.cli('keys', 'list')
    expect(JSON.parse(stdout)).toMatchObject([{ kid, status: 'current' }, { status: 'verifying' }])
  })

  test('retires a key: what it signed is allowed, what it signs now is not', async () => {
    const kid = thumbprint(crypto, stolen.publicJwk)
    await until('the second of the rotation is over', async () => {
      const { code } = await home.cli('keys', 'retire', '--', kid)
      return code === 0
    })
    await home.cli('keys', 'rotate') // a chain of a newer key is allowed once the point has the newer list
    await answers((await home.delegateTo(point.id)).chain, home.holder, 'allow')
    const now = Math.floor(Date.now() / 1000)
    expect(await call(home.forge(before, stolen, { iat: now, nbf: now }), home.holder)).toBe('KEY_RETIRED')
    expect(await call(before, home.holder)).toBe('allow')
  })

  test('loses a key: nothing that it ever signed is allowed past the bound, and the next key is', async () => {
    const { chain } = await home.delegateTo(point.id)
    await answers(chain, home.holder, 'allow')
    const thief = await home.stolenKey()
    const kid = thumbprint(crypto, thief.publicJwk)
    const answer = await home.person.client.post(`/v1/keys/issuer/${kid}/compromise`, { reason: 'leaked' })
    const { acknowledged_at } = answer as { acknowledged_at: number }
    // Which comes first is open: the frame, or a list without the key, which the point asks for every 10 seconds.
    const ended = ['REVOKED', 'ISSUER_UNKNOWN']
    await until('the point denies it', async () => ended.includes(await call(chain, home.holder)))
    expect(Date.now()).toBeLessThan(acknowledged_at + 2_000)
    const backdated = home.forge(chain, thief, { jti: 'dlg_of_a_thief' })
    expect(ended).toContain(await call(backdated, home.holder))
    await answers((await home.delegateTo(point.id)).chain, home.holder, 'allow')
    expect(await call(backdated, home.holder)).toBe('ISSUER_UNKNOWN')
  })

  test('is known to a point that starts again from its enrolment file', async () => {
    const { chain } = await home.delegateTo(point.id)
    await point.close()
    await openHomePoint()
    expect(await call(chain, home.holder)).toBe('allow')
    expect(await call(before, home.holder)).toBe('allow')
  })
})

test('the evidence holds, and says which actions another issuer authorized', async () => {
  const pack = join(home.folder, 'pack.zip')
  await point.close()
  expect((await home.cli('evidence', 'build', '--from', '2020-01-01T00:00:00Z', '-o', pack)).code).toBe(0)
  const { stdout } = await home.cli('verify', pack, '--key', home.server.vkey)
  const report = JSON.parse(stdout)
  expect(report.faults).toEqual([])
  expect(report.ok).toBe(true)
  expect(report.notes.join('\n')).toMatch(
    /\d+ allowed actions? (?:was|were) authorized by another issuer: other\.example\/log/,
  )
  expect(report.not_checked.join('\n')).toContain('other.example/log')
  await openHomePoint()
})
