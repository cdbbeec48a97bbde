/**
 * What a holder shows: the fewest grants and claims that are enough. spec/delegation.md (SEL-1, SEL-2).
 * Nothing is verified here, and hiding never widens: revocation handles, restrictions and the count of grants are in
 * the clear.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import type { JsonObject } from '../core/json.ts'
import { disclosureDigest, readDisclosed, type DisclosableClaim } from './disclosure.ts'
import { constraintsMet, grantNames, type Grant } from './grant.ts'
import { chainText, parsePresentation, type Segment } from './presentation.ts'

/** For whom a chain is shown. */
export interface Audience {
  /** As grants name the server. */
  readonly server: string
  /** The one call that it is for; without it, every grant of the server is shown. */
  readonly call?: { readonly tool: string; readonly args: JsonObject }
  /** Claims of the root to show as well. */
  readonly claims?: readonly DisclosableClaim[]
}

interface Shown {
  readonly disclosure: string
  readonly grant: Grant
}

/**
 * The chain with the smallest sufficient set of disclosures.
 * @param chain as it is held, ending in `~`
 * @returns null when no grant that it holds is for this audience
 * @throws {TokenError} when it does not parse
 */
export function discloseFor(crypto: Crypto, chain: string, audience: Audience): string | null {
  const { segments } = parsePresentation(chain)
  const held = segments.map((segment) => grantsIn(crypto, segment))
  const paths = [...(held.at(-1) ?? [])]
    .filter(([, { grant }]) => isFor(grant, audience))
    .map(([digest]) => pathOf(held, digest))
    .filter((path) => path !== null)
  const wanted = audience.call === undefined ? paths : shortest(paths)
  if (wanted.length === 0) return null
  const shown = new Set(wanted.flat())
  const claims = new Set(audience.claims)
  return chainText(
    segments.map(({ jwt, disclosures }) => ({
      jwt,
      disclosures: disclosures.filter((disclosure) => {
        const { claim } = readDisclosed(disclosure)
        return claim === null ? shown.has(disclosure) : claims.has(claim)
      }),
    })),
  )
}

function grantsIn(crypto: Crypto, segment: Segment): ReadonlyMap<string, Shown> {
  const grants = new Map<string, Shown>()
  for (const disclosure of segment.disclosures) {
    const { grant } = readDisclosed(disclosure)
    if (grant !== null) grants.set(disclosureDigest(crypto, disclosure), { disclosure, grant })
  }
  return grants
}

function isFor(grant: Grant, { server, call }: Audience): boolean {
  if (call === undefined) return grant.server === server
  return grantNames(grant, server, call.tool) && constraintsMet(grant, call.args)
}

/** The disclosures of a grant and its ancestors, or null when one of them is not held. */
function pathOf(held: readonly ReadonlyMap<string, Shown>[], digest: string): string[] | null {
  const path: string[] = []
  let wanted: string | undefined = digest
  for (const grants of held.toReversed()) {
    const found: Shown | undefined = wanted === undefined ? undefined : grants.get(wanted)
    if (found === undefined) return null
    path.push(found.disclosure)
    wanted = found.grant.from
  }
  return path
}

function shortest(paths: readonly string[][]): string[][] {
  const size = (path: readonly string[]): number => path.join('').length
  return paths.toSorted((a, b) => size(a) - size(b)).slice(0, 1)
}
