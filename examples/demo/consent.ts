/**
 * The scene about consent: an agent serves three customers, and each of them decides. One withdraws in mid-run, and the
 * next call leaves them out.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { withdrawConsent } from '../../apps/cli/consent/acts.ts'
import { addSystem, delegate, enrollPoint } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { DPV, PD } from '../../src/core/dpv.ts'
import type { ToolLabel } from '../../src/core/label.ts'
import { addPerson, agreeOnNotice, takeOver } from './agreed.ts'
import { policyIs, registerLabelled } from './labelled.ts'
import type { Narrator } from './narrator.ts'
import { AgentProcess } from './processes.ts'
import { DemoFailed, expectAllowed, expectDenied } from './scenes.ts'
import { addAgent, type Stage } from './stage.ts'

const CUSTOMERS = fileURLToPath(new URL('customers.ts', import.meta.url))
const SERVER = 'customers'
const PURPOSE = `${DPV}Marketing`
const CATEGORIES = [`${PD}Contact`]
const LOOK_MS = 100
const LOOK_MS_MAX = 30_000
const mail = (name: string): string => `${name}@customer.example`

const READS: ToolLabel = {
  v: 1,
  result: {
    level: 'internal',
    integrity: 'trusted',
    categories: [],
    subject: '/customers/*/id',
    fields: { '/customers/*': { categories: ['contact'] } },
  },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
}
const LABELS: Readonly<Record<string, ToolLabel>> = {
  customers: READS,
  offer: {
    ...READS,
    result: { level: 'public', integrity: 'trusted', categories: ['contact'] },
    effect: 'external',
    destination: ['/to'],
    subject: ['/to'],
  },
}

/** @returns whether who withdrew was left out from then on, and nobody else */
export async function playConsent(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.chapter('Personal data, only as long as its people agree')
  const { folder, manager, lead } = stage
  const sent = join(folder, 'offers.txt')
  await writeFile(sent, '')
  const system = await addSystem(manager, 'Customers')
  await registerLabelled(stage, { system, server: SERVER, args: [CUSTOMERS, sent], labels: LABELS })
  await policyIs(stage, { v: 1, mode: 'off', bases: 'enforce' })
  const people = { manager, lead }
  const said = { purposes: [PURPOSE], categories: CATEGORIES }
  const notice = await agreeOnNotice(people, { jurisdiction: 'EU', ...said })
  await takeOver(manager, { subject: await addPerson(manager, mail('ann')), notice, ...said })
  const bo = await takeOver(manager, { subject: await addPerson(manager, mail('bo')), notice, ...said })
  await addPerson(manager, mail('cy'))
  tell.step('Ann and Bo agreed to offers, Cy did not, and nobody knows Zoe')

  const agent = await seller(stage, system, sent, tell)
  const before = await seen(agent, (all) => all.includes(mail('bo')))
  tell.good(`the agent reads: ${before.join(', ')}`)
  expectAllowed(await offer(agent, 'bo', 'Apples'), 'an offer to Bo', tell)
  const begun = performance.now()
  await withdrawConsent(manager, bo.consent, { purposes: null, reason: 'withdrawn' })
  const after = await seen(agent, (all) => all.includes('[withheld: CONSENT_WITHDRAWN]'))
  const took_ms = Math.round(performance.now() - begun)
  tell.good(`Bo withdraws; ${took_ms} ms later the agent reads: ${after.join(', ')}`)
  expectDenied(await offer(agent, 'bo', 'Pears'), 'CONSENT_WITHDRAWN', 'another offer to Bo', tell)
  expectAllowed(await offer(agent, 'ann', 'Pears'), 'an offer to Ann, who still agrees', tell)
  await agent.stop()
  await policyIs(stage, { v: 1, mode: 'off' })
  const offers = (await readFile(sent, 'utf8')).trim().split('\n').length
  return after[0] === mail('ann') && after[2] === '[withheld: NO_BASIS]' && offers === 2
}

/** An agent behind a gateway of its own, delegated to for one purpose. */
async function seller(stage: Stage, system: string, sent: string, tell: Narrator): Promise<AgentProcess> {
  const { folder, manager, lead } = stage
  const { id, jkt, keyFile } = await addAgent(manager, lead, folder, system, 'seller', 'clerk')
  const enrolled = await enrollPoint(manager, 'gateway-customers', SERVER)
  const point = join(folder, 'gateway-customers.json')
  await writePrivate(point, enrolled)
  const { chain } = await delegate(manager, {
    agent: id,
    jkt,
    aud: [enrolled.point],
    grants: [{ type: 'tool', server: SERVER, actions: ['*'], purposes: [PURPOSE] }],
    ttl_s: 600,
    depth_max: 0,
    instruction: 'Tell customers of offers.',
  })
  const agent = await AgentProcess.start(keyFile, point, sent, CUSTOMERS)
  expectAllowed(await agent.ask({ op: 'open', chain }), 'session opened, for marketing', tell)
  return agent
}

function offer(agent: AgentProcess, name: string, text: string): ReturnType<AgentProcess['ask']> {
  return agent.ask({ op: 'call', tool: 'offer', args: { to: mail(name), text } })
}

/** What stands for each customer in what the agent reads, once it is as it should be. */
async function seen(agent: AgentProcess, isSo: (all: readonly string[]) => boolean): Promise<string[]> {
  const end = performance.now() + LOOK_MS_MAX
  for (;;) {
    const { text } = await agent.ask({ op: 'call', tool: 'customers', args: {} })
    const { customers } = JSON.parse(String(text)) as { customers: (string | { id: string })[] }
    const all = customers.map((one) => (typeof one === 'string' ? one : one.id))
    if (isSo(all)) return all
    if (performance.now() > end) throw new DemoFailed(`the agent still reads ${all.join(', ')}`)
    await pause(LOOK_MS)
  }
}
