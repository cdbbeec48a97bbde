/** Starting a control plane whose key files are encrypted, as an operator does. spec/keys.md (KEY-10). */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CLI, Process, runCli, until } from '../fixtures/processes.ts'

const PASSPHRASE = 'correct-horse battery'
const hasScript = spawnSync('script', ['--version']).status === 0
let folder: string
let data: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-passphrase-'))
  data = join(folder, 'data')
  await writeFile(join(folder, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const START = ['--json', 'start', '--port', '0', '--data']

/** Starts, waits until it serves, stops. @returns all that it said */
async function startAndStop(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const started = new Process(process.execPath, [CLI, ...START, data, ...args], env)
  await until('the control plane is up or gone', () => started.lines[0] ?? !started.isRunning)
  await started.end('SIGTERM')
  return started.output
}

test('plain key files are encrypted under a passphrase from a file, and it says which', async () => {
  expect(await startAndStop([])).toContain('"url"')
  expect(await readFile(join(data, 'keys', 'issuer.jwk'), 'utf8')).toContain('"d"')
  const said = await startAndStop(['--passphrase-file', join(folder, 'passphrase')])
  expect(said).toContain('"url"')
  for (const use of ['issuer', 'frame', 'log']) {
    expect(said).toContain(`${join(data, 'keys', `${use}.jwk`)} is encrypted now`)
    expect(await readFile(join(data, 'keys', `${use}.jwk`), 'utf8')).toContain('"kdf"')
  }
  expect(said).not.toContain(PASSPHRASE)
})

test('from then on it starts with the passphrase alone, and says what is missing or wrong', async () => {
  const fault = async (env: NodeJS.ProcessEnv): Promise<unknown> =>
    JSON.parse((await runCli([...START, data], env)).stdout)
  expect(await fault({})).toMatchObject({ error: { code: 'KEY_LOCKED' } })
  const wrong = await fault({ COUNTERSIGN_PASSPHRASE: 'another one' })
  expect(wrong).toMatchObject({ error: { code: 'KEY_PASSPHRASE_WRONG' } })
  expect(JSON.stringify(wrong)).not.toContain('another one')
  expect(await fault({ COUNTERSIGN_PASSPHRASE: '' })).toMatchObject({ error: { code: 'ARGUMENT_INVALID' } })
  expect(await startAndStop([], { COUNTERSIGN_PASSPHRASE: PASSPHRASE })).toContain('"url"')
})

test.skipIf(!hasScript)('at a terminal it asks, and shows nothing of the answer', async () => {
  const command = [process.execPath, CLI, ...START, data].map((word) => `'${word}'`).join(' ')
  const terminal = new Process('script', ['-qec', command, '/dev/null'])
  let shown = '' // the question ends in no line
  terminal.child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  await until('it asks', () => shown.includes('passphrase of the key files:'))
  terminal.child.stdin.write(`wrong\u007f\u007f\u007f\u007f\u007f${PASSPHRASE}\r`)
  await until('it serves', () => shown.includes('"url"'))
  terminal.child.stdin.write('\u0003')
  await terminal.end('SIGTERM')
  expect(shown).not.toContain('horse')
})
