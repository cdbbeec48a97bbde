/**
 * Makes the vectors of spec/delegation.md, Holder proof: `node vectors/proof/generate.ts` writes them, bit for bit as
 * they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AUD, ISS, NOW_MS, RP, World } from '../../test/fixtures/tokens.ts'
import type { VectorIssuer } from '../delegation/cases/case.ts'
import { calls } from './calls.ts'
import { dpops } from './dpop.ts'
import { counters, macs, type CounterVector, type MacVector } from './macs.ts'
import { sessions } from './sessions.ts'
import { CHALLENGE, POINT, type ProofCase } from './proof.ts'

/** A verifier and what arrives at it. */
export interface ProofVector {
  readonly name: string
  readonly description: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly audience: string
  readonly trust: readonly VectorIssuer[]
  /** The point's live challenge, base64url. */
  readonly challenge: string
  /** The point's ephemeral X25519 key pair, base64url. */
  readonly point: { readonly public: string; readonly private: string }
  /** What arrives, by kind. */
  readonly given: Readonly<Record<string, unknown>>
  readonly expect:
    { readonly ok: true; readonly session_key?: string } | { readonly ok: false; readonly code: string }
}

/** By file. */
export function proofVectors(): Readonly<
  Record<string, readonly (ProofVector | MacVector | CounterVector)[]>
> {
  return {
    'call.json': calls.map(vectorOf),
    'session.json': sessions.map(vectorOf),
    'dpop.json': dpops.map(vectorOf),
    'session-call.json': macs(),
    'counters.json': counters,
  }
}

function vectorOf({
  name,
  description,
  make,
  code,
  session_key,
  now = NOW_MS,
  audience = AUD,
}: ProofCase): ProofVector {
  const w = new World(name)
  const given = make(w)
  const trust = [{ iss: ISS, keys: [{ jwk: w.issuer.publicJwk }], ...RP }]
  const expect =
    code === undefined ? { ok: true as const, ...session_key?.(given) } : { ok: false as const, code }
  return { name, description, now, audience, trust, challenge: CHALLENGE, point: POINT, given, expect }
}

/** The text of a file of vectors: one a line. */
export function fileText(vectors: readonly object[]): string {
  return `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`
}

if (import.meta.main) {
  for (const [name, vectors] of Object.entries(proofVectors()))
    writeFileSync(join(import.meta.dirname, name), fileText(vectors))
}
