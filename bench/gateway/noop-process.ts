/**
 * A proxy that does nothing. `node noop-process.ts http <port of the server>` prints its own port, and passes every
 * request on over kept connections; `… stdio COMMAND…` passes bytes on.
 * @module
 */
import { spawn } from 'node:child_process'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

const [, , kind, ...rest] = process.argv
if (kind === 'stdio') {
  const [command = '', ...args] = rest
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  process.stdin.pipe(child.stdin)
  child.stdout.pipe(process.stdout)
  child.on('close', () => process.exit())
} else {
  const port = Number(rest[0])
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming
    const passed = request({ port, host: '127.0.0.1', method, path, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
}
