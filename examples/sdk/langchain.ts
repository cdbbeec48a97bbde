/** LangChain.js with a scripted chat model: `node examples/sdk/langchain.ts`. @module */
import assert from 'node:assert/strict'
import { AIMessage, HumanMessage, type BaseMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'
import { tool } from '@langchain/core/tools'
import { connect } from 'countersign'
import { protectLangChain } from 'countersign/langchain'
import { z } from 'zod'
import { ALLOWED, DENIED, read, readNote } from './notes.ts'

const guard = await connect({ point: 'notes.point.json', key: 'notes.key.json' })
const schema = z.object({ path: z.string() })
const tools = protectLangChain(
  [
    tool(readNote, { name: 'read_note', description: 'Reads a note', schema }),
    tool(() => 'deleted', { name: 'delete_note', description: 'Deletes a note', schema }),
  ],
  guard,
)
assert.deepEqual(
  tools.map(({ name }) => name),
  ['read_note'],
  'what no grant names is not offered to the model',
)

const model = fakeModel()
  .respondWithTools([
    { name: 'read_note', args: ALLOWED, id: '1' },
    { name: 'read_note', args: DENIED, id: '2' },
  ])
  .respond(new AIMessage('The plan is to ship on Friday.'))
const bound = model.bindTools(tools)

/** The loop of any agent: until the model calls no tool. */
const messages: BaseMessage[] = [new HumanMessage('What is the plan?')]
const results: string[] = []
for (;;) {
  const said = await bound.invoke(messages)
  messages.push(said)
  if (said.tool_calls === undefined || said.tool_calls.length === 0) break
  for (const asked of said.tool_calls) {
    const [first] = tools
    assert.ok(first)
    const result = await first.invoke({ ...asked, type: 'tool_call' })
    messages.push(result)
    results.push(result.text)
  }
}

assert.equal(messages.at(-1)?.content, 'The plan is to ship on Friday.')
assert.equal(results[0], 'Ship on Friday.')
assert.match(results[1] ?? '', /^Denied\. CONSTRAINT_VIOLATED/)
assert.deepEqual(read, [ALLOWED.path], 'what was denied never ran')

await guard.close()
process.stdout.write('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
