/** Moving within a verified chain: its last delegation, and the grants above a grant (NRW-1). Pure. @module */
import type { Grant } from './grant.ts'
import type { DecidedChain, DecidedDelegation } from './verify.ts'

/** The delegation that the holder of the chain acts under. */
export function lastOf<D extends DecidedDelegation>(chain: {
  readonly delegations: readonly [D, ...D[]]
}): D {
  return chain.delegations.at(-1) ?? chain.delegations[0]
}

/** A grant of one delegation of a chain. */
export interface LineageStep {
  readonly delegation: DecidedDelegation
  readonly digest: string
  readonly grant: Grant
}

/**
 * A grant of the last delegation and its ancestors up to the root's, last first.
 * @returns null when there is no digest, or the chain does not disclose one of them
 */
export function lineageOf(chain: DecidedChain, digest: string | null): LineageStep[] | null {
  const lineage: LineageStep[] = []
  let wanted = digest ?? undefined
  for (let i = chain.delegations.length - 1; i >= 0; i--) {
    const delegation = chain.delegations[i]
    const grant: Grant | undefined = wanted === undefined ? undefined : delegation?.grants.get(wanted)
    if (delegation === undefined || wanted === undefined || grant === undefined) return null
    lineage.push({ delegation, digest: wanted, grant })
    wanted = grant.from
  }
  return lineage
}

/** APR-1: whether a person decides on each call. */
export function asks(lineage: readonly LineageStep[]): boolean {
  return lineage.some(({ grant }) => grant.ask === true)
}

/** GRT-9: the smallest bound along the ancestors, where one without has the point's. @param lineage not empty */
export function boundOf(lineage: readonly LineageStep[], point_ms: number): number {
  let bound_ms = Infinity
  for (const { grant } of lineage)
    bound_ms = Math.min(bound_ms, grant.bound === undefined ? point_ms : grant.bound * 1000)
  return lineage.length === 0 ? point_ms : bound_ms
}
