/** Many viewers of the stream of entries, as browsers hold it: `node viewers-process.ts URL COOKIE AFTER COUNT`. @module */
import { request } from 'node:http'

const [url = '', cookie = '', after = '0', count = '0'] = process.argv.slice(2)
let heard = 0
let events = 0
for (let i = 0; i < Number(count); i++) {
  const asked = request(`${url}/v1/entries/stream?after=${after}`, { headers: { cookie }, agent: false })
  asked.on('response', (answer) => {
    if (answer.statusCode !== 200) throw new Error(`refused: ${answer.statusCode}`)
    heard++
    if (heard === Number(count)) process.stdout.write('here\n')
    answer.on('data', (bytes: Buffer) => {
      events += bytes.toString('latin1').split('event: entry').length - 1
    })
  })
  asked.end()
}
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ heard, events })}\n`)
  process.exit(0)
})
