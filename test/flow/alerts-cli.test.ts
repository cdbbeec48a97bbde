/** Alerts as operators handle them at the command line, with a real receiver. spec/alerts.md. */
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveProfile } from '../../apps/cli/profile.ts'
import { runCli, until } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

let stage: Stage
let receiver: Server
const got: string[] = []

beforeAll(async () => {
  stage = await Stage.set()
  await saveProfile(join(stage.folder, 'lead'), stage.leadFile)
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      got.push((JSON.parse(body) as { text: string }).text)
      response.end('ok')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
}, 60_000)
afterAll(async () => {
  receiver.closeAllConnections()
  receiver.close()
  await stage.remove()
})

async function type(command: string, who = 'profile'): Promise<string> {
  const { code, stdout, stderr } = await runCli(['--profile', join(stage.folder, who), ...command.split(' ')])
  if (code !== 0) throw new Error(`${command}: ${stderr}`)
  return stdout
}
const file = async (name: string, value: object): Promise<string> => {
  const path = join(stage.folder, name)
  await writeFile(path, JSON.stringify(value))
  return path
}
/** Registered once, proposed once more: somebody has to look at the change. */
async function changeTool(): Promise<void> {
  const [system = ''] = /sys_\w+/.exec(await type('system list')) ?? []
  for (const one of ['a', 'b'])
    await type(`tool register read --system ${system} --server reports --definition ${one.repeat(43)}`)
}

test('an alert is told, seen, taken, closed and exported, under a policy that another person approved', async () => {
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/services/x`
  const [channel = ''] =
    /chn_\w+/.exec(await type(`channel add ${await file('channel.json', { kind: 'slack', url })}`)) ?? []
  expect(await type('channel list')).toContain('well')
  await type(`channel test ${channel}`)
  await until('the test', async () => got.length === 1)
  const packaged = JSON.parse(await type('--json alert policy show --packaged')) as object
  const rules = { TOOL_CHANGED: { severity: 'critical', triage_min: 30 } }
  const [policy = ''] =
    /alp_\w+/.exec(await type(`alert policy propose ${await file('policy.json', { ...packaged, rules })}`)) ??
    []
  expect(await type('alert policy pending')).toContain(policy)
  expect(await type(`alert policy approve ${policy}`, 'lead')).toContain('in force')
  expect(await type('alert policy show')).toContain('TOOL_CHANGED')

  await changeTool()
  await until('the alert', async () => got.length === 2)
  expect(got[1]).toMatch(/^\[critical\] TOOL_CHANGED/)
  const [id = ''] = /alt_\d+/.exec(await type('alert list --status open')) ?? []
  expect(await type(`alert show ${id}`)).toContain('a tool is defined otherwise than it was registered')
  await type(`alert ack ${id} --triage real`, 'lead')
  await type(`alert close ${id} --as resolved`, 'lead')
  await until('its end', async () => got.length === 4)
  expect(await type(`alert show ${id}`)).toContain('closed: resolved')
  const ocsf = JSON.parse(await type('alert export --format ocsf')) as object
  expect(ocsf).toMatchObject({
    class_uid: 2004,
    activity_id: 3,
    status: 'Resolved',
    finding_info: { uid: id },
  })
  expect(await type('alert export --format cef')).toMatch(
    /^CEF:0\|Countersign\|Countersign\|1\|TOOL_CHANGED\|/,
  )

  const deliveries = JSON.parse(await type(`--json alert deliveries --channel ${channel}`)) as {
    id: string
    event: string
  }[]
  expect(deliveries.map(({ event }) => event).toSorted()).toEqual([
    'acknowledged',
    'closed',
    'raised',
    'test',
  ])
  const { id: raised = '' } = deliveries.find(({ event }) => event === 'raised') ?? {}
  await type(`alert redeliver ${raised}`)
  await until('it again', async () => got.length === 5)
  expect(await type(`channel remove ${channel}`)).toContain('told no more')
}, 120_000)
