/** Callers of `tools/call` that cost as little as can be: raw lines over stdio, raw requests over HTTP. @module */
import { spawn, type ChildProcess } from 'node:child_process'
import { Agent, request } from 'node:http'
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
const CALL = { name: 'echo', arguments: { message: 'hello' } }

export async function stdioCaller(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Caller> {
  const [file = '', ...args] = command
  const child: ChildProcess = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  })
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('no streams')
  const waiting = new Map<number, (line: string) => void>()
  createInterface({ input: stdout }).on('line', (line) => {
    const id = Number(/"id":(\d+)/.exec(line)?.[1])
    waiting.get(id)?.(line)
    waiting.delete(id)
  })
  let n = 0
  const ask = (method: string, params: object): Promise<string> =>
    new Promise((resolve) => {
      const id = ++n
      waiting.set(id, resolve)
      stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
  await ask('initialize', INITIALIZE)
  stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  await ask('tools/list', {})
  return {
    pid: child.pid ?? null,
    call: async () => assertEchoed(await ask('tools/call', CALL)),
    close: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve())
        stdin.end()
        setTimeout(() => child.kill('SIGKILL'), 5000).unref()
      }),
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
