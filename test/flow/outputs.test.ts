/**
 * Outputs that leave, with real processes: a stdio gateway, a control plane, people who write, look and sign; and an agent
 * that releases in its own process. spec/outputs.md. What the tool did, in its own words, is the ground truth.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connect, release } from 'countersign'
import { addAgentKey, delegate, enroll, enrollPointAs, endorse, invite } from '../../apps/cli/operator.ts'
import { decideApproval, listApprovals, showApproval } from '../../apps/cli/operator-approvals.ts'
import {
  approveOutputPolicy,
  attestOutput,
  coverageOf,
  deviationsOf,
  listOutputs,
  openReview,
  proposeOutputPolicy,
  refuseOutput,
  registerWritten,
  releaseOutput,
  reviewView,
  sawReview,
  showOutput,
  type SealedOutput,
} from '../../apps/cli/operator-outputs.ts'
import { openProfile, saveProfile, writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { canonicalize, type JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { OutputKind } from '../../src/core/output.ts'
import type { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { RELEASE_TOOL } from '../../src/enforce/adapters/mcp/release-tool.ts'
import { measured } from '../../src/enforce/measured.ts'
import { readBundle } from '../../src/provenance/statement.ts'
import { pinnedKeys, verifyAttestation, type AttestationAnswer } from '../../src/provenance/verify.ts'
import { CLI, ECHO_SERVER, McpProcess, runCli, until } from '../fixtures/processes.ts'
import { callTool, ECHO_GRANT, echoesOf, randomText, SERVER, Stage } from '../fixtures/stage.ts'

let stage: Stage
let third: Profile
let gateway: McpProcess
let session: CountersignMcpSession
let kid = ''
let gate = ''

const soon = new Date(Date.now() + 86_400_000).toISOString()

beforeAll(async () => {
  stage = await Stage.set()
  const { manager, lead } = stage
  const { invitation } = await invite(manager, 'Third')
  const file = await enroll(stage.control.url, invitation, 'Third')
  third = openProfile(file)
  await endorse(manager, third.person)
  await saveProfile(join(stage.folder, 'third'), file)
  const info = (await manager.client.get('/v1/info')) as { issuer_keys: { kid: string }[] }
  kid = info.issuer_keys[0]?.kid ?? ''
  const reviewers = [lead, third].map(({ person }) => ({ person, trained_until: soon }))
  const kind = { reviewers, owner: manager.person, tools: [], view_ms_per_1000: 10_000 }
  const kinds: OutputKind[] = [
    {
      ...kind,
      kind: 'message',
      tools: [{ server: SERVER, tool: 'echo' }],
      minimum: 'supervised',
      release: 'gate',
    },
    { ...kind, kind: 'letter', minimum: 'supervised', release: 'gate' },
    { ...kind, kind: 'status_mail', minimum: 'directed', release: 'cover' },
  ]
  const policy = { v: 1 as const, separation: 'independent' as const, kinds }
  await approveOutputPolicy(lead, await proposeOutputPolicy(manager, policy))
  const point = await stage.point('gate')
  gate = point.id
  const command = [CLI, 'gateway', '--stdio', '--point', point.path]
  gateway = await new McpProcess(process.execPath, [
    ...command,
    '--',
    process.execPath,
    ECHO_SERVER,
    join(stage.folder, 'echoes'),
  ]).initialize()
  const { id, jkt } = stage.agent
  const { chain } = await delegate(manager, {
    agent: id,
    jkt,
    aud: [point.id],
    grants: [ECHO_GRANT],
    ttl_s: 3600,
    depth_max: 0,
  })
  session = await stage.open(gateway, chain)
}, 120_000)
afterAll(async () => {
  await gateway.end('SIGKILL')
  await stage.remove()
})

/** The output of a held call, once people can see it. */
const heldOutput = (text: string): Promise<string> =>
  until('it waits', async () => {
    for (const each of await listApprovals(stage.lead, false)) {
      const { opening, output } = await showApproval(stage.lead, each.id)
      if (opening?.args.text === text && output !== null) return output
    }
    return null
  })

const echoed = async (text: string): Promise<boolean> =>
  (await echoesOf(join(stage.folder, 'echoes'))).some((each) => each.text === text)

/** Looks until it has been in view for as long as asked, as the page says so. */
async function look(who: Profile, output: string, ms: number): Promise<string> {
  const review = await openReview(who, output)
  await until('it was looked at', async () => ((await sawReview(who, review)) >= ms ? true : null))
  return review
}

