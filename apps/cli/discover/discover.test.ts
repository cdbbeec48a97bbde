/** What discovery finds, and what it keeps to itself. spec/inventory.md (DSC-1). @module */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { itemSchema, type Item } from '../../../src/log/inventory-bodies.ts'
import { discover, type Looking } from './discover.ts'
import type { Discovered } from './found.ts'
import { withoutComments } from './mcp-config.ts'

const SECRET = 'sk-this-must-never-leave-the-file'
const folder = mkdtempSync(join(tmpdir(), 'countersign-discover-'))
const home = join(folder, 'home')
const project = join(folder, 'project')
let web: Server
let base: string

function write(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
}

beforeAll(async () => {
  write(join(home, '.config/Claude/claude_desktop_config.json'), {
    mcpServers: {
      files: { command: 'npx', args: ['-y', 'server-files', '/data'] },
      mail: { command: 'mail', env: { MAIL_API_KEY: SECRET, LANG: 'C' } },
      argued: { command: 'x', args: ['--token', SECRET, '--verbose'] },
      remote: {
        command: 'npx',
        args: ['mcp-remote', 'https://r.example', '--header', `Authorization: Bearer ${SECRET}`],
      },
      referred: { command: 'docker', args: ['run', '-e', 'API_KEY=${API_KEY}', 'image'] },
    },
  })
  write(join(home, '.claude.json'), {
    mcpServers: {
      crm: { type: 'http', url: 'https://crm.example/mcp', headers: { Authorization: `Bearer ${SECRET}` } },
    },
    projects: { '/home/ann/p': { mcpServers: { local: { command: 'local' } } }, '/home/ann/q': {} },
    history: ['whatever'],
  })
  write(join(home, '.cursor/mcp.json'), {
    mcpServers: { issues: { url: `https://issues.example/mcp?api_key=${SECRET}` } },
  })
  write(
    join(home, '.config/Code/User/mcp.json'),
    `{ // servers
      "servers": { "db": { "command": "db", "env": { "DB_PASSWORD": "\${input:password}", }, }, /* last */ },
    }`,
  )
  write(
    join(home, '.codex/config.toml'),
    `model = "any"\n[mcp_servers.search]\nurl = "https://s.example"\nbearer_token_env_var = "SEARCH_TOKEN"\n` +
      `[mcp_servers.shell]\ncommand = "sh"\nenv = { TOKEN = "${SECRET}" }\n`,
  )
  write(join(project, '.mcp.json'), {
    mcpServers: { repo: { command: 'repo', env: { REPO_TOKEN: '${REPO_TOKEN}' } } },
  })
  write(join(project, 'package.json'), { name: 'helper', dependencies: { ai: '6', zod: '4' } })
  write(
    join(project, 'pyproject.toml'),
    `[project]\nname = "crew"\ndependencies = ["crewAI>=1", "Pydantic_AI[x]~=2"]\n`,
  )
  write(join(project, 'requirements.txt'), '# none\nrequests==2\n')
  write(join(project, 'broken/mcp.json'), `{"mcpServers": {"x": {"env": {"A_TOKEN": "${SECRET}"`)
  const card = {
    name: 'Planner',
    version: '1.0.0',
    supportedInterfaces: [{ url: 'https://planner.example/a2a' }],
    securitySchemes: { key: { apiKeySecurityScheme: { name: 'x-key', location: 'header' } } },
    skills: [{ id: 'plan' }],
  }
  web = createServer((request, response) => {
    if (request.url === '/.well-known/agent-card.json') response.end(JSON.stringify(card))
    else if (request.url === '/moved')
      response.writeHead(302, { location: '/.well-known/agent-card.json' }).end()
    else response.end('x'.repeat(2 * 1024 * 1024))
  })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
})
afterAll(() => {
  web.close()
  rmSync(folder, { recursive: true, force: true })
})

const looking = (): Looking => ({ home, platform: 'linux', machine: 'm', cwd: folder })
const summary = ({ items }: Discovered): unknown[] =>
  items.map(({ kind, name, origin, secret, names }: Item) => [kind, name, origin, secret, ...(names ?? [])])

