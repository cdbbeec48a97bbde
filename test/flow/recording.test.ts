/**
 * The two modes of recording, with a control plane that is up, slow, gone and back: a real gateway, a real log.
 * spec/enforcement.md, RCP-10
 */
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import type { Receipt } from '../../src/log/receipt.ts'
import { gatewayArgs, McpProcess, RpcFault, until } from '../fixtures/processes.ts'
import {
  callTool,
  echoesOf,
  entriesOf,
  randomText,
  receiptsOf,
  Stage,
  type Answer,
  type StagedPoint,
} from '../fixtures/stage.ts'

/** Of a point, and of a call that waits for the log. */
const BOUND_MS = 2000

interface Gate {
  readonly point: StagedPoint
  readonly echoes: string
  readonly gateway: McpProcess
  session: CountersignMcpSession
}

let stage: Stage
let spool: Gate
let central: Gate

beforeAll(async () => {
  stage = await Stage.set()
  const [a, b] = [await stage.point('a'), await stage.point('b')]
  const { chain } = await stage.delegate(a, b)
  spool = await opened(a, 'spool', chain)
  central = await opened(b, 'central', chain)
}, 60_000)
afterAll(async () => {
  for (const gate of [spool, central]) await gate?.gateway.end('SIGTERM')
  await stage?.remove()
}, 60_000)

async function opened(point: StagedPoint, recording: string, chain: string): Promise<Gate> {
  const echoes = join(stage.folder, `echoes-${recording}`)
  const args = gatewayArgs(point.path, echoes)
  args.splice(args.indexOf('--'), 0, '--recording', recording)
  const gateway = await new McpProcess(process.execPath, args).initialize()
  const session = await until('a session', () =>
    stage.open(gateway, chain).catch((error: unknown) => {
      if (error instanceof RpcFault && error.reasons.includes('STALE_REVOCATION')) return null
      throw error
    }),
  )
  return { point, echoes, gateway, session }
}

const call = (gate: Gate, text = randomText()): Promise<Answer> =>
  callTool(gate.gateway, gate.session, 'echo', text).answer

/** Calls until one is allowed: on a busy machine heartbeats come late. */
const allowed = (gate: Gate): Promise<string> =>
  until('an allowed call', async () => {
    const answer = await call(gate)
    return answer.allowed ? answer.text : null
  })

async function allowsOf(gate: Gate): Promise<Receipt[]> {
  const receipts = await receiptsOf(stage, gate.point)
  return receipts.filter((each) => each.kind === 'decision' && each.decision === 'allow')
}

describe('while the control plane is up', () => {
  test('central: when the tool runs, the log has the record', async () => {
    for (let i = 0; i < 5; i++) {
      await allowed(central)
      // No waiting: it was in the log before the tool ran.
      expect(await allowsOf(central)).toHaveLength((await echoesOf(central.echoes)).length)
    }
  })

  test('spool: the record follows', async () => {
    await allowed(spool)
    const made = (await echoesOf(spool.echoes)).length
    expect(await until('the receipt', async () => (await allowsOf(spool)).length === made)).toBe(true)
  })
})

test('slow: a call of the one waits and is told no, with a record; one of the other needs only the state to be fresh', async () => {
  await allowed(spool)
  const before = (await echoesOf(central.echoes)).length
  stage.control.process.child.kill('SIGSTOP')
  try {
    const [own, waiting] = await Promise.all([call(spool), call(central)])
    if (!own.allowed) expect(own.reasons).toEqual(['STALE_REVOCATION'])
    expect(waiting).toMatchObject({ allowed: false })
    if (!waiting.allowed)
      expect([['NOT_LOGGED'], ['STALE_REVOCATION']]).toContainEqual(waiting.reasons.slice(0, 1))
  } finally {
    stage.control.process.child.kill('SIGCONT')
  }
  expect(await echoesOf(central.echoes)).toHaveLength(before)
  await allowed(central)
}, 60_000)

