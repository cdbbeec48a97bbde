/** Each example of examples/sdk connects, asserts and exits 0, against real libraries and with no network. */
import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PointFile } from '../../apps/gateway/point-file.ts'
import { NOTE_GRANTS, sdkPoint } from './stage-sdk.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage

beforeAll(async () => {
  stage = await setFlowStage()
})
afterAll(() => stage.remove())

/** Claude calls tools of MCP servers by names of its own. */
const CLAUDE_GRANT = {
  type: 'tool' as const,
  server: 'notes',
  actions: ['mcp__notes__read_note'],
  constraints: { path: { glob: 'public/**' } },
}

/** In a folder with a point and an agent of its own. */
async function runExample(name: string, placement: PointFile['placement']): Promise<string> {
  const point = await sdkPoint(stage, name, placement, [...NOTE_GRANTS, CLAUDE_GRANT])
  for (const [from, to] of [
    [point.point, 'notes.point.json'],
    [point.key, 'notes.key.json'],
    [point.key.replace('.key.json', '.chain'), 'notes.chain'],
  ] as const)
    await copyFile(from, join(stage.folder, to))
  const path = fileURLToPath(new URL(`../../examples/sdk/${name}.ts`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [path], { cwd: stage.folder })
  return stdout
}

test.each([
  ['protect', 'in_process'],
  ['ai-sdk', 'in_process'],
  ['langchain', 'in_process'],
  ['openai-agents', 'in_process'],
  ['claude-agent', 'in_process'],
  ['mcp-server', 'tool_side'],
] as const)('the example %s runs', async (name, placement) => {
  expect(await runExample(name, placement)).toBe('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
})