function verified(sealed: SealedOutput, output: unknown, kind: string): AttestationAnswer {
  const bundle = readBundle(utf8(JSON.stringify(sealed.bundle)))
  const { subject } = measured(nodeCrypto, output, { kind })
  const [{ digest, annotations }] = subject as [(typeof subject)[number]]
  const given = { ...annotations, sha256: digest.sha256 }
  return verifyAttestation(nodeCrypto, { bundle, keys: pinnedKeys(nodeCrypto, bundle, [kid]), given })
}

describe('a call under a gate', () => {
  test('is held, reviewed, and let go by the gesture that attests it', async () => {
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    const output = await heldOutput(text)
    expect(await echoed(text)).toBe(false)
    const review = await look(stage.lead, output, 300)
    const shown = await reviewView(stage.lead, review)
    expect(shown).toMatchObject({ output, kind: 'message', content: canonicalize({ text }) })
    const sealed = await attestOutput(stage.lead, output)
    expect(sealed.outcome).toBe('issued')
    expect(await answer).toEqual({ allowed: true, text })
    expect(await echoed(text)).toBe(true)
    expect(verified(sealed, { text }, 'message')).toMatchObject({
      ok: true,
      role: 'supervised',
      independent: true,
    })
    expect(verified(sealed, { text: `${text}.` }, 'message')).toMatchObject({ ok: false })
    await until('it is counted', async () =>
      (await showOutput(stage.lead, output)).released === null ? null : true,
    )
  }, 60_000)

  test('is not let go by an approval that attests nothing', async () => {
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    const output = await heldOutput(text)
    const held = (await listApprovals(stage.lead, false)).find((each) => each.output === output)
    const shown = await showApproval(stage.lead, held?.id ?? '')
    const decide = (decision: 'approve' | 'refuse') =>
      decideApproval(stage.lead, shown, decision, () => expect.unreachable('nobody has a browser here'))
    await expect(decide('approve')).rejects.toMatchObject({ remote: 'RELEASE_HELD' })
    await decide('refuse')
    expect(await answer).toMatchObject({ allowed: false, reasons: ['APPROVAL_REFUSED'] })
    expect(await echoed(text)).toBe(false)
  }, 60_000)

  test('waits on after a rubber stamp, until another person has looked', async () => {
    const text = `${randomText()} ${'a long text that nobody reads in no time. '.repeat(30)}`
    const { answer } = callTool(gateway, session, 'echo', text)
    const output = await heldOutput(text)
    await look(stage.lead, output, 1)
    expect(await attestOutput(stage.lead, output)).toEqual({ outcome: 'flagged', bundle: null })
    expect(await echoed(text)).toBe(false)
    expect(await showOutput(stage.lead, output)).toMatchObject({ flagged: 1, attestation: null })
    await expect(openReview(stage.lead, output)).rejects.toMatchObject({ remote: 'STATE_CONFLICT' })
    await look(third, output, 14_000)
    expect((await attestOutput(third, output)).outcome).toBe('issued')
    expect(await answer).toMatchObject({ allowed: true })
  }, 120_000)

  test('is reviewed by nobody who set the task', async () => {
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    const output = await heldOutput(text)
    await expect(openReview(stage.manager, output)).rejects.toMatchObject({ remote: 'NOT_ELIGIBLE' })
    const review = await look(stage.lead, output, 300)
    expect(await refuseOutput(stage.lead, review)).toBe(false)
    expect(await showOutput(stage.lead, output)).toMatchObject({ refusals: 1, attestation: null })
    await look(third, output, 300)
    await attestOutput(third, output)
    expect(await answer).toMatchObject({ allowed: true })
  }, 60_000)
})

