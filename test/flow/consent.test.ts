/**
 * Consent with real processes: a control plane, a gateway before a real MCP server, an agent that serves several data
 * subjects. spec/consent.md (CNS-19 to CNS-28, CNS-33). What the tool did, in its own words, is the ground truth.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { withdrawConsent } from '../../apps/cli/consent/acts.ts'
import {
  approveFlowPolicy,
  approveLabels,
  listLabels,
  proposeFlowPolicy,
  proposeLabels,
} from '../../apps/cli/labels/acts.ts'
import { addSystem, delegate, enrollPoint } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { ConsentRecord } from '../../src/core/consent.ts'
import { DPV, PD } from '../../src/core/dpv.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { ToolLabel } from '../../src/core/label.ts'
import { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { addPerson, agreeOnBasis, agreeOnNotice, takeOver } from '../../examples/demo/agreed.ts'
import { CLI, McpProcess, runCli, until } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const CRM = fileURLToPath(new URL('../../examples/demo/customers.ts', import.meta.url))
const SERVER = 'crm'
const MARKETING = `${DPV}Marketing`
const ADVERTISING = `${DPV}PersonalisedAdvertising`
const SERVICE = `${DPV}ServiceProvision`
const CONTACT = `${PD}Contact`
const BOUND_MS = 2000
const mail = (name: string): string => `${name}@customer.example`

const reads = (result: Partial<ToolLabel['result']>, more: Partial<ToolLabel> = {}): ToolLabel => ({
  v: 1,
  result: { level: 'internal', integrity: 'trusted', categories: ['contact'], ...result },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
  ...more,
})
const LABELS: Readonly<Record<string, ToolLabel>> = {
  customers: reads({
    categories: [],
    subject: '/customers/*/id',
    fields: { '/customers/*': { categories: ['contact'] } },
  }),
  customer: reads({ subject: '/id' }, { subject: ['/id'] }),
  offer: reads({}, { effect: 'external', destination: ['/to'], subject: ['/to'] }),
}

let stage: Stage
let sent: string
let point: { readonly id: string; readonly path: string }
let gateway: McpProcess
let notice: string
let bo: ConsentRecord
let cy: string

beforeAll(async () => {
  stage = await Stage.set()
  sent = join(stage.folder, 'sent')
  await register()
  await approveFlowPolicy(
    stage.lead,
    await proposeFlowPolicy(stage.manager, { v: 1, mode: 'off', bases: 'enforce' }),
  )
  notice = await agreeOnNotice(stage, {
    jurisdiction: 'EU',
    purposes: [MARKETING, SERVICE],
    categories: [CONTACT],
  })
  const consent = { notice, purposes: [MARKETING, SERVICE], categories: [CONTACT] }
  await takeOver(stage.manager, {
    subject: await addPerson(stage.manager, mail('Ann')),
    ...consent,
  })
  bo = await takeOver(stage.manager, {
    subject: await addPerson(stage.manager, mail('bo')),
    ...consent,
  })
  cy = await addPerson(stage.manager, mail('cy'))
  const file = await enrollPoint(stage.manager, 'crm-gateway', SERVER)
  point = { id: file.point, path: join(stage.folder, 'crm-gateway.json') }
  await writePrivate(point.path, file)
  const command = [CLI, 'gateway', '--stdio', '--point', point.path, '--', process.execPath, CRM, sent]
  gateway = await new McpProcess(process.execPath, command).initialize()
}, 180_000)
afterAll(async () => {
  await gateway.end('SIGKILL')
  await stage.remove()
})

/** The tools of the server, each with a label that somebody else approved. */
async function register(): Promise<void> {
  const system = await addSystem(stage.manager, 'Customers')
  const server = await new McpProcess(process.execPath, [CRM, sent]).initialize()
  const { tools } = z
    .object({ tools: z.array(z.looseObject({ name: z.string() })) })
    .parse(await server.request('tools/list', {}))
  await server.end('SIGTERM')
  for (const tool of tools) {
    const definition_hash = definitionHash(nodeCrypto, tool as JsonObject)
    await registerTool(stage.manager, {
      system,
      server: SERVER,
      tool: tool.name,
      definition_hash,
      measures: {},
    })
  }
  const labels = (await listLabels(stage.manager)).flatMap(({ tool, name, server: of, definition_hash }) => {
    const label = of === SERVER ? LABELS[name] : undefined
    return label === undefined ? [] : [{ tool, definition_hash, label }]
  })
  await approveLabels(stage.lead, await proposeLabels(stage.manager, labels))
}