test('gone: calls of either pass at most until the bound, and again once it is back; nothing is lost or twice', async () => {
  await Promise.all([allowed(spool), allowed(central)])
  await stage.control.process.end('SIGKILL')
  const gone_ms = Date.now()
  const denied = async (gate: Gate): Promise<readonly string[]> =>
    until('a denial', async () => {
      const answer = await call(gate)
      return answer.allowed ? null : answer.reasons
    })
  const before = (await echoesOf(central.echoes)).length
  const [ofSpool, ofCentral] = await Promise.all([denied(spool), denied(central)])
  expect(ofSpool).toEqual(['STALE_REVOCATION'])
  expect([['NOT_LOGGED'], ['STALE_REVOCATION']]).toContainEqual(ofCentral)
  expect(await echoesOf(central.echoes)).toHaveLength(before)
  const last_ms = Math.max(...(await echoesOf(spool.echoes)).map(({ time_ms }) => time_ms))
  expect(last_ms - gone_ms).toBeLessThanOrEqual(BOUND_MS)
  await stage.restart()
  await Promise.all([allowed(spool), allowed(central)])
  for (const gate of [spool, central]) {
    const made = (await echoesOf(gate.echoes)).length
    // An allow whose log never answered is there as well, with a denial behind it.
    const receipts = await until('every receipt', async () => {
      const all = await receiptsOf(stage, gate.point)
      return effective(all).length === made ? all : null
    })
    expect(receipts.map(({ seq }) => seq)).toEqual(receipts.map((_, i) => i + 1))
    expect(new Set(receipts.map(({ epoch }) => epoch))).toEqual(new Set([1]))
  }
}, 60_000)

/** Allows that were the last word on their action (RCP-6). */
function effective(receipts: readonly Receipt[]): Receipt[] {
  const last = new Map<string, Receipt>()
  for (const each of receipts) if (each.kind === 'decision') last.set(each.action, each)
  return [...last.values()].filter((each) => each.kind === 'decision' && each.decision === 'allow')
}

describe('a spool that is not what it was', () => {
  const folderOf = ({ file }: StagedPoint): string => join(stage.folder, `${file.point}.spool`)
  let point: StagedPoint
  let chain: string

  /** One life of the gateway: some calls, all of them shipped. */
  async function live(from: StagedPoint, calls: number): Promise<void> {
    const gate = await opened(from, 'central', chain)
    for (let i = 0; i < calls; i++) await allowed(gate)
    await gate.gateway.end('SIGTERM')
  }
  const epochs = async (): Promise<readonly number[]> => [
    ...new Set((await receiptsOf(stage, point)).map(({ epoch }) => epoch)),
  ]
  beforeAll(async () => {
    point = await stage.point('c')
    ;({ chain } = await stage.delegate(point))
    await live(point, 2)
  }, 60_000)

  test('empty: a new epoch', async () => {
    await rm(folderOf(point), { recursive: true })
    await live(point, 1)
    expect(await epochs()).toEqual([1, 2])
  }, 60_000)

  test('restored from an older copy: it shows before a call is made, and the calls stand in a new epoch', async () => {
    await cp(folderOf(point), `${folderOf(point)}.copy`, { recursive: true })
    await live(point, 2)
    await rm(folderOf(point), { recursive: true })
    await cp(`${folderOf(point)}.copy`, folderOf(point), { recursive: true })
    await live(point, 2)
    expect(await epochs()).toEqual([1, 2, 3])
    const calls = (await receiptsOf(stage, point)).filter(({ epoch }) => epoch === 3)
    // An outcome may come after the next decision.
    expect(calls.map(({ kind }) => kind).toSorted()).toEqual(['decision', 'decision', 'outcome', 'outcome'])
    const detail = { epoch: 3, previous_seq: 6, reason: 'refused' }
    const raised = { rule: 'EPOCH_REOPENED', detail }
    expect(await entriesOf(stage, 'alert.raised')).toContainEqual(expect.objectContaining(raised))
  }, 60_000)

  test('copied: the second of two gateways that use it is refused its stream, with an alert', async () => {
    const twin = { ...point, path: join(stage.folder, 'twin', 'c.json') }
    await mkdir(join(stage.folder, 'twin'))
    await cp(point.path, twin.path)
    await cp(folderOf(point), join(stage.folder, 'twin', `${point.id}.spool`), { recursive: true })
    const gates = [await opened(point, 'spool', chain), await opened(twin, 'spool', chain)]
    for (const gate of gates) await allowed(gate)
    const alerts = await until('a new epoch', async () => {
      const all = JSON.stringify(await entriesOf(stage, 'alert.raised'))
      return all.includes('"epoch":4') ? all : null
    })
    expect(alerts).toContain('SEQUENCE_FORK')
    for (const gate of gates) await gate.gateway.end('SIGTERM')
  }, 60_000)
})
