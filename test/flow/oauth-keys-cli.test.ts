/** `countersign keys oauth …` at a control plane that runs. spec/oauth.md (OAU-19). */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli, type CliAnswer } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await Stage.set()
}, 60_000)
afterAll(() => stage.remove())

const type = (...args: string[]): Promise<CliAnswer> =>
  runCli(['--profile', stage.profileDir, 'keys', 'oauth', ...args])
const files = async (): Promise<string[]> =>
  (await readdir(join(stage.dataDir, 'keys'))).filter((name) => name.startsWith('oauth')).sort()

test('the key of the authorization server is rotated and retired, and outlives a restart', async () => {
  const [, first = ''] = /\n(\S+) +current\n/.exec((await type('list')).stdout) ?? []
  expect(await files()).toEqual(['oauth.jwk'])
  const [, second = ''] =
    /^(\S{43}) signs access tokens from here on\n$/.exec((await type('rotate')).stdout) ?? []
  expect(await files()).toEqual([`oauth-${second}.jwk`, 'oauth.jwk'])
  expect((await type('retire', '--', second)).stderr).toContain('KEY_CURRENT: ')
  expect((await type('retire', 'x')).stderr).toContain('"countersign keys oauth list"')

  await stage.control.process.end('SIGTERM')
  await stage.restart()
  expect((await type('list')).stdout).toMatch(new RegExp(`\\n${second} +current\\n${first} +verifying\\n$`))
  expect((await type('retire', '--', first)).stdout).toBe('retired, and its file is destroyed\n')
  expect(await files()).toEqual([`oauth-${second}.jwk`])
  expect((await type('retire', '--', first)).stderr).toContain('UNKNOWN_KEY: ')
  expect((await type('list')).stdout.trim().split('\n')).toHaveLength(2)
}, 60_000)