interface Answer {
  readonly text: string
  readonly reasons: readonly string[]
  readonly whole: JsonObject
}
type Call = (tool: string, args?: JsonObject) => Promise<Answer>

/** A session of the agent, for these purposes. */
const agentFor = (...purposes: string[]): Promise<Call> => agentUnder({}, ...purposes)

async function agentUnder(alone: { consent?: string }, ...purposes: string[]): Promise<Call> {
  const { id: agent, jkt, holder } = stage.agent
  const grants = [{ type: 'tool' as const, server: SERVER, actions: ['*'], purposes }]
  const { chain } = await delegate(stage.manager, {
    agent,
    jkt,
    aud: [point.id],
    grants,
    ttl_s: 3600,
    depth_max: 0,
    ...alone,
  })
  const session = await CountersignMcpSession.open({
    crypto: nodeCrypto,
    clock: systemClock,
    chain,
    holder,
    request: (method, params) => gateway.request(method, params),
  })
  return async (name, args = {}) => {
    const params = { name, arguments: args, _meta: session.metaFor(name, args) }
    return answerOf(await gateway.request('tools/call', params))
  }
}

/** By the command line, too. @returns of each delegation for one person alone the consent, as the list has it */
async function delegatedByHand(consent: string): Promise<unknown[]> {
  const at = (name: string): string => join(stage.folder, name)
  await writePrivate(at('key.jwk'), stage.agent.holder.publicJwk)
  await writePrivate(at('grants.json'), [
    { type: 'tool', server: SERVER, actions: ['customer'], purposes: [MARKETING] },
  ])
  const parts = ['--key', at('key.jwk'), '--point', point.id, '--grants', at('grants.json')]
  const last = ['--consent', consent, '-o', at('di.chain')]
  const profile = ['--profile', stage.profileDir]
  const made = await runCli([...profile, 'delegate', stage.agent.id, ...parts, ...last])
  expect([made.code, made.stderr]).toEqual([0, ''])
  const { stdout } = await runCli([...profile, '--json', 'delegations'])
  const listed = z.array(z.looseObject({ consent: z.string().nullable() })).parse(JSON.parse(stdout))
  return listed.flatMap((each) => (each.consent === null ? [] : [each.consent]))
}

const resultSchema = z.looseObject({
  content: z.array(z.looseObject({ text: z.string() })),
  _meta: z
    .looseObject({ 'io.countersign/decision': z.object({ reasons: z.array(z.string()) }).optional() })
    .optional(),
})

function answerOf(result: JsonObject): Answer {
  const { content, _meta } = resultSchema.parse(result)
  const text = content.map((each) => each.text).join('\n')
  return { text, reasons: _meta?.['io.countersign/decision']?.reasons ?? [], whole: result }
}

/** As the agent reads them: the identifier of each that it may see, and what stands in place of the others. */
async function seenBy(call: Call): Promise<unknown[]> {
  const { text, reasons, whole } = await call('customers')
  expect(reasons).toEqual([])
  const seen = z.object({ customers: z.array(z.unknown()) }).parse(JSON.parse(text))
  expect(whole.structuredContent).toEqual(seen)
  return seen.customers.map((one) => (typeof one === 'string' ? one : (one as { id: unknown }).id))
}

const wasSent = async (text: string): Promise<boolean> =>
  (await readFile(sent, 'utf8').catch(() => '')).includes(text)

