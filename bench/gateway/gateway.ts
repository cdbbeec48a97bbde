/**
 * `npm run bench -- gateway [--json] [--short]`: `tools/call` of `echo` on server-everything, direct, through a proxy that
 * does nothing, and through ours, over stdio and HTTP, in one run. Ours is the whole of it: a control plane that it
 * ships to, a hosted delegation, and the receipt on disk before each call. docs: bench/README.md
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { z } from 'zod'
import { addSystem, delegate, enrollPoint } from '../../apps/cli/operator.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { addAgentKey } from '../../apps/cli/operator.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import { CLI, McpProcess, Process, until } from '../../test/fixtures/processes.ts'
import { Stage } from '../../test/fixtures/stage.ts'
import { machine, ownCommit, versionOf, type Machine } from '../machine.ts'
import { percentiles, round, type Percentiles } from '../measure.ts'
import { httpCaller, stdioCaller, type Caller } from './callers.ts'

const EVERYTHING = join(
  import.meta.dirname,
  '../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
)
const NOOP = join(import.meta.dirname, 'noop-process.ts')
const NAME = 'everything'
const IN_FLIGHT = 32

interface Report {
  readonly machine: Machine
  readonly countersign: string
  readonly server_everything: string
  readonly stdio: {
    readonly direct_ms: Spread
    readonly noop_ms: Spread
    readonly ours_ms: Spread
    readonly added_ms: { readonly durable: Spread; readonly not_durable: null }
    readonly direct_per_s_32: number
    readonly noop_per_s_32: number
    readonly calls_per_s_32: number
    readonly ratio_32_to_direct: number
  }
  readonly http: {
    readonly direct_per_s_32: number
    readonly noop_per_s_32: number
    readonly calls_per_s_32: number
    readonly ratio_to_noop_proxy: number
    readonly ratio_to_direct: number
  }
  readonly memory: { readonly calls: number; readonly rss_mib_before: number; readonly rss_mib_after: number }
  /** Targets of the design that this run does not measure. */
  readonly not_measured: readonly string[]
}

interface Spread {
  readonly p50: number
  readonly p99: number
}

export async function gateway(options: { json: boolean; short: boolean }): Promise<void> {
  const report = await run(options.short)
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : tableOf(report))
}

async function run(short: boolean): Promise<Report> {
  const about = machine()
  const stage = await Stage.set()
  const others: { close(): Promise<unknown> }[] = []
  try {
    const planted = await plant(stage)
    const stdio = await overStdio(planted, short, others)
    const http = await overHttp(stage, planted, short, others)
    const { memory, ...figures } = http
    return {
      machine: about,
      countersign: ownCommit(),
      server_everything: versionOf('@modelcontextprotocol/server-everything'),
      stdio,
      http: figures,
      memory,
      not_measured: ['stdio.added_ms.not_durable', 'protect_us', 'peers'],
    }
  } finally {
    for (const each of others.reverse()) await each.close()
    await stage.remove()
  }
}

interface Planted {
  readonly chain: string
  readonly key: string
  readonly stdioPoint: string
  readonly httpPoint: string
}

/** The tool, two points, and a delegation that both host. */
async function plant({ manager, agent, folder }: Stage): Promise<Planted> {
  const system = await addSystem(manager, 'Everything')
  const server = await new McpProcess(process.execPath, [EVERYTHING, 'stdio']).initialize()
  const { tools } = z
    .object({ tools: z.array(z.looseObject({ name: z.string() })) })
    .parse(await server.request('tools/list', {}))
  await server.end('SIGTERM')
  for (const tool of tools) {
    const definition_hash = definitionHash(nodeCrypto, tool as JsonObject)
    await registerTool(manager, { system, server: NAME, tool: tool.name, definition_hash, measures: {} })
  }
  const paths = { stdioPoint: join(folder, 'stdio.json'), httpPoint: join(folder, 'http.json') }
  const aud: string[] = []
  for (const path of Object.values(paths)) {
    const file = await enrollPoint(manager, 'bench', NAME)
    aud.push(file.point)
    await writePrivate(path, file)
  }
  const jwk = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(jwk)
  await addAgentKey(manager, agent.id, publicJwk)
  const { chain } = await delegate(manager, {
    agent: agent.id,
    jkt: thumbprint(nodeCrypto, publicJwk),
    aud,
    grants: [{ type: 'tool', server: NAME, actions: ['echo'] }],
    ttl_s: 3600,
    depth_max: 0,
  })
  const files = { chain: join(folder, 'bench.chain'), key: join(folder, 'bench.jwk') }
  await writePrivate(files.chain, chain)
  await writePrivate(files.key, { ...jwk })
  return { ...paths, ...files }
}

