/**
 * Mutated frames through an {@link McpProxy} before a real process that reads carelessly. spec/mcp.md.
 * `npm run test:fuzz -- [--frames 100000] [--seed 1]`. Fails when the gateway throws or stops answering, when its memory
 * grows, or when the server takes for a call what was not decided and recorded.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { canonicalize, type JsonObject } from '../../src/core/json.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { FrameReader } from '../../src/enforce/adapters/mcp/frames.ts'
import { MCP_LIMITS } from '../../src/enforce/adapters/mcp/limits.ts'
import { McpProxy } from '../../src/enforce/adapters/mcp/proxy.ts'
import { asAsked } from '../../src/enforce/flow/flow-call.ts'
import type { Act, CallOutcome, CallRequest } from '../../src/enforce/types.ts'
import { ListPoint } from '../fixtures/mcp-rig.ts'
import { nextFrame, seeded } from './mutate.ts'

const SERVER = join(import.meta.dirname, '../fixtures/careless-server.ts')
/** Frames between two waits for everything to be answered. */
const BATCH = 128
/** What a garbage collector may be late with. */
const GROWTH_BYTES_MAX = 96 * 1024 * 1024
/** What is kept must not depend on how many frames there were. */
const HEAP_GROWTH_BYTES_MAX = 8 * 1024 * 1024
/** Arguments that stand beside others or around them, and that no server takes for arguments. */
const ADDED = new Set(['_meta', 'inputResponses', 'requestState'])

/** Remembers what it allowed until the server has been seen doing it. */
class RecordingPoint extends ListPoint {
  readonly recorded = new Map<string, number>()
  decided_n = 0

  override async call<T>(request: CallRequest, act: Act<T>): Promise<CallOutcome<T>> {
    for (const kept of [this.asked, this.outcomes, this.refused, this.noted]) kept.length = 0
    this.decided_n++
    return super.call(request, (action) => {
      const key = keyOf(request.tool, request.args)
      this.recorded.set(key, (this.recorded.get(key) ?? 0) + 1)
      // Of this call alone, as a point has it: one for all would keep every call.
      return act(action, new AbortController().signal, asAsked(request))
    })
  }

  /** @returns false: nobody decided that */
  seen(what: string, args: JsonObject): boolean {
    const key = keyOf(what, args)
    const left = this.recorded.get(key) ?? 0
    if (left > 1) this.recorded.set(key, left - 1)
    else this.recorded.delete(key)
    return left > 0
  }
}

function keyOf(what: string, args: JsonObject): string {
  const own = Object.entries(args).filter(([name]) => !ADDED.has(name))
  if (what === 'completion/complete') return canonicalize([what, Object.fromEntries(own.filter(isAsked))])
  return canonicalize([what, Object.fromEntries(own)])
}

/** Not what was put beside it (MCP-7). */
function isAsked([name]: [string, unknown]): boolean {
  return name !== 'name' && name !== 'uri'
}

export interface FuzzReport {
  readonly frames: number
  readonly seed: number
  readonly decided: number
  readonly reached: number
  /** What the server did that nobody decided. Empty, or it is a hole. */
  readonly unrecorded: readonly string[]
  readonly answered: number
  readonly rss_mb: { readonly early: number; readonly late: number }
  /** After a collection. */
  readonly heap_mb: { readonly early: number; readonly late: number }
  readonly isFlat: boolean
}

export async function fuzz(frames: number, seed: number): Promise<FuzzReport> {
  const child = spawn(process.execPath, [SERVER], { stdio: ['pipe', 'pipe', 'pipe'] })
  const point = new RecordingPoint()
  point.allowed.set(null, [
    'read',
    'resources/read',
    'resources/subscribe',
    'prompts/get',
    'completion/complete',
  ])
  const unrecorded: string[] = []
  let [reached, answered] = [0, 0]
  createInterface({ input: child.stderr }).on('line', (line) => {
    const done = Buffer.from(line, 'base64').toString()
    const { what, args } = JSON.parse(done) as { what: string; args: JsonObject }
    reached++
    if (!point.seen(what, args)) unrecorded.push(done)
  })
  const proxy = new McpProxy({
    crypto: nodeCrypto,
    point,
    server: 'files',
    hosted: true,
    limits: { ...MCP_LIMITS, call_ms: 1000 },
    toClient: () => answered++,
    toServer: (line) => child.stdin.write(`${line}\n`),
    endServer: () => unrecorded.push('the server was ended'),
    log: () => undefined,
  })
  const fromServer = new FrameReader((frame) => proxy.fromServer(frame))
  child.stdout.on('data', (chunk: Uint8Array) => fromServer.push(chunk))
  const fromClient = new FrameReader((frame) => proxy.fromClient(frame), true)
  const random = seeded(seed)
  let early: NodeJS.MemoryUsage | null = null
  for (let n = 1; n <= frames; n++) {
    fromClient.push(nextFrame(random, n))
    fromClient.push(LINE_END)
    if (n % BATCH !== 0 && n !== frames) continue
    await proxy.idle()
    if (n >= frames / 4) early ??= memoryUsed()
  }
  const late = memoryUsed()
  await answersStill(proxy)
  child.stdin.end()
  await once(child, 'close')
  const mb = (of: 'rss' | 'heapUsed'): { early: number; late: number } => ({
    early: Math.round((early?.[of] ?? 0) / 1e6),
    late: Math.round(late[of] / 1e6),
  })
  return {
    frames,
    seed,
    decided: point.decided_n,
    reached,
    unrecorded,
    answered,
    rss_mb: mb('rss'),
    heap_mb: mb('heapUsed'),
    isFlat:
      late.heapUsed - (early?.heapUsed ?? 0) < HEAP_GROWTH_BYTES_MAX &&
      late.rss - (early?.rss ?? 0) < GROWTH_BYTES_MAX,
  }
}

/** Without what only waits to be collected. */
function memoryUsed(): NodeJS.MemoryUsage {
  collect()
  return process.memoryUsage()
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const LINE_END = Uint8Array.of(0x0a)

/** A call that is good in every respect is let through still. */
async function answersStill(proxy: McpProxy): Promise<void> {
  const reader = new FrameReader((frame) => proxy.fromClient(frame), true)
  const line = '{"jsonrpc":"2.0","id":"the last one","method":"tools/call","params":{"name":"read"}}\n'
  reader.push(new TextEncoder().encode(line))
  await proxy.idle()
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { frames: { type: 'string' }, seed: { type: 'string' } } })
  const report = await fuzz(Number(values.frames ?? 100_000), Number(values.seed ?? 1))
  process.stdout.write(`${JSON.stringify({ ...report, unrecorded: report.unrecorded.slice(0, 5) })}\n`)
  if (report.unrecorded.length > 0 || !report.isFlat) process.exitCode = 1
}
