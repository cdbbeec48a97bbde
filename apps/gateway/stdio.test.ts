/** The stdio gateway between the real MCP client and the real filesystem server. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import type { Point } from '../../src/enforce/types.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { GatewayFixture } from '../../test/fixtures/gateway-main.ts'
import { runStdioGateway } from './stdio.ts'

const FIXTURE = fileURLToPath(new URL('../../test/fixtures/gateway-main.ts', import.meta.url))
const SERVER = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js', import.meta.url),
)
const anyResult = z.record(z.string(), z.unknown())

let folder = ''
const cleanups: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'countersign-gateway-')))
  await writeFile(join(folder, 'notes.txt'), 'hello from a real file')
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  await rm(folder, { recursive: true, force: true })
})

/** The filesystem server; it says its own process number on stderr first. */
function fixtureFor(options: Partial<GatewayFixture> = {}): GatewayFixture {
  const script = 'echo "server pid $$" >&2; exec "$0" "$@"'
  return {
    allowed: ['read_text_file', 'list_directory'],
    holder: null,
    command: '/bin/sh',
    args: ['-c', script, process.execPath, SERVER, folder],
    ...options,
  }
}

/** Keeps what a stream says and lets a test wait for a line of it. */
class Lines {
  readonly seen: string[] = []
  #changed: () => void = () => undefined

  constructor(stream: NodeJS.ReadableStream) {
    createInterface({ input: stream }).on('line', (line) => {
      this.seen.push(line)
      this.#changed()
    })
  }

  async find(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      for (const line of this.seen) {
        const match = line.match(pattern)
        if (match) return match
      }
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }
}

async function connect(
  fixture: GatewayFixture,
  mode: 'legacy' | 'auto' = 'legacy',
): Promise<{ client: Client; stderr: Lines; transport: StdioClientTransport }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [FIXTURE, JSON.stringify(fixture)],
    stderr: 'pipe',
  })
  const stderr = new Lines(transport.stderr as unknown as NodeJS.ReadableStream)
  const client = new Client(
    { name: 'gateway-test', version: '1.0.0' },
    { capabilities: { roots: { listChanged: true } }, versionNegotiation: { mode } },
  )
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: `file://${folder}`, name: 'work' }] }))
  cleanups.push(() => client.close())
  await client.connect(transport)
  return { client, stderr, transport }
}

/** The gateway without an MCP client, to write what no client would. */
function startRaw(fixture: GatewayFixture): {
  child: ChildProcessWithoutNullStreams
  out: Lines
  err: Lines
} {
  const child = spawn(process.execPath, [FIXTURE, JSON.stringify(fixture)])
  cleanups.push(async () => child.kill('SIGKILL'))
  return { child, out: new Lines(child.stdout), err: new Lines(child.stderr) }
}

const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},' +
  '"clientInfo":{"name":"raw","version":"1"}}}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'