describe('release', () => {
  const open = async (name: string, instruction: string) => {
    const enrolled = await enrollPointAs('in_process', stage.manager, name, ['letters'])
    const point = join(stage.folder, `${name}.point.json`)
    await writePrivate(point, enrolled)
    const jwk = nodeCrypto.generateKey('Ed25519')
    const { publicJwk } = nodeCrypto.signer(jwk)
    await addAgentKey(stage.manager, stage.agent.id, publicJwk)
    const { jti, chain } = await delegate(stage.manager, {
      agent: stage.agent.id,
      jkt: thumbprint(nodeCrypto, publicJwk),
      aud: [enrolled.point],
      grants: [{ type: 'tool', server: 'letters', actions: ['read'] }],
      ttl_s: 3600,
      depth_max: 0,
      instruction,
    })
    return { guard: await connect({ point, key: { ...jwk }, chain }), jti }
  }

  test('three outputs leave in three roles: authored, supervised, directed', async () => {
    const { guard, jti } = await open('three', 'Send the status mail every night.')
    const directed = await release('All is well.', { where: guard, kind: 'status_mail' })
    expect(directed).toMatchObject({ decision: 'allow', role: 'directed' })
    const letter = 'Dear customer, your refund is on its way.'
    const waits = Promise.withResolvers<string>()
    const supervised = release(letter, {
      where: guard,
      kind: 'letter',
      onReview: ({ output, url }) => {
        expect(url).toContain(`/review#${output}`)
        waits.resolve(output)
      },
    })
    const output = await waits.promise
    await look(stage.lead, output, 600)
    const sealed = await attestOutput(stage.lead, output)
    expect(verified(sealed, letter, 'letter')).toMatchObject({ ok: true, role: 'supervised' })
    expect(await supervised).toMatchObject({ decision: 'allow', role: 'supervised', output })
    const own = 'We are sorry about this. The money left our bank this morning and is with you by Friday.'
    const written = await registerWritten(stage.manager, {
      kind: 'letter',
      name: 'letter.txt',
      bytes: utf8(own),
      form: 'text',
      draft: output,
      jti,
    })
    const authored = await attestOutput(stage.manager, written)
    expect(verified(authored, own, 'letter')).toMatchObject({ ok: true, role: 'authored' })
    await releaseOutput(stage.manager, written)
    await guard.close()
  }, 120_000)

  test('is a tool for a client of a gateway: allowed, held, or asked after, and by nobody else', async () => {
    const call = async (by: CountersignMcpSession, args: JsonObject): Promise<JsonObject> => {
      const name = RELEASE_TOOL
      const params = { name, arguments: args, _meta: by.metaFor(name, args) }
      return (await gateway.request('tools/call', params)).structuredContent as JsonObject
    }
    const { tools } = await gateway.request('tools/list', {})
    const own = (tools as JsonObject[]).at(-1)
    expect(own?.name).toBe(RELEASE_TOOL)
    expect(own).toMatchObject({
      inputSchema: { properties: { kind: { enum: ['message', 'letter', 'status_mail'] } } },
    })
    const sent = await call(session, { kind: 'status_mail', key: 'of today', text: 'All is well.' })
    expect(sent).toMatchObject({ decision: 'allow', role: null })
    const text = 'Dear customer, we are looking into it.'
    const letter = { kind: 'letter', key: '1', text, wait_s: 0 }
    const held = z
      .object({ decision: z.literal('held'), output: z.string(), url: z.url() })
      .parse(await call(session, letter))
    expect(held.url).toContain(`#${held.output}`)
    expect((await call(session, letter)).output).toBe(held.output)
    const { chain } = await delegate(stage.manager, {
      agent: stage.agent.id,
      jkt: stage.agent.jkt,
      aud: [gate],
      grants: [ECHO_GRANT],
      ttl_s: 3600,
      depth_max: 0,
    })
    const other = await stage.open(gateway, chain)
    expect((await call(other, letter)).output).not.toBe(held.output)
    await look(stage.lead, held.output, 600)
    const sealed = await attestOutput(stage.lead, held.output)
    expect(verified(sealed, text, 'letter')).toMatchObject({ ok: true, role: 'supervised' })
    expect(await call(session, letter)).toMatchObject({
      decision: 'allow',
      output: held.output,
      role: 'supervised',
    })
    expect((await call(session, { ...letter, text: `${text} Soon.` })).decision).toBe('held')
    const unproven = await gateway.request('tools/call', { name: RELEASE_TOOL, arguments: letter })
    expect(unproven).toMatchObject({ isError: true, structuredContent: { decision: 'deny' } })
    const wrong = call(session, { kind: 'novel', key: '1', text })
    await expect(wrong).rejects.toThrow('message, letter, status_mail')
  }, 60_000)

  test('is denied when nobody attests it in time, and says so', async () => {
    const { guard } = await open('late', 'Answer customers.')
    const answer = await release('Dear customer.', { where: guard, kind: 'letter', ttl_ms: 500 })
    expect(answer).toMatchObject({ decision: 'deny', reasons: ['ATTESTATION_NEEDED'] })
    await guard.close()
  }, 60_000)
})