describe('the home folder', () => {
  test('has agents and their servers, with whether a secret stands there', async () => {
    const found = await discover([], looking(), true)
    expect(found.skipped).toEqual([])
    expect(summary(found)).toEqual([
      ['agent', 'Claude Desktop', 'claude-desktop', 'none'],
      ['server', 'files', 'claude-desktop', 'none'],
      ['server', 'mail', 'claude-desktop', 'static', 'MAIL_API_KEY'],
      ['server', 'argued', 'claude-desktop', 'static', '--token'],
      ['server', 'remote', 'claude-desktop', 'static', '--header'],
      ['server', 'referred', 'claude-desktop', 'unknown', '-e'],
      ['agent', 'Claude Code', 'claude-code', 'none'],
      ['server', 'crm', 'claude-code', 'static', 'Authorization'],
      ['server', 'local', 'claude-code', 'none'],
      ['agent', 'Cursor', 'cursor', 'none'],
      ['server', 'issues', 'cursor', 'static', '?api_key'],
      ['agent', 'VS Code', 'vscode', 'none'],
      ['server', 'db', 'vscode', 'unknown', 'DB_PASSWORD'],
      ['agent', 'Codex', 'codex', 'none'],
      ['server', 'search', 'codex', 'unknown', 'SEARCH_TOKEN'],
      ['server', 'shell', 'codex', 'static', 'TOKEN'],
    ])
  })

  test('gives nothing away: no secret and no path outside of it', async () => {
    const found = await discover([project, join(project, 'broken/mcp.json')], looking(), true)
    const text = JSON.stringify(found)
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain(folder)
    expect(text).toContain('~/.claude.json')
    for (const item of found.items) expect(itemSchema.safeParse(item).success).toBe(true)
  })

  test('is that of the platform', async () => {
    const found = await discover([], { ...looking(), platform: 'darwin' }, true)
    expect(found.items.map(({ origin }) => origin)).not.toContain('claude-desktop')
  })

  test('of another machine is another one', async () => {
    const refs = async (machine: string): Promise<string[]> =>
      (await discover([], { ...looking(), machine }, true)).items.map(({ ref }) => ref)
    const [one, other, again] = [await refs('m'), await refs('n'), await refs('m')]
    expect(again).toEqual(one)
    expect(one.filter((ref) => other.includes(ref))).toEqual([])
  })
})

describe('what is named', () => {
  test('may be a project: its servers, and packages that name a framework', async () => {
    expect(summary(await discover([project], looking(), false))).toEqual([
      ['agent', 'Claude Code', 'claude-code', 'none'],
      ['server', 'repo', 'claude-code', 'unknown', 'REPO_TOKEN'],
      ['agent', 'helper', 'package', 'unknown'],
      ['agent', 'crew', 'package', 'unknown'],
    ])
  })

  test('may be the address of an agent, which has a card', async () => {
    const { items, skipped } = await discover([base], looking(), false)
    expect(skipped).toEqual([])
    expect(items).toMatchObject([
      { kind: 'agent', name: 'Planner', origin: 'a2a', secret: 'static', scope: ['plan'] },
    ])
  })

  test('is passed over with a code when it does not read', async () => {
    const named = [
      join(project, 'broken/mcp.json'),
      'nothing.json',
      'notes.txt',
      `${base}/moved`,
      `${base}/big`,
    ]
    const { items, skipped } = await discover(named, looking(), false)
    expect(items).toEqual([])
    expect(skipped.map(({ code }) => code)).toEqual([
      'CONFIG_INVALID',
      'FILE_UNREADABLE',
      'KIND_UNKNOWN',
      'URL_REFUSED',
      'URL_REFUSED',
    ])
  })
})

test('comments and commas go, but not inside of texts', () => {
  const text = '{ "a": "// no, }", /* x, */ "b": [1, // y\n 2, ], }'
  expect(JSON.parse(withoutComments(text))).toEqual({ a: '// no, }', b: [1, 2] })
})
