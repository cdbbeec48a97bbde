import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { watchConfig } from './config-watch.ts'

let folder = ''
let file = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-config-'))
  file = join(folder, 'countersign.yaml')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const GOOD = `v: 1
point: gateway.json
public_url: https://gateway.example/
origins: ['https://app.example']
servers:
  files:
    stdio: {command: node, args: [server.js], env: {ROOT: /srv, TOKEN: {file: token}}, cwd: work}
    limits: {sessions: 4}
  tickets:
    http: {url: 'https://tickets.example/mcp', headers: {Authorization: {env: TICKETS}}}
    access: keys
    credential: {id: tickets-bot, owner: Ann, scope: 'tickets:read', rotated: 2026-09-01}
`

describe('countersign.yaml', () => {
  test('is read with the secrets that it points at, and paths relative to it', async () => {
    await writeFile(file, GOOD)
    await writeFile(join(folder, 'token'), 'of-the-file\n')
    const config = await readConfig(file, { TICKETS: 'Bearer of-the-variable' })
    expect(config.point).toBe(join(folder, 'gateway.json'))
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 7500 })
    expect(config.public_url).toBe('https://gateway.example')
    expect(config.servers.get('files')).toMatchObject({
      access: 'oauth',
      limits: { sessions: 4, idle_s: 1800 },
      upstream: { env: { ROOT: '/srv', TOKEN: 'of-the-file' }, cwd: join(folder, 'work') },
    })
    expect(config.servers.get('tickets')).toMatchObject({
      access: 'keys',
      upstream: { url: 'https://tickets.example/mcp', headers: { authorization: 'Bearer of-the-variable' } },
    })
  })

  test.each([
    [
      'an unknown setting',
      GOOD.replace('access: keys', 'acess: keys'),
      /servers\.tickets\.acess \(line 11\)/,
    ],
    [
      'a wrong type',
      GOOD.replace('sessions: 4', 'sessions: many'),
      /servers\.files\.limits\.sessions \(line 8\)/,
    ],
    ['two ways to a server', `${GOOD}    stdio: {command: x}\n`, /servers\.tickets \(line 10\): says either/],
    ['a name that no path can hold', GOOD.replace('  files:', '  "a/b":'), /servers\.a\/b/],
    ['a setting twice', `${GOOD}v: 1\n`, /line 13: is not YAML/],
    ['an alias', GOOD.replace('[server.js]', '&a [x]').replace('work}', '*a}'), /line 7: an alias/],
    [
      'a secret in the clear',
      GOOD.replace('{env: TICKETS}', 'Bearer secret'),
      /headers\.Authorization \(line 10\)/,
    ],
    ['a variable that is not set', GOOD.replace('TICKETS', 'MISSING'), /the variable MISSING is not set/],
    ['a file that is not there', GOOD.replace('file: token', 'file: nothing'), /nothing cannot be read/],
    ['no server', 'v: 1\npoint: x\nservers: {}\n', /servers \(line 3\): names 1 to 64/],
    ['another version', GOOD.replace('v: 1', 'v: 2'), /v \(line 1\)/],
    [
      'a header of the transport',
      GOOD.replace('Authorization', 'Mcp-Session-Id'),
      /a header of the transport/,
    ],
    [
      'recording of another kind',
      `${GOOD}recording: nowhere
`,
      /recording \(line 13\)/,
    ],
  ])('refuses %s and says where', async (_, text, message) => {
    await writeFile(file, text)
    await writeFile(join(folder, 'token'), 'secret-of-the-file')
    const refused = await readConfig(file, { TICKETS: 'secret-of-the-variable' }).catch(
      (error: unknown) => error,
    )
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) })
    expect(String(refused)).not.toMatch(/secret/)
  })

  test('is read again when it changes, and a bad one changes nothing', async () => {
    process.env.COUNTERSIGN_TEST_TICKETS = 'x'
    const text = GOOD.replace('TICKETS', 'COUNTERSIGN_TEST_TICKETS').replace(', TOKEN: {file: token}', '')
    await writeFile(file, text)
    const seen: unknown[] = []
    let wake: () => void = () => undefined
    const push = (one: unknown): void => {
      seen.push(one)
      wake()
    }
    const next = async (n: number): Promise<unknown> => {
      while (seen.length < n) await new Promise<void>((resolve) => (wake = resolve))
      return seen[n - 1]
    }
    const watch = watchConfig(file, push, push)
    try {
      process.emit('SIGHUP')
      expect(await next(1)).toMatchObject({ origins: ['https://app.example'] })
      await writeFile(file, text.replace('v: 1', 'v: 3'))
      expect(await next(2)).toMatchObject({ code: 'CONFIG_INVALID' })
    } finally {
      watch.close()
      delete process.env.COUNTERSIGN_TEST_TICKETS
    }
  })
})