test('a seeded error is found or missed, and never leaves', async () => {
  const { client } = stage.manager
  const plant = async (content: string): Promise<string> => {
    const { seed } = (await client.post('/v1/seeds', { kind: 'letter' })) as { seed: string }
    const { subject } = measured(nodeCrypto, content, { kind: 'letter' })
    const body = { subject: subject.map((one) => ({ ...one })), content, calls: [] }
    return ((await client.post(`/v1/seeds/${seed}/plant`, body)) as { output: string }).output
  }
  const missed = await plant('Your refund of 4,200,000 euros is on its way.')
  await look(stage.lead, missed, 600)
  expect(await attestOutput(stage.lead, missed)).toEqual({ outcome: 'seed', bundle: null })
  await expect(releaseOutput(stage.manager, missed)).rejects.toMatchObject({ remote: 'RELEASE_HELD' })
  const caught = await plant('Your refund of minus 42 euros is on its way.')
  expect(await refuseOutput(stage.lead, await look(stage.lead, caught, 600))).toBe(true)
}, 60_000)

test('what left is covered, and counted at a command line', async () => {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const period = { from: day(Date.now() - 86_400_000), to: day(Date.now() + 86_400_000) }
  const rows = await until('all are counted', async () => {
    const found = (await coverageOf(stage.manager, 'kind', period)).rows
    return found.find(({ of }) => of === 'message')?.released === 3 ? found : null
  })
  expect(rows).toMatchObject([
    { of: 'letter', released: 3, authored: 1, supervised: 2, uncovered: 0 },
    { of: 'message', released: 3, supervised: 3, uncovered: 0 },
    // The instruction of the gateway's client names no status mail.
    { of: 'status_mail', released: 2, directed: 1, uncovered: 1 },
  ])
  expect((await deviationsOf(stage.manager)).total).toBe(1)
  const profile = ['--profile', stage.profileDir]
  const covered = JSON.parse((await runCli([...profile, '--json', 'attest', 'coverage'])).stdout)
  expect(covered.rows).toEqual(rows)
  const listed = JSON.parse((await runCli([...profile, '--json', 'output', 'list'])).stdout)
  expect(listed).toEqual(await listOutputs(stage.manager, false))
  const waiting = JSON.parse((await runCli([...profile, '--json', 'review', 'list'])).stdout)
  expect(waiting.map(({ kind }: { kind: string }) => kind)).toContain('letter')
}, 240_000)

test('what a person writes is registered, signed, released and disputed at a command line, and seeds are planted', async () => {
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(['--profile', stage.profileDir, '--json', ...args])
    return { code, value: JSON.parse(stdout === '' ? stderr : stdout) }
  }
  const file = join(stage.folder, 'letter.txt')
  await writeFile(file, 'Dear customer,\r\nit was our fault.\r\n')
  const { output } = (await cli('output', 'register', file, '--kind', 'letter')).value
  expect((await cli('output', 'release', output)).value).toMatchObject({ error: { code: 'RELEASE_HELD' } })
  const bundle = join(stage.folder, 'letter.txt.attestation.json')
  expect((await cli('review', 'attest', output, '-o', bundle)).value).toMatchObject({ outcome: 'issued' })
  const seen = await cli('attest', 'verify', file, '--key', kid)
  expect(seen.value).toMatchObject({ ok: true, role: 'authored' })
  const { attestation } = (await cli('output', 'release', output)).value
  expect((await cli('attest', 'dispute', attestation, '--reason', 'wrong')).code).toBe(0)
  expect((await cli('attest', 'withdraw', attestation, '--reason', 'wrong')).value).toMatchObject({
    state: 'withdrawn',
  })
  const { seed } = (await cli('review', 'seed', 'commit', '--kind', 'letter')).value
  const planted = (await cli('review', 'seed', 'plant', seed, file, '--name', 'letter')).value
  expect((await listOutputs(stage.lead, true)).map(({ id }) => id)).toContain(planted.output)
  expect((await cli('review', 'seed', 'take-back', planted.output)).code).toBe(0)
  expect(await showOutput(stage.lead, planted.output)).toMatchObject({ seed: 'unused' })
}, 240_000)

test('leaves evidence that verifies', async () => {
  const file = join(stage.folder, 'pack.zip')
  const profile = ['--profile', stage.profileDir]
  const built = await runCli([...profile, 'evidence', 'build', '--from', '2026-01-01T00:00:00Z', '-o', file])
  expect(built.code).toBe(0)
  const found = await runCli(['--json', 'verify', file, '--key', stage.control.vkey])
  expect(JSON.parse(found.stdout)).toMatchObject({ ok: true, faults: [] })
  const rebuilt = await runCli(['--json', 'log', 'rebuild', '--check', '--data', stage.dataDir])
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({ ok: true })
}, 120_000)
