/**
 * `countersign discover`, `import` and `inventory` as somebody types them, against a control plane that runs.
 * spec/inventory.md (INV, DSC): nothing is recorded without a yes, and no secret leaves the file it stands in.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Process, runCli, until, type CliAnswer } from '../fixtures/processes.ts'
import { CLI, FILES_SERVER, setFlowStage, type FlowStage } from './stage.ts'

const SECRET = 'sk-this-must-never-leave-the-file'
let stage: FlowStage

beforeAll(async () => {
  stage = await setFlowStage()
  await mkdir(join(stage.folder, 'home', '.cursor'), { recursive: true })
  await writeFile(
    join(stage.folder, 'home', '.cursor', 'mcp.json'),
    JSON.stringify({ mcpServers: { mail: { command: 'mail', env: { MAIL_API_KEY: SECRET } } } }),
  )
  await mkdir(join(stage.folder, 'project'))
  await writeFile(
    join(stage.folder, 'project', '.mcp.json'),
    `{"mcpServers": {"x": {"env": {"K": "${SECRET}"`,
  )
  await writeFile(
    join(stage.folder, 'project', 'package.json'),
    JSON.stringify({ name: 'planner', dependencies: { ai: '7' } }),
  )
})
afterAll(() => stage.remove())

const said: string[] = []
async function type(command: string, who = 'manager'): Promise<CliAnswer> {
  const args = command.split(' ').map((word) => word.replace('$W', stage.folder))
  const answer = await runCli(['--profile', join(stage.folder, who), ...args])
  said.push(answer.stdout, answer.stderr)
  return answer
}
/** The identifier in the row of a list that holds a text. */
async function rowOf(command: string, text: string): Promise<string> {
  const { stdout } = await type(command)
  return stdout.split('\n').find((line) => line.includes(text)) ?? ''
}
const itemOf = async (name: string): Promise<string> =>
  /itm_\w+/.exec(await rowOf('inventory list', name))?.[0] ?? ''

const DISCOVER = 'discover $W/project --home $W/home --platform linux --machine desk'

describe('countersign discover', () => {
  test('shows what it found and records nothing by itself', async () => {
    const { code, stdout, stderr } = await type(DISCOVER)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^KIND +NAME +FOUND IN +SECRET +NAMED/)
    expect(stdout).toMatch(/\nagent +Cursor +\S+ +none/)
    expect(stdout).toMatch(/\nserver +mail +\S+ +static +MAIL_API_KEY/)
    expect(stdout).toMatch(/\nagent +planner +/)
    expect(stderr).toMatch(/\.mcp\.json: CONFIG_INVALID, passed over\n/)
    expect(stderr).toContain('nothing was recorded: run it with --yes')
    expect((await type('inventory list')).stdout).toMatch(/^nothing yet: countersign discover/)
  })

  test('records it upon a yes, and knows it again', async () => {
    expect((await type(`${DISCOVER} --yes`)).stdout).toContain('recorded: 3 new, 0 changed, 0 known')
    expect((await type(`${DISCOVER} --yes`)).stdout).toContain('recorded: 0 new, 0 changed, 3 known')
    const other = await type(`${DISCOVER.replace('desk', 'lap')} --yes`)
    expect(other.stdout).toMatch(/recorded: [23] new/)
  })

  test('needs no control plane to look', async () => {
    const { code, stdout } = await type(`--json ${DISCOVER}`, 'nobody')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      found: expect.arrayContaining([expect.objectContaining({ kind: 'server', name: 'mail' })]),
      skipped: [{ where: expect.stringContaining('.mcp.json'), code: 'CONFIG_INVALID' }],
      recorded: null,
    })
    expect((await type(`${DISCOVER} --yes`, 'nobody')).stderr).toContain('NO_PROFILE: ')
  })
})

