/** Deviations of the kill channel. spec/simulation.md (SIM-18). @module */
import { probeChannel } from '../themes/probes.ts'
import type { Deviation } from './deviation.ts'
import { allowed, misplay, READ } from './points.ts'

const probeUnanswered: Deviation = {
  name: 'probe-unanswered',
  what: 'A probe of the kill channel does not get to one of the points.',
  finds: [{ test: 16, code: 'KILL_PROBE_UNANSWERED', n: 1 }],
  play: (story) =>
    misplay(story, {}, async ({ session }) => {
      await allowed(story, session, READ)
      await probeChannel(story, [...story.company.points.values()])
    }),
}

export const OF_PROBES: readonly Deviation[] = [probeUnanswered]