async function overStdio(
  { chain, key, stdioPoint }: Planted,
  short: boolean,
  others: { close(): Promise<unknown> }[],
): Promise<Report['stdio']> {
  const node = process.execPath
  const server = [node, EVERYTHING, 'stdio']
  const hosted = ['--delegation', chain, '--key', key]
  const callers = {
    direct: await stdioCaller(server),
    noop: await stdioCaller([node, NOOP, 'stdio', ...server]),
    ours: await stdioCaller([
      node,
      CLI,
      'gateway',
      '--stdio',
      '--point',
      stdioPoint,
      ...hosted,
      '--',
      ...server,
    ]),
  }
  others.push(...Object.values(callers))
  const took = await sequentially(callers, short ? 500 : 5000)
  const rates = await together(callers, short ? 3000 : 20_000)
  const spread = ({ p50, p99 }: Percentiles): Spread => ({ p50: round(p50 / 1000), p99: round(p99 / 1000) })
  const [direct, ours] = [spread(took.direct), spread(took.ours)]
  return {
    direct_ms: direct,
    noop_ms: spread(took.noop),
    ours_ms: ours,
    added_ms: {
      durable: { p50: round(ours.p50 - direct.p50), p99: round(ours.p99 - direct.p99) },
      not_durable: null,
    },
    direct_per_s_32: rates.direct,
    noop_per_s_32: rates.noop,
    calls_per_s_32: rates.ours,
    ratio_32_to_direct: round(rates.ours / rates.direct),
  }
}

