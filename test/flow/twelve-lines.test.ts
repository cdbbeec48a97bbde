/** The README's twelve lines are those of the example, and the example runs against the real thing. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { NOTES, setFlowStage } from './stage.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/twelve-lines.ts', import.meta.url))

async function twelveLines(): Promise<string> {
  const source = await readFile(EXAMPLE, 'utf8')
  return source.split('// README: begin\n')[1]?.split('// README: end\n')[0] ?? ''
}

test('the twelve lines of the README are those of the example, and at most twelve', async () => {
  const lines = await twelveLines()
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  expect(lines.trim().split('\n').length).toBeLessThanOrEqual(12)
  expect(readme).toContain(`\`\`\`ts\n${lines}\`\`\``)
})

test('the example acts under its delegation, behind a real gateway and tool server', async () => {
  const stage = await setFlowStage()
  try {
    const args = [EXAMPLE, process.execPath, ...stage.gateway()]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: stage.folder })
    expect(stdout).toBe(`allowed: ${NOTES}denied: CONSTRAINT_VIOLATED\n`)
  } finally {
    await stage.remove()
  }
})
