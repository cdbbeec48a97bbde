/** The kill channel, probed every Monday: a probe by the break-glass key that is pushed to every point. spec/simulation.md (SIM-20). @module */
import { newId } from '../../../src/core/ids.ts'
import { signProbe } from '../../../src/revoke/kill-rules.ts'
import { recordRound } from '../../cli/probes.ts'
import { DAY_MS, SECOND_MS } from '../clock.ts'
import type { SimulatedPoint } from '../point.ts'
import type { Story, Theme } from '../story.ts'

/** Days of a week since 1970, which began on a Thursday. */
const MONDAY = 4

export const probes: Theme = {
  day: async (story, day_ms) => {
    if ((day_ms / DAY_MS) % 7 === MONDAY) await probeChannel(story, [...story.company.points.values()])
  },
}

/** @param reached to which the probe gets; of every point in service an answer is wanted */
export async function probeChannel({ company }: Story, reached: readonly SimulatedPoint[]): Promise<void> {
  const { clock, crypto, info, plane, staff } = company
  const t = clock.now()
  const probe = { v: 1, id: newId(crypto, 'prb', t), iss: info.issuer, t } as const
  const statement = signProbe(crypto.signer(await plane.breakGlassKey()), 'break_glass', probe)
  clock.pass(SECOND_MS)
  for (const point of reached) await point.pushed(statement)
  await recordRound(staff.operations, { statement })
  for (const point of reached) await point.hear()
}
