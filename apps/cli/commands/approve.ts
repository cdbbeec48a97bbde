/** `countersign … approve ID`, of whatever one person proposes and another approves. @module */
import type { Command } from 'commander'
import { result } from '../output.ts'
import type { Profile } from '../profile.ts'
import { profileOf, wantsJson } from './globals.ts'

interface Approving {
  readonly does: string
  /** What is approved, as the argument and the member of the answer are called. */
  readonly noun: string
  /** How its identifiers begin, `flp_…`. */
  readonly id: string
  /** What it is from then on: as a code, and in words. */
  readonly status: string
  readonly is?: string
  readonly approve: (profile: Profile, id: string) => Promise<void>
}

export function approveCommand(
  parent: Command,
  { does, noun, id, status, is = status, approve }: Approving,
): void {
  parent
    .command('approve')
    .description(does)
    .argument(`<${noun}>`, id)
    .action(async (target: string, _: unknown, command: Command) => {
      await approve(await profileOf(command), target)
      result(wantsJson(command), { [noun]: target, status }, () => `${target} is ${is}`)
    })
}
