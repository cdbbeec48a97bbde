/**
 * Which item a walkthrough is of: none that anybody picks. spec/narratives.md (NAR-10). Pure.
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { utf8 } from '../../../core/encoding.ts'
import { taggedText } from '../../../core/digest.ts'
import type { Control } from '../../controls/schema.ts'
import { wholeOf } from '../../populations/alike.ts'
import type { ReportedPopulation, ReportInput } from '../../report/input.ts'
import type { JsonObject } from '../../../core/json.ts'

export const WALKTHROUGH_TAG = 'countersign/walkthrough/v1'

export interface Chosen {
  readonly test: number
  readonly population: ReportedPopulation
  readonly row: JsonObject
  /** Of the rows of the population, from 0. */
  readonly place: number
}

/** Of the first test of the control whose population has items; null: none has. */
export function chosenOf(crypto: Crypto, control: Control, input: ReportInput): Chosen | null {
  for (const { number } of control.tests) {
    const name = input.tests.find((test) => test.number === number)?.population
    const population = input.populations.find((one) => one.name === name)
    if (population === undefined || population.count === 0) continue
    const place = placeIn(crypto, control.id, population, input)
    const row = rowAt(population, place)
    if (row !== null) return { test: number, population, row, place }
  }
  return null
}

function placeIn(
  crypto: Crypto,
  control: string,
  { sha256, count }: ReportedPopulation,
  input: ReportInput,
): number {
  const seed = crypto.sha256(utf8(taggedText(WALKTHROUGH_TAG, [control, sha256, input.log.root])))
  // Of 256 bits the rest is as even as anybody could measure.
  const number = seed.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  return Number(number % BigInt(count))
}

/** Of millions only the one is made whole. */
function rowAt({ rows, alike }: ReportedPopulation, place: number): JsonObject | null {
  if (alike === undefined || alike === null) return nth(rows(), place)
  const row = nth(alike.rows(), place)
  return row === null ? null : wholeOf(row, alike.own)
}

function nth<T>(all: Iterable<T>, place: number): T | null {
  let at = 0
  for (const one of all) if (at++ === place) return one
  return null
}
