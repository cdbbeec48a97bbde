/** What the scenes about outputs share: somebody looks, and an output leaves in a role. @module */
import { setTimeout as pause } from 'node:timers/promises'
import type { ReleaseAnswer } from 'countersign'
import { openReview, sawReview } from '../../apps/cli/operator-outputs.ts'
import type { Profile } from '../../apps/cli/profile.ts'
import type { Narrator } from './narrator.ts'
import { DemoFailed } from './scenes.ts'

/** Between two signs of life of whoever looks. */
const LOOK_EVERY_MS = 500

/** As long as the length of what they see asks for (ATT-23). */
export async function look(who: Profile, output: string, seen: string): Promise<void> {
  const review = await openReview(who, output)
  const least_ms = seen.length * 10 + LOOK_EVERY_MS
  while ((await sawReview(who, review)) < least_ms) await pause(LOOK_EVERY_MS)
}

export function expectRole(answer: ReleaseAnswer, role: string, what: string, tell: Narrator): void {
  if (answer.decision !== 'allow' || answer.role !== role)
    throw new DemoFailed(`expected ${role}, got ${JSON.stringify(answer)}`)
  tell.allowed(`${what}: ${role}`)
}
