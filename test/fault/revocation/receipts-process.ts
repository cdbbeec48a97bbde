/**
 * {@link judge} in a process of its own: verifying takes a core for a while, and the harness is the network meanwhile.
 * Use: `receipts-process.ts PROFILE VKEY`, then a message for each run.
 * @module
 */
import { loadProfile } from '../../../apps/cli/profile.ts'
import { judge, type Judged } from './receipts.ts'

const [, , folder = '', vkey = ''] = process.argv
const profile = await loadProfile(folder)
process.on('message', (asked: Parameters<typeof judge>[2]) => {
  judge(profile, vkey, asked).then(answer, (cause: unknown) =>
    answer({ faults: [`no pack: ${String(cause)}`], entries: 0, allowed: 0 }),
  )
})
process.on('disconnect', () => process.exit(0))

function answer(judged: Judged): void {
  process.send?.(judged)
}
