/**
 * Waits until every active enforcement point has brought what it recorded in a period that is over.
 * spec/populations.md (POP-9).
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { counted } from '../../src/core/words.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { progress, progressDone } from './output.ts'
import type { Profile } from './profile.ts'

/** Points report every 10 s: twice that, and what the network takes. */
export const WAIT_S = 30
/** Of the option that says otherwise. */
export const WAIT_WORDS =
  'to wait for points that have not brought all of a period that is over; those still missing are limitations of scope (0: do not wait)'
const EVERY_MS = 500

const answer = z.object({ over: z.boolean(), awaited: z.array(z.string()) })

/** Those that did not come by then are limitations. A period that is not over is not waited for. */
export async function waitForPoints(
  { client }: Pick<Profile, 'client'>,
  to_ms: number,
  wait_s: number,
): Promise<void> {
  const until_ms = performance.now() + wait_s * 1000
  for (;;) {
    const { awaited } = answer.parse(await client.post('/v1/evidence/cut-offs', { to: rfc3339(to_ms) }))
    if (awaited.length === 0 || performance.now() >= until_ms) break
    progress(`waiting for ${counted(awaited.length, 'enforcement point')}: ${awaited.join(', ')}`)
    await sleep(EVERY_MS)
  }
  progressDone()
}
