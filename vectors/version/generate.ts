/**
 * Makes the vectors of spec/inventory.md (VER-4, VER-5): `node vectors/version/generate.ts` writes them, bit for bit as
 * they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ISS, NOW_MS, RP, World } from '../../test/fixtures/tokens.ts'
import type { VersionReport } from '../../src/token/version.ts'
import type { VectorIssuer } from '../delegation/cases/case.ts'
import { AGENT, cases, ROOT_MANIFEST, type VectorChain, type VersionCase } from './cases.ts'

export interface VersionVector {
  readonly name: string
  readonly description: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly trust: readonly VectorIssuer[]
  readonly chain: VectorChain
  readonly reported: VersionReport
  /** `until` in seconds; null: as long as the chain. */
  readonly expect:
    | { readonly ok: true; readonly until: number | null }
    | { readonly ok: false; readonly code: 'VERSION_NOT_APPROVED' }
}

export function versionVectors(): VersionVector[] {
  return cases.map(vectorOf)
}

function vectorOf({
  name,
  description,
  make,
  until,
  chain,
  now = NOW_MS,
  trust,
}: VersionCase): VersionVector {
  const w = new World(`version ${name}`)
  const usual = [{ iss: ISS, keys: [{ jwk: w.issuer.publicJwk }], ...RP }]
  return {
    name,
    description,
    now,
    trust: trust?.(w) ?? usual,
    chain: { iss: ISS, agent: AGENT, hops: 0, manifest: ROOT_MANIFEST, ...chain },
    reported: make(w),
    expect: until === 'not approved' ? { ok: false, code: 'VERSION_NOT_APPROVED' } : { ok: true, until },
  }
}

/** The text of a file of vectors: one a line. */
export function fileText(vectors: readonly object[]): string {
  return `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, 'statements.json'), fileText(versionVectors()))
