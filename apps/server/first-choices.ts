/** What the first start of a control plane decides for ever. spec/api.md, spec/people.md. @module */
import type { Chosen, Settings } from '../../src/registry/setup.ts'
import type { RelyingParty } from '../../src/token/gesture.ts'

/** REV-8. */
const BOUND_MS = 2_000

export interface FirstChoices {
  /** Recorded for ever at the first start, as the next four are; another value is refused later. */
  readonly separation?: 'independent' | 'after'
  /** The log's origin and the issuer's name. */
  readonly origin?: string
  readonly simulated?: boolean
  readonly boundMs?: number
  readonly rp?: RelyingParty
  /** Instead of `rp` when nobody chose one. Counts at the first start only. */
  readonly rpDefault?: RelyingParty
}

/** What a first start takes where nobody chose. */
export function defaultSettings({ rpDefault }: FirstChoices): Settings {
  const rp = rpDefault ?? { rp_id: 'localhost', origins: ['http://localhost'] }
  return {
    origin: 'countersign.localhost',
    simulated: false,
    separation: 'independent',
    bound_ms: BOUND_MS,
    rp_id: rp.rp_id,
    origins: [...rp.origins],
  }
}

export function chosenSettings({ origin, simulated, separation, boundMs, rp }: FirstChoices): Chosen {
  const origins = rp === undefined ? undefined : [...rp.origins]
  return { origin, simulated, separation, bound_ms: boundMs, rp_id: rp?.rp_id, origins }
}
