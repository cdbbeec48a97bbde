/**
 * Peers over HTTP, as npm installs them and as their own documentation starts them. None of them decides or records
 * anything in these rows: what they cost is the relay alone.
 * @module
 */
import { join } from 'node:path'
import { Process, until } from '../../test/fixtures/processes.ts'
import { versionOf } from '../machine.ts'
import { freePort, httpCaller, type Caller } from './callers.ts'
import { EVERYTHING } from './plant.ts'

const MODULES = join(import.meta.dirname, '../node_modules')

export interface PeerRow {
  readonly name: string
  readonly version: string
  /** What stands behind it. */
  readonly in_front_of: 'http' | 'stdio'
}

export interface RunningPeer extends PeerRow {
  readonly caller: Caller
}

export interface Peers {
  readonly running: readonly RunningPeer[]
  /** Those that could not be started, and why. */
  readonly failed: Readonly<Record<string, string>>
}

/** @param url of the tool server over HTTP */
export async function startPeers(url: string, closers: (() => Promise<unknown>)[]): Promise<Peers> {
  const running: RunningPeer[] = []
  const failed: Record<string, string> = {}
  for (const [name, start] of Object.entries(STARTS)) {
    try {
      const { caller, in_front_of } = await start(url, closers)
      closers.push(() => caller.close())
      running.push({ name, version: versionOf(name), in_front_of, caller })
    } catch (cause) {
      failed[name] = cause instanceof Error ? cause.message : 'failed'
    }
  }
  return { running, failed }
}

type Start = (
  url: string,
  closers: (() => Promise<unknown>)[],
) => Promise<{ caller: Caller; in_front_of: PeerRow['in_front_of'] }>

const STARTS: Readonly<Record<string, Start>> = {
  '@civic/passthrough-mcp-server': async (url, closers) => {
    const port = await freePort()
    const { origin } = new URL(url)
    const env = { PORT: String(port), TARGET_SERVER_URL: origin, LOG_LEVEL: 'error' }
    const entry = join(MODULES, '@civic/passthrough-mcp-server/dist/cli.js')
    const caller = await started([entry], env, `http://127.0.0.1:${port}/mcp`, closers)
    return { caller, in_front_of: 'http' }
  },
  'mcp-proxy': async (_, closers) => {
    const port = await freePort()
    const entry = join(MODULES, 'mcp-proxy/dist/bin/mcp-proxy.mjs')
    const options = ['--port', String(port), '--host', '127.0.0.1', '--server', 'stream', '--']
    const command = [entry, ...options, process.execPath, EVERYTHING, 'stdio']
    const caller = await started(command, {}, `http://127.0.0.1:${port}/mcp`, closers)
    return { caller, in_front_of: 'stdio' }
  },
}

async function started(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  url: string,
  closers: (() => Promise<unknown>)[],
): Promise<Caller> {
  const peer = new Process(process.execPath, command, env)
  closers.push(() => peer.end('SIGKILL'))
  const reached = async (): Promise<boolean> => {
    if (!peer.isRunning) throw new Error(`it ended: ${peer.output.trim().slice(-200)}`)
    // Any answer at all: it listens.
    return fetch(url, { method: 'POST', body: '{}', signal: AbortSignal.timeout(2000) }).then(
      () => true,
      () => false,
    )
  }
  await until('the peer listens', reached)
  const caller = await httpCaller(url, peer.child.pid ?? null)
  await caller.call()
  return caller
}