describe('a hosted gateway', () => {
  test('the list is filtered, a granted call works, another is a tool error, another method an error', async () => {
    const { client, stderr } = await connect(fixtureFor())
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name).sort()).toEqual(['list_directory', 'read_text_file'])

    const path = join(folder, 'notes.txt')
    const read = await client.callTool({ name: 'read_text_file', arguments: { path } })
    expect(read.content).toEqual([{ type: 'text', text: 'hello from a real file' }])
    await stderr.find(/"allowed":"read_text_file","definition_hash":"[\w-]{43}"/)
    await stderr.find(/Updated allowed directories from MCP roots/) // the server asked the client, and was answered

    const target = join(folder, 'new.txt')
    const write = await client.callTool({ name: 'write_file', arguments: { path: target, content: 'x' } })
    expect(write.isError).toBe(true)
    expect(write.content).toEqual([{ type: 'text', text: expect.stringMatching(/^NO_MATCHING_GRANT: /) }])
    expect(write._meta?.['io.countersign/decision']).toEqual({
      action: 'act_2',
      decision: 'deny',
      reasons: ['NO_MATCHING_GRANT'],
    })
    await expect(readFile(target)).rejects.toThrow('ENOENT')

    const reading = client.request({ method: 'acme/read', params: { uri: 'file:///etc/passwd' } }, anyResult)
    await expect(reading).rejects.toMatchObject({ code: -32601, data: { reasons: ['METHOD_NOT_GRANTED'] } })
  })

  test('an error of the tool itself comes through as it is', async () => {
    const { client, stderr } = await connect(fixtureFor())
    const path = join(folder, 'missing.txt')
    const read = await client.callTool({ name: 'read_text_file', arguments: { path } })
    expect(read).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('ENOENT') }] })
    await stderr.find(/"outcome":"failed"/)
  })

  test('a client that would rather speak 2026-07-28 falls back, as with any older server', async () => {
    const { client } = await connect(fixtureFor(), 'auto')
    expect((await client.listTools()).tools).toHaveLength(2)
  })

  test('calls side by side each get their own answer', async () => {
    const { client } = await connect(fixtureFor())
    const names = Array.from({ length: 64 }, (_, i) => join(folder, `${i}.txt`))
    await Promise.all(names.map((name, i) => writeFile(name, `file ${i}`)))
    const read = await Promise.all(
      names.map((path) => client.callTool({ name: 'read_text_file', arguments: { path } })),
    )
    expect(read.map((r) => r.content)).toEqual(names.map((_, i) => [{ type: 'text', text: `file ${i}` }]))
  })

  test('the server is killed in the middle of a call: the call gets an error and the gateway goes', async () => {
    const { client, stderr } = await connect(fixtureFor())
    const pid = Number((await stderr.find(/^server pid (\d+)$/))[1])
    await client.listTools()
    process.kill(pid, 'SIGSTOP')
    const calling = client.callTool({
      name: 'read_text_file',
      arguments: { path: join(folder, 'notes.txt') },
    })
    calling.catch(() => undefined) // it may fail before the line below is reached
    await stderr.find(/"allowed":"read_text_file"/)
    process.kill(pid, 'SIGKILL')
    await expect(calling).rejects.toMatchObject({
      code: -32003,
      message: expect.stringContaining('tool server ended'),
    })
    await stderr.find(/"outcome":"unknown"/)
    await stderr.find(/the tool server ended \(SIGKILL\)/)
    await stderr.find(/"exit":137/)
  })
})

describe('sessions', () => {
  test('nothing is listed or allowed until a session is open, then calls carry their proof', async () => {
    const holder = crypto.signer(crypto.generateKey('Ed25519'))
    const { client } = await connect(fixtureFor({ holder: holder.publicJwk }))
    const request = (method: string, params: Record<string, unknown>): Promise<unknown> =>
      client.request({ method, params }, anyResult)
    expect((await client.listTools()).tools).toEqual([])
    const args = { path: join(folder, 'notes.txt') }
    const bare = await client.callTool({ name: 'read_text_file', arguments: args })
    expect(bare).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^PROOF_INVALID/) }],
    })

    const stranger = crypto.signer(crypto.generateKey('Ed25519'))
    const common = { crypto, clock: systemClock, chain: 'aaaa.bbbb.cccc~', request }
    await expect(CountersignMcpSession.open({ ...common, holder: stranger })).rejects.toMatchObject({
      code: -32001,
      data: { reasons: ['PROOF_INVALID'] },
    })

    const session = await CountersignMcpSession.open({ ...common, holder })
    expect((await client.listTools(undefined, { cacheMode: 'refresh' })).tools).toHaveLength(2)
    const _meta = session.metaFor('read_text_file', args)
    const read = await client.callTool({ name: 'read_text_file', arguments: args, _meta })
    expect(read.content).toEqual([{ type: 'text', text: 'hello from a real file' }])
    const other = { path: folder }
    const moved = await client.callTool({
      name: 'list_directory',
      arguments: other,
      _meta: session.metaFor('list_directory', args),
    })
    expect(moved.isError).toBe(true)
  })
})

