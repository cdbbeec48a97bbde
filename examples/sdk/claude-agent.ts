/**
 * The Claude Agent SDK with its own command line, against a scripted Messages API on loopback:
 * `node examples/sdk/claude-agent.ts`. Grants name the tools as Claude does.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSdkMcpServer, query, tool } from '@anthropic-ai/claude-agent-sdk'
import { connect } from 'countersign'
import { claudeHooks } from 'countersign/claude-agent'
import { z } from 'zod'
import { ALLOWED, DENIED, read, readNote } from './notes.ts'
import { scriptedClaude } from './scripted-claude.ts'

const READ = 'mcp__notes__read_note'
const claude = await scriptedClaude(READ, [
  { type: 'tool_use', id: 'toolu_1', name: READ, input: ALLOWED },
  { type: 'tool_use', id: 'toolu_2', name: READ, input: DENIED },
  { type: 'text', text: 'The plan is to ship on Friday.' },
])
const home = await mkdtemp(join(tmpdir(), 'countersign-claude-'))

const guard = await connect({ point: 'notes.point.json', key: 'notes.key.json' })
const notes = createSdkMcpServer({
  name: 'notes',
  tools: [
    tool('read_note', 'Reads a note', { path: z.string() }, async (args) => ({
      content: [{ type: 'text', text: readNote(args) }],
    })),
  ],
})
const results: string[] = []
let said = ''
const run = query({
  prompt: 'What is the plan?',
  options: {
    hooks: claudeHooks(guard),
    mcpServers: { notes },
    tools: [],
    settingSources: [],
    cwd: home,
    // Nothing of this machine's, and no network but the script's.
    env: {
      PATH: process.env.PATH,
      HOME: home,
      CLAUDE_CONFIG_DIR: home,
      ANTHROPIC_BASE_URL: claude.url,
      ANTHROPIC_API_KEY: 'scripted',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  },
})
for await (const message of run) {
  if (message.type === 'result' && message.subtype === 'success') said = message.result
  if (message.type !== 'user' || typeof message.message.content === 'string') continue
  for (const part of message.message.content)
    if (part.type === 'tool_result') results.push(JSON.stringify(part.content))
}

assert.equal(said, 'The plan is to ship on Friday.')
assert.match(results[0] ?? '', /Ship on Friday\./)
assert.match(results[1] ?? '', /Denied\. CONSTRAINT_VIOLATED/)
assert.deepEqual(read, [ALLOWED.path], 'what was denied never ran')

await guard.close()
await claude.close()
await rm(home, { recursive: true, force: true })
process.stdout.write('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
