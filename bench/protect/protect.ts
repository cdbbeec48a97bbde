/**
 * `npm run bench -- protect`: what a function costs more behind an enforcement point in its own process, from the call to
 * its answer, one after another: with its record durable before it runs, and with a spool that stores nothing.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFsSpool } from '../../src/adapters/fs/spool.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { Guard } from '../../src/enforce/guard.ts'
import { protectFunction } from '../../src/enforce/protect.ts'
import type { Spool } from '../../src/ports/spool.ts'
import type { RevocationState } from '../../src/revoke/state.ts'
import { CALL, clock, newChain } from '../authorize/chains.ts'
import { filledState, outcomesRecorded, pointOver, REVOKED_N, StampingSpool } from '../authorize/ours.ts'
import { machine, ownCommit, type Machine } from '../machine.ts'
import { measure, type Percentiles, type Row } from '../measure.ts'

const CALLS_A_BURST = 20
/** Bursts of each row; some thousand calls, and a spool of some megabytes. */
const ROUNDS = { count: 300, warmup: 100, deadline_ms: 60_000 }

interface Report {
  readonly benchmark: 'protect'
  readonly machine: Machine
  readonly countersign: string
  /** The record of the decision is on the disk before the function runs. */
  readonly protect_us: Percentiles
  /** The same without a disk: everything that we compute. */
  readonly protect_not_durable_us: Percentiles
  /** The function by itself, awaited. */
  readonly bare_us: Percentiles
  readonly revocations_n: number
}

export async function protect(options: { readonly json: boolean }): Promise<void> {
  const ran_on = machine()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-protect-'))
  const disk = await openFsSpool(join(folder, 'spool'))
  try {
    const revocations = filledState()
    await disk.begin(1)
    const rows = [
      await guardedRow('durable', disk, revocations),
      await guardedRow('not durable', new StampingSpool(), revocations),
      bareRow(),
    ]
    const took = await measure(rows, ROUNDS)
    const of = (name: string): Percentiles => {
      const found = took.get(name)
      if (found === undefined) throw new TypeError(`no row ${name}`)
      return found
    }
    const report: Report = {
      benchmark: 'protect',
      machine: ran_on,
      countersign: ownCommit(),
      protect_us: of('durable'),
      protect_not_durable_us: of('not durable'),
      bare_us: of('bare'),
      revocations_n: REVOKED_N,
    }
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
  } finally {
    await disk.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const work = (args: { path: string }): number => args.path.length

/** A chain of a root and two hops, whose session is open. */
async function guardedRow(name: string, spool: Spool, revocations: RevocationState): Promise<Row> {
  const chain = newChain(3)
  const { point } = await pointOver(spool, nodeCrypto, chain.trust, revocations)
  const parts = { crypto: nodeCrypto, clock, chain: chain.text, holder: chain.holder }
  const guard = await Guard.open({ ...parts, point, server: CALL.server })
  const run = protectFunction(guard, work, { name: CALL.tool })
  return burst(name, async () => {
    const { decision } = await run(CALL.args)
    if (decision !== 'allow') throw new TypeError('the call was denied')
  })
}

function bareRow(): Row {
  return burst('bare', async () => {
    // oxlint-disable-next-line typescript/await-thenable -- as a caller that does not know would
    await work(CALL.args)
  })
}

function burst(name: string, call: () => Promise<void>): Row {
  const run = async (): Promise<{ took_us: readonly number[] }> => {
    const took_us: number[] = []
    for (let i = 0; i < CALLS_A_BURST; i++) {
      const start = performance.now()
      await call()
      took_us.push((performance.now() - start) * 1000)
      await outcomesRecorded()
    }
    return { took_us }
  }
  return { name, prepare: () => run }
}

function tableOf(report: Report): string {
  const { machine: on, protect_us, protect_not_durable_us, bare_us } = report
  const line = (label: string, { p10, p50, p99, n }: Percentiles): string =>
    `${label.padEnd(44)}${[p10, p50, p99].map((value) => value.toFixed(2).padStart(10)).join('')}${String(n).padStart(8)}\n`
  return [
    `${on.cpu}, ${on.cores} cores, ${on.os}, Node ${on.node}, load ${on.load_1m}, ${report.countersign}\n`,
    `${'microseconds'.padEnd(44)}       p10       p50       p99       n\n`,
    line('protect, durable before the function runs', protect_us),
    line('protect, a spool that stores nothing', protect_not_durable_us),
    line('the function alone', bare_us),
  ].join('')
}
