/** The scenes of the kill switch: a drill, and a kill when control plane and database are gone. spec/kill.md. @module */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { walkthrough } from '../../apps/cli/drill-walkthrough.ts'
import {
  closeDrill,
  findDrill,
  planDrill,
  readReport,
  startDrill,
  watchDrill,
} from '../../apps/cli/drills.ts'
import {
  beginLift,
  offlineKill,
  openBreakGlass,
  pushToFolder,
  readSwitch,
  setRoster,
  signLift,
} from '../../apps/cli/kills.ts'
import { delegate } from '../../apps/cli/operator.ts'
import type { Signer } from '../../src/core/crypto.ts'
import type { Narrator } from './narrator.ts'
import { AgentProcess, BREAK_GLASS_FILE } from './processes.ts'
import { DemoFailed, expectAllowed, expectDenied } from './scenes.ts'
import { BOUND_S, boundedRead, type Stage, type StagedAgent } from './stage.ts'

/** What it is without being asked for, and a little: whoever goes by it is stale by then. In milliseconds. */
const USUAL_BOUND_MS = 2_500
const WAIT_MS = 20_000
const LOOK_MS = 50
const SCOPE = { kind: 'class', id: 'assistant' } as const

interface Busy {
  readonly name: string
  readonly agent: AgentProcess
  /** Reads a report; another call each time. */
  readonly read: object
}

export interface KillStage {
  readonly breakGlass: Signer
  readonly busy: readonly Busy[]
}

/** Two agents behind a gateway each, and the people who may lift. */
export async function startKillStage(stage: Stage): Promise<KillStage> {
  const breakGlass = await openBreakGlass(join(stage.folder, 'control-plane', BREAK_GLASS_FILE), null)
  const people = [stage.manager.person, stage.lead.person]
  await setRoster(stage.manager, breakGlass, { people, m: 2 }, () => undefined)
  const busy = [
    await open(stage, 'the agent', stage.agent, stage.points[0]),
    await open(stage, 'the other agent', stage.subAgent, stage.points[1]),
  ]
  return { breakGlass, busy }
}

async function open(
  stage: Stage,
  name: string,
  { id, jkt, keyFile }: StagedAgent,
  point: Stage['points'][number],
): Promise<Busy> {
  const { chain } = await delegate(stage.manager, {
    agent: id,
    jkt,
    aud: [point.id],
    grants: [boundedRead(stage.files)],
    ttl_s: 600,
    depth_max: 0,
  })
  const agent = await AgentProcess.start(keyFile, point.file, stage.files)
  await agent.ask({ op: 'open', chain })
  const args = { path: join(stage.files, 'reports', 'q3.txt') }
  return { name, agent, read: { op: 'call', tool: 'read_text_file', args } }
}

/** @returns whether the report says what happened */
export async function playDrill(stage: Stage, { busy }: KillStage, tell: Narrator): Promise<boolean> {
  tell.chapter('A drill of the kill switch')
  const id = await planDrill(stage.manager, { mode: 'production', scope: SCOPE })
  tell.step(`drill ${id} planned by the manager: production, on every agent of class ${SCOPE.id}`)
  for (const { name, agent, read } of busy)
    expectAllowed(await agent.ask(read), `${name} reads reports/q3.txt`, tell)
  const kill = (await startDrill(stage.lead, await findDrill(stage.lead, id))) ?? ''
  tell.step(`the security lead runs it: ${kill} is pulled, by one gesture`)
  const report = await watchDrill(stage.lead, id, WAIT_MS, ({ answered_n, points_n }) =>
    tell.step(`${answered_n} of ${points_n} points deny`),
  )
  for (const { name, agent, read } of busy)
    expectDenied(await agent.ask(read), 'KILLED', `${name} reads reports/q3.txt`, tell)
  await lift(stage, kill, tell)
  await allowedAgain(busy, tell)
  await until('the log has what was allowed since', async () => {
    const open = (await readReport(stage.lead, id)).report
    return (
      open.lift?.first_allow_ms !== null && open.points.every(({ next_allow_ms }) => next_allow_ms !== null)
    )
  })
  const closed = await closeDrill(stage.lead, id)
  for (const line of walkthrough(closed).split('\n')) if (line !== '') tell.step(line)
  const { report: last } = closed
  return report.answered_n === busy.length && last.answered_n === last.points_n && last.lift?.people_n === 2
}

/**
 * The control plane and its database are stopped; a kill comes by another way.
 * @param database stopped too, where it is a server
 * @returns whether points denied because of the kill, and not because they heard nothing
 */
export async function playOutage(
  stage: Stage,
  { breakGlass, busy }: KillStage,
  database: { crash(): Promise<void>; resume(): Promise<void> } | null,
  tell: Narrator,
): Promise<boolean> {
  tell.chapter('The control plane and its database are gone')
  await stage.control.crash()
  await database?.crash()
  const gone_at = performance.now()
  tell.step('both are stopped, with kill -9')
  await pause(USUAL_BOUND_MS)
  for (const { name, agent, read } of busy)
    expectAllowed(await agent.ask(read), `${name}, whose bound is ${BOUND_S} s, ${since(gone_at)}`, tell)

  const statement = offlineKill(breakGlass, await issuerOf(stage), SCOPE, 'demonstration')
  const folder = join(stage.folder, 'statements')
  const { to } = await pushToFolder(folder, statement, Promise.resolve(new Map()))
  const mark = basename(to, '.json')
  await until('every point has the kill on its disk', async () => {
    const acks = (await readdir(folder)).filter(
      (name) => name.startsWith(`${mark}.`) && name.endsWith('.ack'),
    )
    return acks.length === busy.length
  })
  tell.step(`a kill by the break-glass key, as a file: acknowledged by ${busy.length} points`)
  let killed = 0
  for (const { name, agent, read } of busy) {
    const answer = await agent.ask(read)
    expectDenied(answer, 'KILLED', `${name}, ${since(gone_at)}`, tell)
    if (answer.reasons.length === 1) killed++
  }

  await database?.resume()
  await stage.control.restart()
  const { id } = statement.kill
  await until('the control plane has the kill', async () =>
    (await readSwitch(stage.manager)).kills.some(({ kill }) => kill.id === id),
  )
  tell.step('the control plane is back, and its points have handed the kill in')
  await lift(stage, id, tell)
  await allowedAgain(busy, tell)
  for (const { agent } of busy) await agent.stop()
  return killed === busy.length
}

function since(at: number): string {
  return `${((performance.now() - at) / 1000).toFixed(1)} s after that`
}

async function issuerOf(stage: Stage): Promise<string> {
  const file: unknown = JSON.parse(await readFile(stage.points[0].file, 'utf8'))
  return z.object({ trust: z.object({ iss: z.string() }) }).parse(file).trust.iss
}

async function lift({ manager, lead }: Stage, kill: string, tell: Narrator): Promise<void> {
  const id = await beginLift(manager, [kill], 'over')
  const { missing } = await signLift(manager, id, [kill], () => undefined)
  if (missing !== 1) throw new DemoFailed('one person alone lifts a kill')
  await signLift(lead, id, [kill], () => undefined)
  tell.step('lifted, by the gestures of two people')
}

async function allowedAgain(busy: readonly Busy[], tell: Narrator): Promise<void> {
  for (const { name, agent, read } of busy) {
    await until(`${name} may call again`, async () => (await agent.ask(read)).allowed === true)
    tell.allowed(`${name} reads reports/q3.txt`)
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS
  while (!(await isSo())) {
    if (performance.now() >= end) throw new DemoFailed(`waited in vain: ${what}`)
    await pause(LOOK_MS)
  }
}
