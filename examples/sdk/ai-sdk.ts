/** The Vercel AI SDK with a scripted model: `node examples/sdk/ai-sdk.ts`. @module */
import assert from 'node:assert/strict'
import { generateText, stepCountIs, tool } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { connect } from 'countersign'
import { protectAiSdk } from 'countersign/ai-sdk'
import { z } from 'zod'
import { ALLOWED, DENIED, read, readNote } from './notes.ts'

const guard = await connect({ point: 'notes.point.json', key: 'notes.key.json' })
const inputSchema = z.object({ path: z.string() })
const tools = protectAiSdk(
  {
    read_note: tool({ description: 'Reads a note', inputSchema, execute: readNote }),
    delete_note: tool({ description: 'Deletes a note', inputSchema, execute: () => 'deleted' }),
  },
  guard,
)
assert.deepEqual(Object.keys(tools), ['read_note'], 'what no grant names is not offered to the model')

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}
const asks = (toolCallId: string, input: object) => ({
  content: [{ type: 'tool-call' as const, toolCallId, toolName: 'read_note', input: JSON.stringify(input) }],
  finishReason: { unified: 'tool-calls' as const, raw: undefined },
  usage,
  warnings: [],
})
const model = new MockLanguageModelV4({
  doGenerate: [
    asks('1', ALLOWED),
    asks('2', DENIED),
    {
      content: [{ type: 'text', text: 'The plan is to ship on Friday.' }],
      finishReason: { unified: 'stop', raw: undefined },
      usage,
      warnings: [],
    },
  ],
})
const { steps, text } = await generateText({
  model,
  tools,
  prompt: 'What is the plan?',
  stopWhen: stepCountIs(5),
})
const results = steps.flatMap((step) => step.toolResults.map((result): unknown => result.output))

assert.equal(text, 'The plan is to ship on Friday.')
assert.equal(results[0], 'Ship on Friday.')
assert.match(String(results[1]), /^Denied\. CONSTRAINT_VIOLATED/)
assert.deepEqual(read, [ALLOWED.path], 'what was denied never ran')

await guard.close()
process.stdout.write('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
