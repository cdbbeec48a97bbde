/**
 * `npm run bench -- gateway [--json] [--short]`: `tools/call` of `echo` on server-everything, direct, through a proxy that
 * does nothing, through ours and through peers, over stdio and HTTP, in one run. Ours is the whole of it: a control plane
 * that it ships to, a hosted delegation, and the receipt on disk before each call. docs: bench/README.md
 * @module
 */
import { loadavg } from 'node:os'
import { Stage } from '../../test/fixtures/stage.ts'
import { machine, ownCommit, versionOf } from '../machine.ts'
import { round } from '../measure.ts'
import { measureProtect } from '../protect/protect.ts'
import { overHttp } from './http.ts'
import { fdatasyncMs } from './memory.ts'
import { plant } from './plant.ts'
import { tableOf, type Report } from './report.ts'
import { overStdio } from './stdio.ts'

export async function gateway(options: { json: boolean; short: boolean }): Promise<void> {
  const report = await run(options.short)
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : tableOf(report))
}

async function run(short: boolean): Promise<Report> {
  const about = machine()
  tell('a control plane, points and a delegation are made')
  const stage = await Stage.set()
  try {
    const planted = await plant(stage)
    const fdatasync_ms = fdatasyncMs(planted.folder)
    tell('stdio, and the memory')
    const overPipes = await overStdio(planted, short)
    tell('a function behind a point in this process')
    const { protect_us } = await measureProtect()
    tell('HTTP')
    const overNetwork = await overHttp(planted, short)
    return {
      benchmark: 'gateway',
      machine: about,
      load_1m_at_the_end: round(loadavg()[0] ?? 0),
      countersign: ownCommit(),
      server_everything: versionOf('@modelcontextprotocol/server-everything'),
      fdatasync_ms,
      protect_us,
      ...overPipes,
      ...overNetwork,
    }
  } finally {
    await stage.remove()
  }
}

/** Minutes pass: who waits should see where it is. */
function tell(what: string): void {
  process.stderr.write(`bench gateway: ${what}\n`)
}