describe('countersign import', () => {
  const file = (): string => join(stage.folder, 'accounts.json')
  const account = (displayName: string, appId: string): object => ({
    id: appId,
    appId,
    displayName,
    passwordCredentials: [
      {
        keyId: appId,
        startDateTime: '2020-01-01T00:00:00Z',
        endDateTime: '2030-01-01T00:00:00Z',
        secretText: SECRET,
      },
    ],
    keyCredentials: [],
  })

  test('reads an export, passes over what does not fit, and maps by rules', async () => {
    const { stdout: system } = await type('system add Billing')
    await writeFile(
      file(),
      JSON.stringify({ value: [account('billing-sync', 'a1'), 7, account('stray', 'b2')] }),
    )
    const rules = [{ match: 'billing-*', system: system.trim(), owner: stage.lead.person }]
    await writeFile(join(stage.folder, 'map.json'), JSON.stringify({ rules }))
    const command = 'import $W/accounts.json --from entra --map $W/map.json'
    const shown = await type(command)
    expect(shown.stderr).toContain('item 2: ROW_INVALID, passed over')
    expect(shown.stdout).toMatch(new RegExp(`billing-sync .*${system.trim()} +${stage.lead.person}`))
    const before = (await type('--json inventory list')).stdout
    expect(before).not.toContain('billing-sync')
    expect((await type(`${command} --yes`)).stdout).toMatch(/recorded: \d new, 0 changed, 0 known/)
    expect(await rowOf('inventory list', 'billing-sync')).toContain(stage.lead.person)
    expect(await rowOf('inventory list', 'stray')).toContain('UNOWNED')
  })

  test('says what is wrong with a file that is no export', async () => {
    await writeFile(join(stage.folder, 'none.json'), 'user,arn\n')
    const { code, stderr } = await type('import $W/none.json --from okta')
    expect(code).toBe(1)
    expect(stderr).toContain('IMPORT_INVALID: the file is not JSON: give --format csv for a table')
    expect((await type('import $W/nowhere.csv --from aws')).stderr).toContain('FILE_UNREADABLE: ')
    expect(await type('import $W/none.json')).toMatchObject({ code: 2 })
    expect((await type('import $W/accounts.json --from entra --map $W/none.json')).code).not.toBe(0)
  })
})

describe('countersign inventory', () => {
  test('names gaps, which an assignment closes', async () => {
    const item = await itemOf('stray')
    const gaps = async (): Promise<string[]> =>
      (await type('inventory gaps')).stdout
        .split('\n')
        .filter((line) => line.includes(item))
        .map((line) => line.split(' ')[0] ?? '')
    const before = await gaps()
    expect(before).toContain('UNOWNED')
    expect(before).toContain('NO_DELEGATION')
    const assigned = await type(`inventory assign ${item} --owner ${stage.lead.person}`)
    expect(assigned.stdout).toBe(`${item} is assigned\n`)
    expect(await gaps()).toEqual(before.filter((gap) => gap !== 'UNOWNED'))
    expect((await type(`inventory assign ${item}`)).stderr).toContain('give --owner, --system or --agent')
  })

  test('takes out what is gone', async () => {
    const item = await itemOf('stray')
    expect((await type(`inventory remove ${item} --reason deleted`)).stdout).toBe(`${item} is removed\n`)
    expect((await type('inventory list')).stdout).not.toContain(item)
    expect((await type(`inventory remove ${item}`)).code).toBe(1)
  })

  test('lists what a gateway holds, by owner, scope and last rotation', async () => {
    expect((await type('inventory credentials')).stdout).toBe('no gateway reports a credential\n')
    const stdio = { command: process.execPath, args: [FILES_SERVER, 'files'], cwd: stage.folder, env: {} }
    const credential = {
      id: 'mail-token',
      owner: stage.manager.person,
      scope: 'mail.read',
      rotated: '2026-01-02',
      rotate_days: 30,
    }
    const settings = {
      v: 1,
      point: 'gateway.json',
      listen: '127.0.0.1:0',
      servers: { files: { stdio, credential } },
    }
    const config = join(stage.folder, 'countersign.yaml')
    await writeFile(config, stringify(settings))
    const gateway = new Process(process.execPath, [CLI, 'gateway', '--config', config])
    try {
      const row = await until('it is reported', async () => {
        const found = await rowOf('inventory credentials', 'mail-token')
        return found === '' ? null : found
      })
      expect(row.split(/ {2,}/)).toEqual(
        expect.arrayContaining([
          'files',
          stage.point,
          stage.manager.person,
          'mail.read',
          '2026-01-02',
          '30 days',
        ]),
      )
    } finally {
      await gateway.end('SIGTERM')
    }
  })

  test('has no secret in anything that was said or recorded', async () => {
    const { stdout } = await type('--json inventory list')
    expect(JSON.parse(stdout).length).toBeGreaterThan(4)
    const entries = JSON.stringify(await stage.manager.client.get('/v1/entries?after=-1&limit=1000'))
    for (const text of [...said, entries]) expect(text).not.toContain(SECRET)
  })
})
