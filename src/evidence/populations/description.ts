/**
 * What a manifest says of a population: what an auditor asks of every file that is handed over. spec/populations.md
 * (POP-2 to POP-4). Builder and verifier make the same.
 * @module
 */
import { base64 } from '../../core/encoding.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import type { History } from '../history.ts'
import type { TypeCounts } from '../tested.ts'
import { csvFile } from './csv.ts'
import type { Period } from './definition.ts'
import type { Population } from './population.ts'
import { populationFile } from './populations.ts'
import { secondSourcesOf, type SourcedTest } from './second-source.ts'
import type { Manifest } from '../pack/manifest.ts'

export type PopulationDescription = Manifest['populations'][number]
type Exclusion = PopulationDescription['exclusions'][number]

export interface DescribedLog {
  readonly history: History
  readonly period: Period
  readonly start: Checkpoint | null
  readonly end: Checkpoint
  readonly generator: string
}

/** What all populations of a pack have in common, counted once. */
export interface CountedLog extends Pick<PopulationDescription, 'period' | 'range' | 'generator'> {
  readonly counts: ReadonlyMap<string, TypeCounts>
  readonly pruned: number
}

export function describedLog({ history, period, start, end, generator }: DescribedLog): CountedLog {
  const counts = history.tested.countsIn(period.from_ms, period.to_ms)
  const dated = [...counts.values()].reduce((sum, { inside, outside }) => sum + inside + outside, 0)
  return {
    period: { from: rfc3339(period.from_ms), to: rfc3339(period.to_ms), zone: 'UTC' },
    range: {
      first: 0,
      end: end.size,
      root: base64(end.root),
      start: start === null ? null : { size: start.size, root: base64(start.root) },
    },
    generator,
    counts,
    pruned: history.size - dated,
  }
}

/** @param tests of the pack */
export function describePopulation(
  population: Population,
  log: CountedLog,
  tests: readonly SourcedTest[],
): PopulationDescription {
  const { of, name, digest } = population
  const { period, range, generator } = log
  return {
    name,
    definition: of.definition,
    query: of.query,
    types: [...of.types],
    period,
    range,
    count: digest.count,
    sha256: digest.sha256,
    file: populationFile(name),
    csv: csvFile(name),
    generator,
    exclusions: exclusionsOf(population, log),
    reconciliations: secondSourcesOf(name, tests),
  }
}

function exclusionsOf({ of, digest }: Population, { counts, pruned }: CountedLog): Exclusion[] {
  const own = of.types.map((type) => counts.get(type) ?? { inside: 0, outside: 0 })
  const inside = own.reduce((sum, each) => sum + each.inside, 0)
  const outside = own.reduce((sum, each) => sum + each.outside, 0)
  const all: Exclusion[] = [
    {
      code: 'OUTSIDE_PERIOD',
      words: 'entries of its types that are dated outside of the period',
      entries: outside,
    },
    {
      code: 'NO_ITEM',
      words: 'entries of its types in the period that no row is about',
      entries: inside - digest.items_n,
    },
    { code: 'PRUNED', words: 'entries of the log, of whatever type, that were pruned', entries: pruned },
  ]
  return all.filter(({ entries }) => entries > 0)
}
