/**
 * An agent of twelve lines, and then what it is worth: it asserts, and exits non-zero when something does not hold.
 * Run it where `agent.chain`, `agent.key.json` and a folder `files` with `notes.txt` lie, with the gateway's command
 * line as arguments: `node examples/twelve-lines.ts npx countersign gateway --stdio --point gateway.json -- …`
 * @module
 */
import './usage.ts'
import assert from 'node:assert/strict'
// README: begin
import { readFileSync } from 'node:fs'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { connect } from 'countersign'
const [command = '', ...args] = process.argv.slice(2) // countersign gateway --stdio --point gateway.json -- …
const client = new Client({ name: 'note-reader', version: '1.0.0' })
await client.connect(new StdioClientTransport({ command, args }))
const chain = readFileSync('agent.chain', 'utf8')
const key = readFileSync('agent.key.json', 'utf8')
const tools = await connect(client, { chain, key })
const path = `${process.cwd()}/files/notes.txt`
const answer = await tools.callTool({ name: 'read_text_file', arguments: { path } })
// README: end

const text = answer.result.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
assert.equal(answer.decision, 'allow')
assert.equal(text, readFileSync('files/notes.txt', 'utf8'))

const { tools: visible } = await tools.listTools()
assert.ok(visible.some((tool) => tool.name === 'read_text_file'))
assert.ok(!visible.some((tool) => tool.name === 'move_file'), 'a tool that no grant names is not listed')

const secret = `${process.cwd()}/agent.key.json`
const outside = await tools.callTool({ name: 'read_text_file', arguments: { path: secret } })
assert.equal(outside.decision, 'deny')
assert.ok(outside.decision === 'deny' && outside.reasons[0] === 'CONSTRAINT_VIOLATED')

const bare = await client.callTool({ name: 'read_text_file', arguments: { path } })
assert.ok(bare.isError, 'a call without a proof is denied')

await client.close()
process.stdout.write(`allowed: ${text.trim()}\ndenied: ${outside.reasons.join(', ')}\n`)
