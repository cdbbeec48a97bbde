/** `npm run bench -- revoke`: from the revoke request to the last denial, whole and partitioned, and what it costs. @module */
import { machine, ownCommit, type Machine } from '../machine.ts'
import { measureAcks, type AckFigures } from './acks.ts'
import { measureFleet, type FleetReport } from './fleet.ts'
import { benchLimits, type LimitsBench } from './limits.ts'
import { measurePartition, type PartitionFigures } from './partition.ts'
import { tableOf } from './report.ts'

/** `--json` prints it as it is. */
export interface Report extends FleetReport {
  readonly benchmark: 'revoke'
  readonly machine: Machine
  /** Our commit. */
  readonly countersign: string
  readonly partition: PartitionFigures
  readonly limits: LimitsBench
  readonly acks: AckFigures
}

export interface RevokeOptions {
  readonly json: boolean
  /** Fewer rounds: a minute or two, and rougher figures. */
  readonly short: boolean
}

export async function revoke({ json, short }: RevokeOptions): Promise<void> {
  const ran_on = machine()
  const partition = await measurePartition(short ? 2 : 12)
  const fleet = await measureFleet(short ? { rounds: 5, revocations: 100 } : { rounds: 25, revocations: 500 })
  const report: Report = {
    benchmark: 'revoke',
    machine: ran_on,
    countersign: ownCommit(),
    ...fleet,
    partition,
    limits: await benchLimits(),
    acks: await measureAcks(),
  }
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
}