async function overHttp(
  { folder }: Stage,
  { chain, key, httpPoint }: Planted,
  short: boolean,
  others: { close(): Promise<unknown> }[],
): Promise<Report['http'] & { memory: Report['memory'] }> {
  const port = await freePort()
  const everything = new Process(process.execPath, [EVERYTHING, 'streamableHttp'], { PORT: String(port) })
  others.push({ close: () => everything.end('SIGTERM') })
  await until('the server listens', () => everything.output.includes('listening'))
  const noop = spawn(process.execPath, [NOOP, 'http', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  others.push({ close: async () => noop.kill() })
  const [noopPort] = (await once(createInterface({ input: noop.stdout }), 'line')) as [string]
  const config = join(folder, 'countersign.yaml')
  const servers = `servers: {${NAME}: {http: {url: 'http://127.0.0.1:${port}/mcp'}, access: keys}}`
  await writeFile(config, `v: 1\npoint: ${httpPoint}\nlisten: 127.0.0.1:0\n${servers}\n`)
  const hosted = ['--delegation', chain, '--key', key]
  const ours = new Process(process.execPath, [CLI, 'gateway', '--config', config, ...hosted])
  others.push({ close: () => ours.end('SIGTERM') })
  const [, url = ''] = await until('ours listens', () => /listens at (http:\S+)/.exec(ours.output))
  const callers = {
    direct: await httpCaller(`http://127.0.0.1:${port}/mcp`, null),
    noop: await httpCaller(`http://127.0.0.1:${noopPort}/mcp`, noop.pid ?? null),
    ours: await httpCaller(`${url}/servers/${NAME}/mcp`, ours.child.pid ?? null),
  }
  others.push(...Object.values(callers))
  const rates = await together(callers, short ? 1500 : 8000)
  const calls = short ? 5000 : 1_000_000
  const before = rssOf(callers.ours)
  await burst(callers.ours, calls)
  return {
    direct_per_s_32: rates.direct,
    noop_per_s_32: rates.noop,
    calls_per_s_32: rates.ours,
    ratio_to_noop_proxy: round(rates.ours / rates.noop),
    ratio_to_direct: round(rates.ours / rates.direct),
    memory: { calls, rss_mib_before: before, rss_mib_after: rssOf(callers.ours) },
  }
}

type Callers = Readonly<Record<'direct' | 'noop' | 'ours', Caller>>
type Each<T> = Record<'direct' | 'noop' | 'ours', T>
const ROWS = ['direct', 'noop', 'ours'] as const

/** In turns, so that what else the machine does falls on all alike. Microseconds. */
async function sequentially(callers: Callers, n: number): Promise<Each<Percentiles>> {
  const took: Each<number[]> = { direct: [], noop: [], ours: [] }
  const warmup = Math.min(500, n)
  for (let i = 0; i < n + warmup; i++) {
    for (const row of ROWS) {
      const start = performance.now()
      await callers[row].call()
      if (i >= warmup) took[row].push((performance.now() - start) * 1000)
    }
  }
  return { direct: percentiles(took.direct), noop: percentiles(took.noop), ours: percentiles(took.ours) }
}

/** The median of five rounds, in turns. Calls a second. */
async function together(callers: Callers, n: number): Promise<Each<number>> {
  const rates: Each<number[]> = { direct: [], noop: [], ours: [] }
  for (let turn = -1; turn < 5; turn++) {
    for (const row of ROWS) {
      const took_ms = await burst(callers[row], n)
      if (turn >= 0) rates[row].push((n / took_ms) * 1000)
    }
  }
  const median = (all: number[]): number => Math.round(all.toSorted((a, b) => a - b)[2] ?? Number.NaN)
  return { direct: median(rates.direct), noop: median(rates.noop), ours: median(rates.ours) }
}

async function burst(caller: Caller, n: number): Promise<number> {
  let left = n
  const start = performance.now()
  const worker = async (): Promise<void> => {
    while (left-- > 0) await caller.call()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return performance.now() - start
}

function rssOf({ pid }: Caller): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function tableOf({
  machine: about,
  countersign,
  server_everything,
  stdio,
  http,
  memory,
  not_measured,
}: Report): string {
  const row = (name: string, value: string, target = ''): string =>
    `${name.padEnd(58)}${value.padStart(16)}  ${target}`
  const spread = ({ p50, p99 }: Spread): string => `${p50} / ${p99}`
  return [
    `gateway, ${about.cpu}, ${about.cores} cores, ${about.memory_gib} GiB, ${about.os}`,
    `Node ${about.node}, countersign ${countersign}, server-everything ${server_everything}, load ${about.load_1m} at the start`,
    '',
    row('stdio, one call after another, p50 / p99 ms: direct', spread(stdio.direct_ms)),
    row('  through a proxy that does nothing', spread(stdio.noop_ms)),
    row('  through ours, durable', spread(stdio.ours_ms)),
    row('  added by ours', spread(stdio.added_ms.durable), '<= 0.30'),
    row('stdio, 32 in flight, calls/s: direct', String(stdio.direct_per_s_32)),
    row('  through a proxy that does nothing', String(stdio.noop_per_s_32)),
    row('  through ours, durable', String(stdio.calls_per_s_32)),
    row('  ours to direct', String(stdio.ratio_32_to_direct), '>= 0.75'),
    row('HTTP, 32 in flight, calls/s: direct', String(http.direct_per_s_32)),
    row('  through a proxy that does nothing', String(http.noop_per_s_32)),
    row('  through ours, durable', String(http.calls_per_s_32)),
    row('  ours to the proxy that does nothing', String(http.ratio_to_noop_proxy), '>= 0.8'),
    row(
      `memory of ours, MiB, before and after ${memory.calls} calls`,
      `${memory.rss_mib_before} / ${memory.rss_mib_after}`,
    ),
    `not measured: ${not_measured.join(', ')}`,
    '',
  ].join('\n')
}
