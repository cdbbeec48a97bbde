/** Lineages of verified chains, found once each: a period has millions of allows and few grants. @module */
import { lineageOf, type LineageStep } from '../../token/lineage.ts'
import type { VerifiedChain } from '../../token/verify.ts'

const known = new WeakMap<VerifiedChain, Map<string | null, readonly LineageStep[] | null>>()

/** As {@link lineageOf}. */
export function lineageIn(chain: VerifiedChain, grant: string | null): readonly LineageStep[] | null {
  const its = known.get(chain) ?? new Map<string | null, readonly LineageStep[] | null>()
  if (its.size === 0) known.set(chain, its)
  const found = its.get(grant)
  if (found !== undefined) return found
  const lineage = lineageOf(chain, grant)
  its.set(grant, lineage)
  return lineage
}
