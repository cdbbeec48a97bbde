/** Every objection in a sentence of its own, for who has to decide on the call or has to do without. spec/flow.md, FLW-12. @module */
import type { JsonObject } from '../../core/json.ts'
import { explainFlow, type Arbiter } from './explain.ts'
import type { Basis } from './types.ts'

/** More than this nobody reads. */
const SENTENCES_MAX = 6

/** @param args of the call; empty where they are not known any more: then no value is said */
export function sentencesOf(
  basis: readonly Basis[],
  args: JsonObject,
  arbiter: Arbiter = 'person',
): readonly string[] {
  const objecting = basis.filter(({ verdict }) => verdict === 'objects')
  const sentences = objecting.slice(0, SENTENCES_MAX).map((one) => explainFlow([one], args, arbiter))
  const more = objecting.length - sentences.length
  return more === 0 ? sentences : [...sentences, `And ${more} more like these.`]
}
