/**
 * An agent that reaches a gateway over HTTP, with nothing but an address and a key file; its chain lies beside the key.
 * Reads one file and says what came of it: `npx node examples/by-url.ts URL KEY FILE`.
 * @module
 */
import { connect } from 'countersign'
const [url, key, path] = process.argv.slice(2)
if (url === undefined || key === undefined || path === undefined) {
  process.stderr.write('usage: node examples/by-url.ts URL KEY FILE\n')
  process.exit(2)
}
const tools = await connect({ url, key })
const answer = await tools.callTool({ name: 'read_text_file', arguments: { path } })
const text = answer.result.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
process.stdout.write(
  answer.decision === 'allow' ? `allowed: ${text}` : `denied: ${answer.reasons.join(', ')}\n`,
)
await tools.close()
