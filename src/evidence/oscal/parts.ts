/**
 * What OSCAL documents share: identifiers that are the same for the same pack or catalogue, metadata, properties of our
 * own. spec/report.md (RPT-7).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { hex, utf8 } from '../../core/encoding.ts'
import { canonicalBytes, type JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Catalogue } from '../controls/schema.ts'
import { SIMULATED, STANDING } from '../report/document.ts'
import type { ReportInput } from '../report/input.ts'

export const OSCAL_VERSION = '1.2.1'
/** Properties that OSCAL does not define have a namespace that is not OSCAL's. */
export const NAMESPACE = 'https://countersign.dev/ns/oscal'

/** What the metadata of a document says. */
export interface OscalAbout {
  readonly simulated: boolean
  readonly version: string
  /** Milliseconds since 1970. */
  readonly modified_ms: number
  readonly props: readonly JsonObject[]
}

export class OscalParts {
  readonly #crypto: Crypto
  readonly #scope: string
  readonly #about: OscalAbout

  /** @param scope within which names are told apart: the same one gives the same identifiers */
  constructor(crypto: Crypto, scope: string, about: OscalAbout) {
    this.#crypto = crypto
    this.#scope = scope
    this.#about = about
  }

  /** By name, within the scope: SHA-256 in the shape of a name-based UUID. */
  uuid(...name: readonly string[]): string {
    const digest = hex(this.#crypto.sha256(utf8([this.#scope, ...name].join('\n'))))
    const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 3) | 8).toString(16)
    return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  }

  metadata(title: string): JsonObject {
    const { simulated, version, modified_ms, props } = this.#about
    return {
      title: simulated ? `${title} (simulated data)` : title,
      'last-modified': rfc3339(modified_ms),
      version,
      'oscal-version': OSCAL_VERSION,
      props: [...props],
      remarks: simulated ? `${SIMULATED} ${STANDING}` : STANDING,
    }
  }
}

/** Of documents about one log, root and period. */
export function packParts(crypto: Crypto, input: ReportInput): OscalParts {
  const { origin, period, log } = input
  const scope = `${origin}\n${log.root}\n${period.from_ms}\n${period.to_ms}`
  return new OscalParts(crypto, scope, aboutPack(input))
}

/** Of documents about a catalogue, whoever holds it: a pack, or nobody yet. */
export function catalogueParts(crypto: Crypto, catalogue: Catalogue, about: OscalAbout): OscalParts {
  return new OscalParts(crypto, `catalogue\n${hex(crypto.sha256(canonicalBytes(catalogue)))}`, about)
}

export function aboutPack({ simulated, period, origin, generator, history }: ReportInput): OscalAbout {
  return {
    simulated,
    version: `${rfc3339(period.from_ms)}/${rfc3339(period.to_ms)}`,
    // Of the evidence, and not of the clock: the same pack has the same bytes.
    modified_ms: history.last_ms,
    props: [prop('origin', origin), prop('generator', generator), prop('simulated', String(simulated))],
  }
}

export function prop(name: string, value: string): JsonObject {
  return { ns: NAMESPACE, name, value: value.replaceAll(/\s+/g, ' ').trim() || 'none' }
}

/** OSCAL identifiers are tokens: ours in lower case. */
export function controlToken(id: string): string {
  return id.toLowerCase()
}
