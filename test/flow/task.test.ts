/** A task that recurs: what its runs did becomes a narrower delegation. Real processes. spec/flow.md, FLW-11. @module */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { approveLabels, listLabels, proposeLabels } from '../../apps/cli/labels/acts.ts'
import { delegate } from '../../apps/cli/operator.ts'
import type { ToolLabel } from '../../src/core/label.ts'
import type { Grant } from '../../src/token/grant.ts'
import { runCli, startGateway } from '../fixtures/processes.ts'
import { callTool, entriesOf, SERVER, Stage, type Answer, type StagedPoint } from '../fixtures/stage.ts'

const SENDS: ToolLabel = {
  v: 1,
  result: { level: 'internal', integrity: 'trusted', categories: [] },
  effect: 'external',
  accepts: 'confidential',
  destination: ['/text'],
}

let stage: Stage
let point: StagedPoint
beforeAll(async () => {
  stage = await Stage.set()
  point = await stage.point('gateway')
}, 120_000)
afterAll(() => stage.remove())

const file = (name: string): string => join(stage.folder, name)

/** A run of its own under a chain: each text is sent to the tool. */
async function run(chain: string, ...texts: string[]): Promise<Answer[]> {
  const gateway = await startGateway(point.path, file('echoes'))
  const session = await stage.open(gateway, chain)
  const answers: Answer[] = []
  for (const text of texts) answers.push(await callTool(gateway, session, 'echo', text).answer)
  gateway.child.stdin.end()
  await gateway.ended
  return answers
}

const learn = (...args: string[]) =>
  runCli(['--json', '--profile', stage.profileDir, 'task', 'learn', ...args])

test('runs that a person approves of become grants for where they went, and nowhere else', async () => {
  const good = await stage.delegate(point)
  const other = await stage.delegate(point)
  await run(good.chain, 'ann@example.com', 'bob@example.com', 'ann@example.com')
  await run(other.chain, 'eve@example.org')

  const unlabelled = await learn(good.jti, '-o', file('none.json'))
  expect([unlabelled.code, JSON.parse(unlabelled.stdout)]).toMatchObject([
    1,
    { error: { code: 'NOTHING_LEARNED' } },
  ])

  const echo = (await listLabels(stage.manager)).find(({ name }) => name === 'echo')
  const { tool = '', definition_hash = '' } = echo ?? {}
  await approveLabels(
    stage.lead,
    await proposeLabels(stage.manager, [{ tool, definition_hash, label: SENDS }]),
  )

  const learned = await learn(good.jti, '-o', file('grants.json'))
  expect(learned).toMatchObject({ code: 0, stderr: '' })
  const grants = JSON.parse(await readFile(file('grants.json'), 'utf8')) as Grant[]
  expect(grants).toEqual([
    {
      type: 'tool',
      server: SERVER,
      actions: ['echo'],
      constraints: { text: { in: ['ann@example.com', 'bob@example.com'] } },
    },
  ])
  expect(JSON.parse(learned.stdout)).toMatchObject({ calls: 3, left_out: [] })
  // Each argument that was looked at, and no other, is on record as opened.
  expect(await entriesOf(stage, 'field.opened')).toHaveLength(3)

  const { id: agent, jkt } = stage.agent
  const narrow = await delegate(stage.manager, {
    agent,
    jkt,
    aud: [point.id],
    grants,
    ttl_s: 600,
    depth_max: 0,
  })
  const answers = await run(narrow.chain, 'bob@example.com', 'eve@example.org')
  expect(answers).toMatchObject([
    { allowed: true, text: 'bob@example.com' },
    { allowed: false, reasons: ['CONSTRAINT_VIOLATED'] },
  ])
}, 120_000)

test('a delegation under which nothing was done teaches nothing', async () => {
  const { jti } = await stage.delegate(point)
  const { code, stdout } = await learn(jti, '-o', file('empty.json'))
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: 'NOTHING_LEARNED' } }])
  await expect(readFile(file('empty.json'))).rejects.toThrow('ENOENT')
}, 60_000)
