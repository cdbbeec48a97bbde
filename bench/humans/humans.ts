/** `npm run bench -- humans`: what it costs to know which human stands behind what, and what humans agreed to. @module */
import { machine, ownCommit } from '../machine.ts'
import { benchSubjects } from './subjects.ts'
import { benchWithdraw } from './withdraw.ts'

export async function humans({ json }: { readonly json: boolean }): Promise<void> {
  const start = machine()
  const subjects = await benchSubjects()
  const withdraw = await benchWithdraw()
  const report = { benchmark: 'humans', machine: start, countersign: ownCommit(), subjects, withdraw }
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  process.stdout.write(
    [
      `${subjects.subjects} data subjects at a point   ${subjects.bytes_each} bytes each, read at ${subjects.rows_per_s} a second`,
      `found by an identifier            ${subjects.find_ns} ns; nobody found ${subjects.miss_ns} ns`,
      `a basis for a purpose             ${subjects.basis_ns} ns`,
      `a consent withdrawn               denied by the last of ${withdraw.subscribers} after ${withdraw.last_p50_ms} ms (at most ${withdraw.last_max_ms} ms in ${withdraw.rounds} rounds)`,
      `acknowledged                      after ${withdraw.acknowledged_p50_ms} ms`,
      `${withdraw.derived} derived delegations        over at a point after ${withdraw.derived_ms} ms`,
      '',
    ].join('\n'),
  )
}
