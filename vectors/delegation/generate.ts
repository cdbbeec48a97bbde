/**
 * Makes the vectors of spec/delegation.md: `node vectors/delegation/generate.ts` writes them, bit for bit as they are.
 * Every signature is deterministic (Ed25519, and ES256 with RFC 6979), every random byte comes from a seed.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AUD, ISS, NOW_MS, RP, World } from '../../test/fixtures/tokens.ts'
import type { TokenErrorCode } from '../../src/token/errors.ts'
import type { Case, VectorIssuer } from './cases/case.ts'
import { disclosures } from './cases/disclosures.ts'
import { gestures } from './cases/gestures.ts'
import { grants } from './cases/grants.ts'
import { hops } from './cases/hops.ts'
import { issuers } from './cases/issuers.ts'
import { narrowing } from './cases/narrowing.ts'
import { people } from './cases/people.ts'
import { roots } from './cases/roots.ts'
import { text } from './cases/text.ts'

export interface DelegationVector {
  readonly name: string
  readonly description: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly audience: string
  /** Issuers that the verifier trusts. */
  readonly trust: readonly VectorIssuer[]
  readonly presentation: string
  readonly expect:
    | {
        readonly ok: true
        readonly grants_per_delegation: readonly number[]
        readonly agents: readonly string[]
      }
    | { readonly ok: false; readonly code: TokenErrorCode }
}

const CASES = [
  ...text,
  ...roots,
  ...issuers,
  ...gestures,
  ...people,
  ...disclosures,
  ...grants,
  ...hops,
  ...narrowing,
]

/** Every vector, in order. Each is made in a world of its own, so that adding one changes no other. */
export function delegationVectors(): DelegationVector[] {
  return CASES.map(vectorOf)
}

function vectorOf({ name, description, make, expect, setting, agents }: Case): DelegationVector {
  const w = new World(name)
  const { now = NOW_MS, audience = AUD } = setting
  const trust = setting.trust?.(w) ?? [{ iss: ISS, keys: [{ jwk: w.issuer.publicJwk }], ...RP }]
  const presentation = make(w)
  return { name, description, now, audience, trust, presentation, expect: expectation(expect, agents) }
}

function expectation(expect: Case['expect'], agents?: readonly string[]): DelegationVector['expect'] {
  if (typeof expect === 'string') return { ok: false, code: expect }
  const hops = agents ?? expect.slice(1).map((_, i) => `agt_of_agent-${i + 2}`)
  return { ok: true, grants_per_delegation: expect, agents: ['agt_00000000000000000000000001', ...hops] }
}

/** The text of a vector's file. */
export function vectorText(vector: DelegationVector): string {
  return `${JSON.stringify(vector, null, 2)}\n`
}

if (import.meta.main) {
  for (const vector of delegationVectors())
    writeFileSync(join(import.meta.dirname, `${vector.name}.json`), vectorText(vector))
}
