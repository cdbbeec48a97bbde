/**
 * What OSCAL documents of a pack share: identifiers that are the same for the same pack, metadata, properties of our
 * own. spec/report.md (RPT-7).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { hex, utf8 } from '../../core/encoding.ts'
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { SIMULATED, STANDING } from '../report/document.ts'
import type { ReportInput } from '../report/input.ts'

export const OSCAL_VERSION = '1.2.1'
/** Properties that OSCAL does not define have a namespace that is not OSCAL's. */
export const NAMESPACE = 'https://countersign.dev/ns/oscal'

export class OscalParts {
  readonly #crypto: Crypto
  readonly #scope: string
  readonly #input: ReportInput

  constructor(crypto: Crypto, input: ReportInput) {
    this.#crypto = crypto
    this.#input = input
    const { origin, period, log } = input
    this.#scope = `${origin}\n${log.root}\n${period.from_ms}\n${period.to_ms}`
  }

  /** By name, within this log, root and period: SHA-256 in the shape of a name-based UUID. */
  uuid(...name: readonly string[]): string {
    const digest = hex(this.#crypto.sha256(utf8([this.#scope, ...name].join('\n'))))
    const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 3) | 8).toString(16)
    return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  }

  metadata(title: string): JsonObject {
    const { simulated, period, origin, generator, history } = this.#input
    return {
      title: simulated ? `${title} (simulated data)` : title,
      // Of the evidence, and not of the clock: the same pack has the same bytes.
      'last-modified': rfc3339(history.last_ms),
      version: `${rfc3339(period.from_ms)}/${rfc3339(period.to_ms)}`,
      'oscal-version': OSCAL_VERSION,
      props: [prop('origin', origin), prop('generator', generator), prop('simulated', String(simulated))],
      remarks: simulated ? `${SIMULATED} ${STANDING}` : STANDING,
    }
  }
}

export function prop(name: string, value: string): JsonObject {
  return { ns: NAMESPACE, name, value: value.replaceAll(/\s+/g, ' ').trim() || 'none' }
}

/** OSCAL identifiers are tokens: ours in lower case. */
export function controlToken(id: string): string {
  return id.toLowerCase()
}
