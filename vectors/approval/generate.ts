/**
 * Makes the vectors of spec/approvals.md (APR-7, APR-9, APR-11): `node vectors/approval/generate.ts` writes them, bit
 * for bit as they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ISS, NOW_MS, REV, RP, World } from '../../test/fixtures/tokens.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { AskedCall } from '../../src/token/approval.ts'
import { ASKED, cases, type ApprovalCase } from './cases.ts'

/** A call that a point holds, and what the control plane hands it. */
export interface ApprovalVector {
  readonly name: string
  readonly description: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly trust: {
    readonly iss: string
    readonly frame_key: PublicJwk
    readonly rp_id: string
    readonly origins: readonly string[]
  }
  /** Whether the separation is `after`. */
  readonly alone: boolean
  /** Handles of the people behind the root. */
  readonly behind: readonly string[]
  /** Handles of people that are revoked. */
  readonly left: readonly string[]
  readonly asked: AskedCall
  readonly given: JsonObject
  /** What was decided; null when nothing was. */
  readonly expect: 'approve' | 'refuse' | null
}

export function approvalVectors(): ApprovalVector[] {
  return cases.map(vectorOf)
}

function vectorOf({ name, description, make, expect, view = {} }: ApprovalCase): ApprovalVector {
  const w = new World(`approval ${name}`)
  const given = make(w)
  const trust = { iss: ISS, frame_key: w.signer('frames').publicJwk, ...RP }
  const usual = { now: NOW_MS, trust, alone: false, behind: [REV], left: [], asked: ASKED }
  return { name, description, ...usual, ...view, given, expect }
}

/** The text of a file of vectors: one a line. */
export function fileText(vectors: readonly object[]): string {
  return `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, 'decisions.json'), fileText(approvalVectors()))