describe('an agent that serves several people', () => {
  let call: Call
  beforeAll(async () => {
    call = await agentFor(MARKETING)
  })

  test('sees those who agreed, and in place of each other why not', async () => {
    await until('the register is read', async () => ((await seenBy(call))[0] === mail('ann') ? true : null))
    expect(await seenBy(call)).toEqual([
      mail('ann'),
      mail('bo'),
      '[withheld: NO_BASIS]',
      '[withheld: SUBJECT_UNRESOLVED]',
    ])
    expect(await call('offer', { to: mail('bo'), text: 'early' })).toMatchObject({ text: 'sent' })
  }, 60_000)

  test('loses one who withdraws in mid-session, at its next call within the bound', async () => {
    await withdrawConsent(stage.manager, bo.consent, { purposes: null, reason: 'withdrawn' })
    const acknowledged = performance.now()
    await until('the point has heard of it', async () =>
      (await seenBy(call))[1] === '[withheld: CONSENT_WITHDRAWN]' ? true : null,
    )
    expect(performance.now() - acknowledged).toBeLessThan(BOUND_MS + 10_000) // the bound, on a busy machine
    expect((await seenBy(call)).slice(0, 2)).toEqual([mail('ann'), '[withheld: CONSENT_WITHDRAWN]'])
    expect(await call('customer', { id: mail('bo') })).toMatchObject({ reasons: ['CONSENT_WITHDRAWN'] })
    const offer = await call('offer', { to: mail('bo'), text: 'late' })
    expect(offer).toMatchObject({ reasons: ['CONSENT_WITHDRAWN'] })
    expect(offer.text).toMatch(/withdrawn their consent.*leave this person out/)
    expect(await wasSent('late')).toBe(false)
    expect(await call('offer', { to: mail('ann'), text: 'on it goes' })).toMatchObject({ text: 'sent' })
  }, 60_000)

  test('touches nobody without a basis, and nobody whom no one can name', async () => {
    expect(await call('customer', { id: mail('cy') })).toMatchObject({ reasons: ['NO_BASIS'] })
    expect(await call('customer', { id: mail('zoe') })).toMatchObject({ reasons: ['SUBJECT_UNRESOLVED'] })
    expect(await call('customer', { id: '' })).toMatchObject({ reasons: ['SUBJECT_UNRESOLVED'] })
  }, 30_000)

  test('is held to the purposes of its grant', async () => {
    const other = await agentFor(`${DPV}FraudPreventionAndDetection`)
    expect(await other('customer', { id: mail('ann') })).toMatchObject({ reasons: ['PURPOSE_OUTSIDE'] })
    expect((await seenBy(other))[0]).toBe('[withheld: PURPOSE_OUTSIDE]')
  }, 30_000)

  test('goes on with one who agrees anew, once the point has read it', async () => {
    bo = await takeOver(stage.manager, {
      subject: bo.subject,
      notice,
      purposes: [MARKETING, SERVICE],
      categories: [CONTACT],
    })
    await until('the register is read', async () => ((await seenBy(call))[1] === mail('bo') ? true : null))
    // Of the new one he takes back one purpose: the other goes on.
    await withdrawConsent(stage.manager, bo.consent, { purposes: [MARKETING], reason: 'withdrawn' })
    await until('the point has heard', async () =>
      (await call('customer', { id: mail('bo') })).reasons[0] === 'CONSENT_WITHDRAWN' ? true : null,
    )
    const service = await agentFor(SERVICE)
    expect(await service('customer', { id: mail('bo') })).toMatchObject({ reasons: [] })
  }, 60_000)

  test('heeds who objects to what needs no consent', async () => {
    await agreeOnBasis(stage, {
      kind: 'gdpr_6_1_f',
      purpose: MARKETING,
      categories: [CONTACT],
      jurisdiction: 'EU',
    })
    await until('the basis is read', async () => ((await seenBy(call))[2] === mail('cy') ? true : null))
    await stage.manager.client.post(`/v1/data-subjects/${cy}/objections`, {
      right: 'gdpr_21',
      purposes: [MARKETING],
    })
    const seen = await until('the point has heard', async () => {
      const all = await seenBy(call)
      return all[2] === '[withheld: SUBJECT_OBJECTED]' ? all : null
    })
    expect(seen[0]).toBe(mail('ann'))
  }, 60_000)
})

