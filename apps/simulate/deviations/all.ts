/** Every deviation that may be planted, by name. spec/simulation.md (SIM-18). @module */
import { SimulationError, type Deviation } from './deviation.ts'
import { OF_DATA } from './data.ts'
import { OF_PEOPLE } from './people.ts'
import { OF_POINTS } from './points.ts'
import { OF_ADMINISTRATORS } from './roles.ts'
import { OF_REGISTERS } from './registers.ts'
import { OF_PROBES } from './probes.ts'
import { OF_STRANGERS } from './strangers.ts'
import { OF_THE_WATCH } from './watch.ts'

export const DEVIATIONS: readonly Deviation[] = [
  ...OF_PEOPLE,
  ...OF_THE_WATCH,
  ...OF_POINTS,
  ...OF_DATA,
  ...OF_ADMINISTRATORS,
  ...OF_PROBES,
  ...OF_STRANGERS,
  ...OF_REGISTERS,
]

/** @param names `all`, `none`, or names. @throws {SimulationError} `DEVIATION_UNKNOWN` */
export function chosenOf(names: readonly string[]): Deviation[] {
  if (names.length === 1 && names[0] === 'all') return [...DEVIATIONS]
  if (names.length === 1 && names[0] === 'none') return []
  return [...new Set(names)].map((name) => {
    const found = DEVIATIONS.find((deviation) => deviation.name === name)
    if (found !== undefined) return found
    const known = DEVIATIONS.map((deviation) => deviation.name).join(', ')
    throw new SimulationError(
      'DEVIATION_UNKNOWN',
      `there is no deviation ${name}: choose of ${known}; or all, or none`,
    )
  })
}
