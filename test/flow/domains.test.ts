/** Memory domains between processes that are killed, and people who clear them. spec/flow.md (FLW-13 to FLW-21). */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveProfile } from '../../apps/cli/profile.ts'
import { BOTTOM, type DataLabel } from '../../src/core/label.ts'
import type { Seen } from '../fixtures/domain-process.ts'
import { Process, runCli, until } from '../fixtures/processes.ts'
import { Stage, type StagedPoint } from '../fixtures/stage.ts'

const HOLDER = fileURLToPath(new URL('../fixtures/domain-process.ts', import.meta.url))
const SECRET: DataLabel = { level: 'confidential', integrity: 'untrusted', categories: ['health'] }

let stage: Stage
let points: readonly StagedPoint[]
const running: Process[] = []
beforeAll(async () => {
  stage = await Stage.set()
  await saveProfile(join(stage.folder, 'lead'), stage.leadFile)
  points = [await stage.point('one'), await stage.point('two')]
}, 60_000)
afterAll(async () => {
  for (const each of running) await each.end('SIGKILL')
  await stage.remove()
})

function start(at: number): Process {
  const started = new Process(process.execPath, [HOLDER, points[at]!.path])
  running.push(started)
  return started
}

/** One call of the agent at that point. @returns what had been read before it */
async function read(at: Process, label: DataLabel): Promise<Seen> {
  const before = at.lines.length
  at.child.stdin.write(`${JSON.stringify({ agents: [stage.agent.id], label })}\n`)
  const line = await until(`an answer of ${at.child.pid}`, () => {
    if (!at.isRunning) throw new Error(at.output)
    return at.lines[before]
  })
  return JSON.parse(line) as Seen
}

async function domain(profile: string, ...args: readonly string[]): Promise<{ code: number; text: string }> {
  const folder = join(stage.folder, profile)
  const { code, stdout, stderr } = await runCli(['--json', '--profile', folder, 'domain', ...args])
  return { code: code ?? -1, text: stdout + stderr }
}

test('what was read at one process is known at the next, whoever was killed meanwhile, until a person clears it', async () => {
  const agent = stage.agent.id
  const [one, two] = [start(0), start(1)]
  expect(await read(one, SECRET)).toEqual({ taint: BOTTOM, forgot: false })
  expect(await read(two, { ...BOTTOM, categories: ['payment'] })).toEqual({ taint: SECRET, forgot: true })
  const all = { ...SECRET, categories: ['health', 'payment'] }
  await two.end('SIGKILL')
  expect(await read(one, BOTTOM)).toEqual({ taint: null, forgot: false }) // until its lease is over
  const again = start(1)
  await until('the domain is handed over', async () => {
    const { text } = await domain('profile', 'list')
    return text.includes('"point":null') || text.includes('"point": null')
  })
  expect(await read(one, BOTTOM)).toEqual({ taint: all, forgot: true })
  expect((await domain('lead', 'clear', agent)).text).toContain('STATE_CONFLICT')
  for (const each of [one, again]) {
    each.child.stdin.end()
    expect(await each.ended).toEqual({ code: 0, signal: null })
  }
  expect((await domain('profile', 'clear', agent)).text).toContain('SAME_PERSON')
  expect(await domain('lead', 'clear', agent)).toMatchObject({ code: 0 })
  expect(await read(start(0), BOTTOM)).toEqual({ taint: BOTTOM, forgot: false })
}, 60_000)
