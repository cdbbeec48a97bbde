/**
 * The stdio gateway: runs a tool server as a child process and stands between it and the MCP client on our own
 * standard streams. spec/mcp.md. What it says itself goes to `stderr` and never holds a frame.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { FrameReader } from '../../src/enforce/adapters/mcp/frames.ts'
import { McpProxy } from '../../src/enforce/adapters/mcp/proxy.ts'
import type { ReleaseDesk } from '../../src/enforce/adapters/mcp/release-tool.ts'
import type { Point } from '../../src/enforce/types.ts'
import { lineWriter, type Flow } from './line-writer.ts'
import { within } from './within.ts'

/** How long calls in flight may take to be answered once the client has said its last. */
const ANSWER_MS = 5000
/**
 * How long each further step of an orderly stop may take: the child by itself, the child by SIGTERM. MCP clients give
 * a server about two seconds before they kill it, and our own records are still to be shipped then.
 */
const GRACE_MS = 400
/** The exit code of a shell for a command that it cannot run. */
const EXIT_NOT_STARTED = 127
const SIGNAL_EXIT_BASE = 128
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface StdioGatewayOptions {
  /** Stays open: who made it closes it. */
  readonly point: Point
  readonly releases?: ReleaseDesk
  /** The tool server's name, as grants name it. */
  readonly server: string
  /** Whether the point has a delegation of its own (MCP-3). */
  readonly hosted?: boolean
  /** Run as it is, without a shell. */
  readonly command: string
  readonly args: readonly string[]
  /** Of the child; ours by default. Either way without the variables `COUNTERSIGN_*`. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly graceMs?: number
}

/**
 * Runs until the client, the tool server or a signal ends it.
 * @returns the exit code: that of the tool server (128 + n for a signal that we did not send, 127 when it could not be
 * started), else 0
 */
export async function runStdioGateway(options: StdioGatewayOptions): Promise<number> {
  const grace_ms = options.graceMs ?? GRACE_MS
  const log = (message: string): void => void options.stderr.write(`countersign gateway: ${message}\n`)
  const child = spawn(options.command, options.args, {
    env: childEnvironment(options.env ?? process.env),
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
  })
  const closed = whenClosed(child, grace_ms)
  if (child.pid === undefined) {
    const ending = await closed
    log(`the tool server could not be started (${ending.error})`)
    return EXIT_NOT_STARTED
  }
  const stop = new AbortController()
  const { proxy, flush, release } = connect(options, child, stop, log)
  const onSignal = (): void => stop.abort()
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal)
  try {
    await Promise.race([closed, whenAborted(stop.signal)])
    const isOurStop = child.exitCode === null && child.signalCode === null
    if (isOurStop) await stopChild(child, closed, { proxy, flush }, grace_ms)
    const { code, signal } = await closed
    proxy.serverEnded()
    if (!(await within(proxy.idle(), grace_ms))) log('stopped before every outcome was recorded')
    if (!isOurStop) log(`the tool server ended (${signal ?? `code ${code}`})`)
    flush()
    await within(flushed(options.stdout), grace_ms)
    if (code !== null) return code
    return isOurStop || signal === null ? 0 : SIGNAL_EXIT_BASE + constants.signals[signal]
  } finally {
    release()
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal)
  }
}

/** Our own settings (keys, delegations, addresses) are none of the tool server's business. */
function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.toUpperCase().startsWith('COUNTERSIGN_')),
  )
}

interface Connected {
  readonly proxy: McpProxy
  /** Hands on what was said in this turn. */
  readonly flush: () => void
}

/** Joins the streams to the proxy. A side that cannot take more stops the sides that feed it. */
function connect(
  options: StdioGatewayOptions,
  child: ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable },
  stop: AbortController,
  log: (message: string) => void,
): Connected & { readonly release: () => void } {
  const { stdin, stdout, stderr } = options
  const fromStdin = new Feeder(stdin)
  const fromChild = new Feeder(child.stdout)
  const toClient = lineWriter(stdout, holding([fromStdin, fromChild]))
  const toServer = lineWriter(child.stdin, holding([fromStdin]))
  const proxy = new McpProxy({
    crypto: nodeCrypto,
    point: options.point,
    ...(options.releases === undefined ? {} : { releases: options.releases }),
    server: options.server,
    hosted: options.hosted ?? false,
    // What the client is sent comes from both sides: from the server, and from us for what the client asks.
    toClient: toClient.write,
    toServer: toServer.write,
    endServer: () => void child.kill('SIGKILL'),
    log,
  })
  const clientFrames = new FrameReader((frame) => proxy.fromClient(frame), true)
  const serverFrames = new FrameReader((frame) => proxy.fromServer(frame))
  const onData = (chunk: Uint8Array): void => clientFrames.push(chunk)
  const onStop = (): void => stop.abort()
  const onEnd = (): void => {
    clientFrames.end()
    stop.abort()
  }
  stdin.on('data', onData).on('end', onEnd).on('close', onStop).on('error', onStop)
  stdout.on('error', onStop) // stays: a write may fail after we have gone
  child.stdout.on('data', (chunk: Uint8Array) => serverFrames.push(chunk)).on('end', () => serverFrames.end())
  child.stdin.on('error', () => undefined) // the child is going; its `close` says the rest
  child.stderr.pipe(stderr, { end: false })
  const release = (): void => {
    stdin.off('data', onData).off('end', onEnd).off('close', onStop).off('error', onStop).pause()
  }
  const flush = (): void => {
    toClient.flush()
    toServer.flush()
  }
  return { proxy, flush, release }
}

/** A stream that is read only while no writer that it feeds is full. */
class Feeder {
  readonly #stream: Readable
  #holds = 0

  constructor(stream: Readable) {
    this.#stream = stream
  }

  hold(): void {
    if (this.#holds++ === 0) this.#stream.pause()
  }

  letGo(): void {
    if (--this.#holds === 0) this.#stream.resume()
  }
}

/** Holds them while a stream that they feed is full. */
function holding(feeders: readonly Feeder[]): Flow {
  return {
    onFull: () => feeders.forEach((feeder) => feeder.hold()),
    onRoom: () => feeders.forEach((feeder) => feeder.letGo()),
  }
}

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The system's code when the child could not be started, e.g. `ENOENT`. */
  readonly error: string
}

/** Resolves when the child has ended and what it wrote was read, as far as that was possible in time. */
function whenClosed(child: ChildProcess, grace_ms: number): Promise<Ending> {
  return new Promise((resolve) => {
    child.on('exit', () => {
      // A grandchild may hold the pipes open for ever, and a client may have stopped reading.
      const timer = setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, grace_ms)
      child.on('close', () => clearTimeout(timer))
    })
    child.on('close', (code, signal) => resolve({ code, signal, error: '' }))
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error: cause.code ?? cause.name })
    })
  })
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** Answers what is in flight, then ends the child: its input first, then SIGTERM, then SIGKILL. */
async function stopChild(
  child: ChildProcess,
  closed: Promise<Ending>,
  { proxy, flush }: Connected,
  grace_ms: number,
): Promise<void> {
  await within(proxy.idle(), Math.max(ANSWER_MS, grace_ms))
  flush()
  child.stdin?.end()
  if (await within(closed, grace_ms)) return
  child.kill('SIGTERM')
  if (await within(closed, grace_ms)) return
  child.kill('SIGKILL')
}

/** Everything written so far is with the reader, or the reader is gone. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve()
    else stream.write('', () => resolve())
  })
}
