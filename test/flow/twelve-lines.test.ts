/** The README's twelve lines are those of the example, and the example runs against the real thing. */
import { execFile, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { NOTES, setFlowStage } from './stage.ts'

const AGENT = fileURLToPath(new URL('../../examples/twelve-lines.ts', import.meta.url))
const CHAIN = fileURLToPath(new URL('../../examples/chain.ts', import.meta.url))

async function twelveLines(example: string): Promise<string> {
  const source = await readFile(example, 'utf8')
  return source.split('// README: begin\n')[1]?.split('// README: end\n')[0] ?? ''
}

test.each([AGENT, CHAIN])(
  'the lines of the README are those of the example, and at most twelve',
  async (example) => {
    const lines = await twelveLines(example)
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    expect(lines.trim().split('\n').length).toBeLessThanOrEqual(12)
    expect(readme).toContain(`\`\`\`ts\n${lines}\`\`\``)
  },
)

test('the protocol example issues, narrows, presents and verifies a chain', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [CHAIN])
  expect(stdout).toBe('verified: 2 delegations, back to one gesture\n')
})

test('the example says what it needs when it is started bare', () => {
  const { status, stderr } = spawnSync(process.execPath, [AGENT], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toMatch(/^usage: node examples\/twelve-lines.ts COMMAND/)
  expect(stderr).not.toContain('    at ')
})

test('the example acts under its delegation, behind a real gateway and tool server', async () => {
  const stage = await setFlowStage()
  try {
    const args = [AGENT, process.execPath, ...stage.gateway()]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: stage.folder })
    expect(stdout).toBe(`allowed: ${NOTES}denied: CONSTRAINT_VIOLATED\n`)
  } finally {
    await stage.remove()
  }
})
