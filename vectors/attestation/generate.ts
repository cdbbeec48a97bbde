/**
 * Makes the vectors of spec/attestation.md (ATT-15): `node vectors/attestation/generate.ts` writes them, bit for bit as
 * they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/core/json.ts'
import type { Form } from '../../src/core/output.ts'
import { cases, type AttestationCase } from './cases.ts'
import { roleCases } from './roles.ts'
import { AttestationWorld, CONTENT, FILE } from './world.ts'

export interface AttestationVector {
  readonly name: string
  readonly description: string
  /** Thumbprints of issuer keys that are trusted, and what is known of when they ended. */
  readonly trust: {
    readonly kids: readonly string[]
    readonly retired_ms?: number
    readonly compromised?: boolean
  }
  /** The output: its name, the form to bring it into, its text. Null: it is not there. */
  readonly given: {
    readonly name: string
    readonly form: Form
    readonly content: string
    readonly made_ms?: number
  } | null
  /** What the issuer or the log said besides. */
  readonly known: { readonly state?: 'superseded' | 'withdrawn' | 'disputed'; readonly ended_ms?: number }
  /** The text of the bundle. */
  readonly bundle: string
  readonly expect: JsonObject
}

export function attestationVectors(): AttestationVector[] {
  return cases.map(vectorOf)
}

function vectorOf(one: AttestationCase): AttestationVector {
  const { name, description, make, given = {}, known = {}, kids = (w) => [w.kid], key = {}, expect } = one
  const w = new AttestationWorld(name)
  const made = make(w)
  return {
    name,
    description,
    trust: { kids: kids(w), ...key },
    given: given === null ? null : { name: FILE, form: 'file', content: CONTENT, ...given },
    known,
    bundle: typeof made === 'string' ? made : JSON.stringify(made),
    expect: typeof expect === 'string' ? { ok: false, code: expect } : { ok: true, ...expect },
  }
}

/** The text of a file of vectors: one a line. */
export function fileText(vectors: readonly object[]): string {
  return `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, 'statements.json'), fileText(attestationVectors()))
  writeFileSync(join(import.meta.dirname, 'roles.json'), fileText(roleCases))
}
