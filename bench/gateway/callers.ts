/** Callers of `tools/call` that cost as little as can be: raw lines over stdio, raw requests over HTTP. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

export interface Caller {
  /** One call of `echo`; rejects unless it was allowed and answered. */
  call(): Promise<void>
  /** Of the process in between, when there is one. */
  readonly pid: number | null
  close(): Promise<void>
}

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1.0.0' },
}
/** A gateway ships what it has when it ends. */
const CLOSE_MS = 8000
const CALL = { name: 'echo', arguments: { message: 'hello' } }

/** Of what a process says on its error stream, to tell why it ended. */
const ERRORS_CHARS = 500

interface Waiting {
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

/** Whoever waits for a process that ends is told so: a benchmark must not wait for ever. */
export async function stdioCaller(command: readonly string[]): Promise<Caller> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting = new Map<number, Waiting>()
  let errors = ''
  let ended: Error | null = null
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-ERRORS_CHARS)
  })
  child.stdin.on('error', () => undefined) // `close` says it
  const closed = new Promise<void>((resolve) => {
    child.on('close', (code) => {
      ended = new Error(`the process ended with ${code}: ${errors.trim()}`)
      for (const { reject } of waiting.values()) reject(ended)
      resolve()
    })
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const id = Number(/"id":(\d+)/.exec(line)?.[1])
    waiting.get(id)?.resolve(line)
    waiting.delete(id)
  })
  let n = 0
  const ask = (method: string, params: object): Promise<string> =>
    new Promise((resolve, reject) => {
      if (ended !== null) {
        reject(ended)
        return
      }
      const id = ++n
      waiting.set(id, { resolve, reject })
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
  await ask('initialize', INITIALIZE)
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  await ask('tools/list', {})
  return {
    pid: child.pid ?? null,
    call: async () => assertEchoed(await ask('tools/call', CALL)),
    close: async () => {
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

export async function httpCaller(url: string, pid: number | null): Promise<Caller> {
  const { hostname: host, port, pathname: path } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let session: string | undefined
  let n = 0
  const post = (message: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(message)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'application/json, text/event-stream',
        ...(session === undefined ? {} : { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
      }
      const sent = request({ host, port, path, method: 'POST', headers, agent }, (answer) => {
        const { 'mcp-session-id': id } = answer.headers
        if (typeof id === 'string') session = id
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.on('end', () => resolve(text))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const ask = (method: string, params: object): Promise<string> =>
    post({ jsonrpc: '2.0', id: ++n, method, params })
  await ask('initialize', INITIALIZE)
  await post({ jsonrpc: '2.0', method: 'notifications/initialized' })
  await ask('tools/list', {})
  return {
    pid,
    call: async () => assertEchoed(await ask('tools/call', CALL)),
    close: async () => agent.destroy(),
  }
}

function assertEchoed(answer: string): void {
  if (!answer.includes('Echo: hello')) throw new Error(`not echoed: ${answer.slice(0, 300)}`)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const closed = once(server, 'close')
  server.close()
  await closed
  return typeof address === 'object' && address !== null ? address.port : 0
}
