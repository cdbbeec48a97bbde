/** The rows over HTTP. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CLI, Process, until } from '../../test/fixtures/processes.ts'
import { freePort, httpCaller, type Caller } from './callers.ts'
import { startPeers } from './peers.ts'
import { EVERYTHING, NAME, type Planted } from './plant.ts'
import type { HttpFigures, PeerFigures, Rows } from './report.ts'
import { median, ratio, sequentially, spread, together } from './rounds.ts'

const NOOP = join(import.meta.dirname, 'noop-process.ts')

type Closers = (() => Promise<unknown>)[]

export async function overHttp(
  planted: Planted,
  short: boolean,
): Promise<{ http: HttpFigures; peers: PeerFigures }> {
  const closers: Closers = []
  try {
    const upstream = await startEverything(closers)
    const base = {
      direct: await httpCaller(upstream, null),
      noop: await startNoop(upstream, closers),
      durable: await startOurs(planted, upstream, closers),
    }
    for (const caller of Object.values(base)) closers.push(() => caller.close())
    const { running, failed } = await startPeers(upstream, closers)
    const callers: Record<string, Caller> = {
      ...base,
      ...Object.fromEntries(running.map(({ name, caller }) => [name, caller])),
    }
    const took = await sequentially(callers, { ms: short ? 6000 : 40_000, block: 10 })
    const rates = await together(callers, { ms: short ? 15_000 : 90_000, block: 160 })
    const row = (name: string): Rows[string] => {
      const { [name]: ms = [] } = took
      const { [name]: rate = [] } = rates
      return { ms: spread(ms), calls_per_s_32: Math.round(median(rate)) }
    }
    const { direct = [], noop = [], durable = [] } = rates
    return {
      http: {
        ratio_to_noop_proxy: ratio(durable, noop),
        ratio_to_direct: ratio(durable, direct),
        rounds: { sequential: took.direct?.length ?? 0, together: direct.length },
        rows: { direct: row('direct'), noop: row('noop'), durable: row('durable') },
      },
      peers: {
        rows: running.map(({ name, version, in_front_of }) => {
          const { [name]: own = [] } = rates
          return { name, version, in_front_of, ...row(name), ratio_of_ours_to_it: ratio(durable, own) }
        }),
        failed,
      },
    }
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

async function startEverything(closers: Closers): Promise<string> {
  const port = await freePort()
  const server = new Process(process.execPath, [EVERYTHING, 'streamableHttp'], { PORT: String(port) })
  closers.push(() => server.end('SIGKILL'))
  await until('the server listens', () => server.output.includes('listening'))
  return `http://127.0.0.1:${port}/mcp`
}

async function startNoop(upstream: string, closers: Closers): Promise<Caller> {
  const { port } = new URL(upstream)
  const noop = spawn(process.execPath, [NOOP, 'http', port], { stdio: ['ignore', 'pipe', 'inherit'] })
  closers.push(async () => noop.kill())
  const [own] = (await once(createInterface({ input: noop.stdout }), 'line')) as [string]
  return httpCaller(`http://127.0.0.1:${own}/mcp`, noop.pid ?? null)
}

async function startOurs(
  { folder, points, hosted }: Planted,
  upstream: string,
  closers: Closers,
): Promise<Caller> {
  const config = join(folder, 'countersign.yaml')
  const servers = `servers: {${NAME}: {http: {url: '${upstream}'}, access: keys}}`
  await writeFile(config, `v: 1\npoint: ${points.http}\nlisten: 127.0.0.1:0\n${servers}\n`)
  const ours = new Process(process.execPath, [CLI, 'gateway', '--config', config, ...hosted])
  closers.push(() => ours.end('SIGTERM'))
  const [, url = ''] = await until('ours listens', () => {
    if (!ours.isRunning) throw new Error(`the gateway ended: ${ours.output}`)
    return /listens at (http:\S+)/.exec(ours.output)
  })
  return httpCaller(`${url}/servers/${NAME}/mcp`, ours.child.pid ?? null)
}