test('a consent that ends in mid-session is no basis from that second on', async () => {
  const expires = Math.floor(Date.now() / 1000) + 4
  await takeOver(stage.manager, {
    subject: await addPerson(stage.manager, mail('ed')),
    notice,
    purposes: [SERVICE],
    categories: [CONTACT],
    expires,
  })
  const call = await agentFor(SERVICE)
  const said = async (): Promise<string | undefined> =>
    (await call('customer', { id: mail('ed') })).reasons[0]
  await until('the register is read', async () => ((await said()) === undefined ? true : null))
  await until('it is over', async () => ((await said()) === 'CONSENT_EXPIRED' ? true : null))
  expect(Date.now()).toBeGreaterThanOrEqual(expires * 1000)
}, 60_000)

test('an agent for one person alone touches nobody else, and stops when they withdraw', async () => {
  const { manager } = stage
  const di = await takeOver(manager, {
    subject: await addPerson(manager, mail('di')),
    notice,
    purposes: [MARKETING],
    categories: [CONTACT],
  })
  const call = await agentUnder({ consent: di.consent }, MARKETING)
  expect(await delegatedByHand(di.consent)).toEqual([di.consent, di.consent])
  const all = await agentFor(MARKETING)
  await until('the register is read', async () =>
    (await call('customer', { id: mail('di') })).reasons.length === 0 ? true : null,
  )
  // Of Ann there is a consent as well: this agent is not for her.
  expect(await call('customer', { id: mail('ann') })).toMatchObject({ reasons: ['SUBJECT_OUTSIDE'] })
  expect((await seenBy(call))[0]).toBe('[withheld: SUBJECT_OUTSIDE]')
  await withdrawConsent(manager, di.consent, { purposes: null, reason: 'withdrawn' })
  await until('the point has heard', async () =>
    (await call('customer', { id: mail('di') })).reasons[0] === 'REVOKED' ? true : null,
  )
  expect((await all('customer', { id: mail('ann') })).reasons).toEqual([])
  const { cascades } = z
    .object({ cascades: z.array(z.looseObject({ delegations: z.array(z.string()) })) })
    .parse(await manager.client.get(`/v1/consents/${di.consent}/cascades`))
  expect(cascades.map(({ delegations }) => delegations.length)).toEqual([2])
}, 60_000)

test('a child in India is not profiled, whoever agreed for them', async () => {
  const { manager } = stage
  const purposes = [SERVICE]
  const indian = await agreeOnNotice(stage, { jurisdiction: 'IN', purposes, categories: [CONTACT] })
  const child = await addPerson(manager, mail('zoe'), 'IN')
  await takeOver(manager, {
    subject: child,
    notice: indian,
    jurisdiction: 'IN',
    purposes,
    categories: [CONTACT],
    proxy: { relation: 'parent', evidence_hash: 'A'.repeat(43) },
    minor: { age: 12, until: Math.floor(Date.now() / 1000) + 6 * 366 * 86_400, verified: 'token' },
  })
  const call = await agentFor(ADVERTISING)
  await until('the register is read', async () =>
    (await call('customer', { id: mail('zoe') })).reasons[0] === 'MINOR_PROFILING' ? true : null,
  )
  expect((await seenBy(call))[3]).toBe('[withheld: MINOR_PROFILING]')
}, 60_000)

test('an auditor finds every use with a basis that lived, in a pack that verifies', async () => {
  const pack = join(stage.folder, 'pack.zip')
  const from = ['--from', '2026-01-01T00:00:00Z', '-o', pack]
  expect((await runCli(['--profile', stage.profileDir, 'evidence', 'build', ...from])).code).toBe(0)
  const { stdout } = await runCli(['--json', 'verify', pack, '--key', stage.control.vkey])
  const report = z
    .looseObject({
      faults: z.array(z.unknown()),
      checks: z.array(z.object({ name: z.string(), count: z.number() })),
    })
    .parse(JSON.parse(stdout))
  expect(report.faults).toEqual([])
  const joined = report.checks.find(({ name }) => name.startsWith('every use of personal data'))
  expect(joined?.count).toBeGreaterThan(8)
}, 180_000)