describe('the wire', () => {
  test('garbage gets -32700, a batch and a duplicate name -32600, and the gateway stays up', async () => {
    const { child, out } = startRaw(fixtureFor())
    child.stdin.write(INITIALIZE)
    child.stdin.write('not json\n')
    await out.find(/"id":null,"error":\{"code":-32700/)
    child.stdin.write('[{"jsonrpc":"2.0","id":7,"method":"ping"}]\n')
    await out.find(/"id":null,"error":\{"code":-32600,"message":"batches/)
    child.stdin.write('{"jsonrpc":"2.0","id":8,"method":"ping","method":"tools/call"}\n')
    await out.find(/"id":8,"error":\{"code":-32600/)
    child.stdin.write('{"jsonrpc":"2.0","id":9,"method":"ping"}\n')
    await out.find(/"id":9.*"result":\{\}|"result":\{\}.*"id":9/)
    expect(out.seen.join('\n')).not.toContain('countersign-') // our own listing stays ours
  })

  test('the end of the input is an orderly stop: what was asked is answered first', async () => {
    const { child, out, err } = startRaw(fixtureFor())
    const call = { name: 'read_text_file', arguments: { path: join(folder, 'notes.txt') } }
    child.stdin.end(
      `${INITIALIZE}${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call })}\n`,
    )
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(0)
    expect(out.seen.join('\n')).toContain('hello from a real file')
    const pid = Number((await err.find(/^server pid (\d+)$/))[1])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('SIGTERM stops the gateway and its server', async () => {
    const { child, out, err } = startRaw(fixtureFor())
    child.stdin.write(INITIALIZE)
    await out.find(/"id":0/)
    const pid = Number((await err.find(/^server pid (\d+)$/))[1])
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([0, null])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

describe('the child process', () => {
  const unused = { id: 'pnt_unused' } as Point

  function run(
    script: string,
    options: Partial<Parameters<typeof runStdioGateway>[0]> = {},
  ): { stdin: PassThrough; stderr: Lines; done: Promise<number> } {
    const stdin = new PassThrough()
    const stderr = new PassThrough()
    const done = runStdioGateway({
      point: unused,
      server: 'files',
      command: process.execPath,
      args: ['-e', script],
      stdin,
      stdout: new PassThrough().resume(),
      stderr,
      graceMs: 200,
      ...options,
    })
    return { stdin, stderr: new Lines(stderr), done }
  }

  test('its exit code is ours', async () => {
    expect(await run('process.exit(3)').done).toBe(3)
    expect(await run('').done).toBe(0)
    expect(await run('process.kill(process.pid, "SIGSEGV")').done).toBe(128 + 11)
  })

  test('a command that does not exist is 127, and said', async () => {
    const { done, stderr } = run('', { command: '/nonexistent/server' })
    expect(await done).toBe(127)
    await stderr.find(/could not be started \(ENOENT\)/)
  })

  test('it does not see our settings', async () => {
    const { done, stderr } = run('console.error(Object.keys(process.env).join())', {
      env: { PATH: '/bin', COUNTERSIGN_KEY: 'secret', countersign_key: 'secret', OTHER: '1' },
    })
    await done
    expect((await stderr.find(/PATH/)).input).toBe('PATH,OTHER')
  })

  test('one that ignores the end of its input and SIGTERM is killed', async () => {
    const { stdin, stderr, done } = run(
      'process.on("SIGTERM", () => console.error("no")); setInterval(() => {}, 1000); console.error("up")',
    )
    await stderr.find(/^up$/)
    stdin.end()
    expect(await done).toBe(0)
    await stderr.find(/^no$/)
  })

  test('a grandchild that holds the pipes open does not hold the gateway', async () => {
    const grandchild = 'setTimeout(() => {}, 20000)'
    const { done, stderr } = run(
      `const c = require("node:child_process").spawn(process.execPath, ["-e", "${grandchild}"], {stdio: "inherit"});` +
        'console.error("pid " + c.pid); setTimeout(() => process.exit(4), 50)',
    )
    const pid = Number((await stderr.find(/^pid (\d+)$/))[1])
    cleanups.push(async () => process.kill(pid, 'SIGKILL'))
    expect(await done).toBe(4)
  })

  test('a client that does not read is not read from, and loses nothing', async () => {
    const answering =
      'require("node:readline").createInterface({input: process.stdin}).on("line", (l) => {' +
      'const {id} = JSON.parse(l); console.log(JSON.stringify({jsonrpc: "2.0", id, result: {x: "y".repeat(4096)}}))})'
    let isReading = false
    const held: (() => void)[] = []
    const received: string[] = []
    const stdout = new Writable({
      highWaterMark: 1024,
      write: (chunk: Buffer, _, callback) => {
        received.push(chunk.toString())
        if (isReading) callback()
        else held.push(callback)
      },
    })
    const { stdin, done } = run(answering, { stdout, graceMs: 5000 })
    const paused = once(stdin, 'pause')
    for (let id = 0; id < 100; id++) stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"ping"}\n`)
    await paused
    isReading = true
    for (const callback of held) callback()
    stdin.end()
    expect(await done).toBe(0)
    const ids = received
      .join('')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id)
    expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})
