/** The OpenAI Agents SDK with a scripted model: `node examples/sdk/openai-agents.ts`. @module */
import assert from 'node:assert/strict'
import { Agent, run, setTracingDisabled, tool, Usage, type Model, type ModelResponse } from '@openai/agents'
import { connect } from 'countersign'
import { protectOpenAi } from 'countersign/openai-agents'
import { z } from 'zod'
import { ALLOWED, DENIED, read, readNote } from './notes.ts'

setTracingDisabled(true) // no network
const guard = await connect({ point: 'notes.point.json', key: 'notes.key.json' })
const parameters = z.object({ path: z.string() })
const tools = protectOpenAi(
  [
    tool({ name: 'read_note', description: 'Reads a note', parameters, execute: readNote }),
    tool({ name: 'delete_note', description: 'Deletes a note', parameters, execute: () => 'deleted' }),
  ],
  guard,
)
assert.deepEqual(
  tools.map(({ name }) => name),
  ['read_note'],
  'what no grant names is not offered to the model',
)

const asks = (callId: string, args: object): ModelResponse => ({
  usage: new Usage(),
  output: [
    {
      type: 'function_call',
      callId,
      name: 'read_note',
      status: 'completed',
      arguments: JSON.stringify(args),
    },
  ],
})
const script: ModelResponse[] = [
  asks('1', ALLOWED),
  asks('2', DENIED),
  {
    usage: new Usage(),
    output: [
      {
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'The plan is to ship on Friday.' }],
      },
    ],
  },
]
const model: Model = {
  getResponse: async () => {
    const next = script.shift()
    assert.ok(next)
    return next
  },
  getStreamedResponse: () => assert.fail('this example does not stream'),
}
const agent = new Agent({ name: 'Notes', instructions: 'Answer from the notes.', model, tools })
const { finalOutput, newItems } = await run(agent, 'What is the plan?')
const results = newItems.flatMap((item) =>
  item.type === 'tool_call_output_item' ? [String(item.output)] : [],
)

assert.equal(finalOutput, 'The plan is to ship on Friday.')
assert.equal(results[0], 'Ship on Friday.')
assert.match(results[1] ?? '', /^Denied\. CONSTRAINT_VIOLATED/)
assert.deepEqual(read, [ALLOWED.path], 'what was denied never ran')

await guard.close()
process.stdout.write('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
