/**
 * `@modelcontextprotocol/conformance` against a server, direct and through the gateway: prints the difference, and fails
 * when a scenario that passes direct does not pass through it. `npm run test:conformance [-- --direct URL --through URL]`;
 * without addresses, the fixture of this folder and a gateway before it, or with `--bridge` the proxy alone.
 * @module
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Server } from 'node:http'
import { conformanceBridge } from './conformance-bridge.ts'
import { conformanceFront } from './conformance-front.ts'
import { conformanceServer } from './conformance-server.ts'

export const REVISIONS = ['2026-07-28', '2025-11-25'] as const
const SUITE = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)
const SUITE_MS = 240_000

export type Verdicts = ReadonlyMap<string, { readonly passed: number; readonly failed: number }>

/** By scenario. Rejects when the suite says nothing that can be read. */
export function runSuite(url: string, revision: string): Promise<Verdicts> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-conformance-'))
  const args = [SUITE, 'server', '--url', url, '--requirements', revision, '--timeout', '10000', '-o', folder]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: SUITE_MS, maxBuffer: 64 * 1024 * 1024 }, (_, stdout) => {
      rmSync(folder, { recursive: true, force: true })
      const lines = stdout.matchAll(/^\S+ ([a-z0-9-]+): (\d+) passed, (\d+) failed/gm)
      const found = [...lines].map(
        ([, name = '', passed, failed]) =>
          [name, { passed: Number(passed), failed: Number(failed) }] as const,
      )
      if (found.length > 0) resolve(new Map(found))
      else reject(new Error(`the suite printed no verdict:\n${stdout.slice(-2000)}`))
    })
  })
}

/** Their streams are optional: a check of them is passed by a server that streams, and left out for one that answers with JSON. */
const OPTIONAL_STREAMS = new Set(['server-sse-multiple-streams'])

/** Scenarios that pass direct, and do not pass through. */
export function lost(direct: Verdicts, through: Verdicts): string[] {
  return [...direct]
    .filter(([, { failed }]) => failed === 0)
    .filter(([name, { passed }]) => {
      const other = through.get(name)
      if (other === undefined || other.failed > 0) return true
      return other.passed < passed && !OPTIONAL_STREAMS.has(name)
    })
    .map(([name]) => name)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { direct: { type: 'string' }, through: { type: 'string' }, bridge: { type: 'boolean' } },
  })
  const own = conformanceServer()
  const direct = values.direct ?? (await listen(own))
  const bridge = conformanceBridge(direct)
  const front = values.through === undefined && !values.bridge ? await conformanceFront(direct) : null
  const through = values.through ?? front?.url ?? (await listen(bridge))
  for (const revision of REVISIONS) {
    const [one, two] = [await runSuite(direct, revision), await runSuite(through, revision)]
    const passing = [...one.values()].filter(({ failed }) => failed === 0).length
    const missing = lost(one, two)
    print(`${revision}: ${one.size} scenarios, ${passing} pass direct, ${missing.length} of them not through`)
    for (const name of new Set([...one.keys(), ...two.keys()])) {
      const [a, b] = [JSON.stringify(one.get(name)), JSON.stringify(two.get(name))]
      if (a !== b) print(`  ${name}: direct ${a}, through ${b}`)
    }
    if (missing.length > 0) process.exitCode = 1
  }
  for (const fault of front?.faults ?? []) print(`fault: ${String(fault)}`)
  await front?.close()
  own.close().closeAllConnections()
  bridge.close().closeAllConnections()
}
