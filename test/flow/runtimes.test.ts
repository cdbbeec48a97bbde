/** The SDK under other runtimes than Node, where npm brought them: the protocol, and a whole point in process. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sdkPoint } from './stage-sdk.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

const { arch, platform } = process
const root = fileURLToPath(new URL('../..', import.meta.url))
const windows = platform === 'win32'
const exe = windows ? '.exe' : ''
const bunArch = arch === 'arm64' ? 'aarch64' : arch
const denoLibc = platform === 'linux' ? '-glibc' : ''

/** The binaries themselves: the packages' own launchers are put in place by install scripts, which npm may not run. */
const RUNTIMES = [
  [
    'Bun',
    join(root, `node_modules/@oven/bun-${windows ? 'windows' : platform}-${bunArch}/bin/bun${exe}`),
    [],
  ],
  [
    'Deno',
    join(root, `node_modules/@deno/${platform}-${arch}${denoLibc}/deno${exe}`),
    ['run', '-A', '--no-lock'],
  ],
] as const

let stage: FlowStage
beforeAll(async () => {
  stage = await setFlowStage()
})
afterAll(() => stage.remove())

describe.each(RUNTIMES)('%s', (name, binary, options) => {
  const run = (example: string): Promise<string> =>
    promisify(execFile)(binary, [...options, join(root, 'examples', example)], {
      cwd: stage.folder,
      env: { ...process.env, DENO_DIR: join(stage.folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
    }).then(({ stdout }) => stdout)

  test.skipIf(!existsSync(binary))(`${name} issues, narrows, presents and verifies a chain`, async () => {
    expect(await run('chain.ts')).toBe('verified: 2 delegations, back to one gesture\n')
  })

  test.skipIf(!existsSync(binary))(`${name} runs functions behind a point in process`, async () => {
    const at = await sdkPoint(stage, name.toLowerCase(), 'in_process')
    await copyFile(at.point, join(stage.folder, 'notes.point.json'))
    await copyFile(at.key, join(stage.folder, 'notes.key.json'))
    await copyFile(at.key.replace('.key.json', '.chain'), join(stage.folder, 'notes.chain'))
    expect(await run('sdk/protect.ts')).toBe('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
  })
})
