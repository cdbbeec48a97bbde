/** From which the vectors of attestations are made: one good statement in each role, and ways to bend it. @module */
import { createHash } from 'node:crypto'
import { ISS, NOW_MS, REV, RP, World } from '../../test/fixtures/tokens.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import type { Gesture } from '../../src/core/gesture.ts'
import { canonicalBytes, type JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { Form, Role } from '../../src/core/output.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { commitmentOf } from '../../src/log/commitment.ts'
import { measure } from '../../src/provenance/digest.ts'
import { signEnvelope } from '../../src/provenance/dsse.ts'
import {
  attestActOf,
  PREDICATE_TYPE,
  STATEMENT_TYPE,
  statementDigest,
  type AttestAct,
  type Predicate,
  type Review,
  type Statement,
  type Subject,
} from '../../src/provenance/statement.ts'
import type { ApprovalAct } from '../../src/core/approval.ts'
import { ACT_TAG, APPROVAL_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'

export const REVIEWER = 'rev_00000000000000000000000002'
export const OUTPUT = 'out_00000000000000000000000001'
export const CONTENT = 'Dear customer,\nyour refund of 42.00 EUR is on its way.\n'
export const FILE = 'letter.txt'
export const ROOT = `${'r'.repeat(42)}o`
const SALT = base64url(createHash('sha256').update('salt of a name').digest())
export const NAME = 'Ada Example'

export const at = (minutes: number): string => rfc3339(NOW_MS + minutes * 60_000)
const newHash = () => createHash('sha256')

export class AttestationWorld {
  readonly #world: World
  readonly crypto: World['crypto']
  readonly kid: string

  constructor(seed: string) {
    this.#world = new World(`attestation ${seed}`)
    this.crypto = this.#world.crypto
    this.kid = thumbprint(this.crypto, this.#world.issuer.publicJwk)
  }

  get jwk() {
    return this.#world.issuer.publicJwk
  }

  signer(name: string) {
    return this.#world.signer(name)
  }

  subject(content = CONTENT, form: Form = 'file', name = FILE): Subject {
    const { sha256, bytes } = measure(form, utf8(content), newHash)
    return { name, digest: { sha256 }, annotations: { form, bytes } }
  }

  predicate(role: Role, edit: Partial<Predicate> = {}): Predicate {
    const isDirected = role === 'directed'
    return {
      v: 1,
      id: 'att_00000000000000000000000001',
      iss: ISS,
      nonce: base64url(this.crypto.randomBytes(16)),
      issued_at: at(isDirected ? 1 : 6),
      output: { id: OUTPUT, kind: 'customer_letter', registered_at: at(1) },
      role,
      independent: !isDirected,
      human: {
        rev: isDirected ? REV : REVIEWER,
        name: commitmentOf(this.crypto, { salt: SALT, value: NAME }),
      },
      chain: { root: ROOT, jti: 'dlg_00000000000000000000000001', principal: REV },
      agent: { id: 'agt_00000000000000000000000001', manifest: null },
      calls: [{ action: 'act_00000000000000000000000001', entry: 41 }],
      instruction: { commit: ROOT, signed_at: at(0), names: isDirected ? 'text' : 'none' },
      review: role === 'supervised' ? reviewed() : null,
      composition: role === 'authored' ? { by: REVIEWER, human_share: 640 } : null,
      policy: { id: 'opl_00000000000000000000000001', approval: 12, human_share: 500 },
      rp: { rp_id: RP.rp_id, origins: [...RP.origins] },
      ...edit,
    }
  }

  /** Without act and gesture. */
  statement(role: Role, edit: Partial<Predicate> = {}, subject = [this.subject()]): Statement {
    return {
      _type: STATEMENT_TYPE,
      subject,
      predicateType: PREDICATE_TYPE,
      predicate: this.predicate(role, edit),
    }
  }

  /** The gesture of the reviewer over the act that belongs to it, or over another. */
  signed(
    statement: Statement,
    act: AttestAct | ApprovalAct = attestActOf(this.crypto, statement),
    edit: Partial<Gesture> = {},
    tag = ACT_TAG,
  ): Statement {
    const reviewer = this.#world.authenticator('es256-reviewer')
    const gesture = this.#world.gesture(
      challengeOf(this.crypto, tag, act),
      { rev: REVIEWER, role: 'approver', ...edit },
      reviewer,
    )
    return { ...statement, predicate: { ...statement.predicate, act, gesture } }
  }

  /** The gesture of the reviewer over the approval of a held call, which attests what it releases (OUT-5). */
  approved(statement: Statement, edit: Partial<ApprovalAct> = {}, tag = APPROVAL_TAG): Statement {
    const act: ApprovalAct = {
      v: 1,
      approval: 'apr_00000000000000000000000001',
      point: 'pnt_00000000000000000000000001',
      action: 'act_00000000000000000000000002',
      jti: 'dlg_00000000000000000000000001',
      grant: ROOT,
      server: 'mail',
      tool: 'send',
      args_commit: ROOT,
      decision: 'approve',
      expires: NOW_MS + 10 * 60_000,
      statement: statementDigest(this.crypto, statement),
      ...edit,
    }
    return this.signed(statement, act, {}, tag)
  }

  /** A good attestation in that role. */
  good(role: Role, edit: Partial<Predicate> = {}, subject = [this.subject()]): Statement {
    const statement = this.statement(role, edit, subject)
    return role === 'directed' ? statement : this.signed(statement)
  }

  /** What travels. @param value a statement, or what is none */
  bundle(value: object, edit: JsonObject = {}): JsonObject {
    return this.bundleOf(canonicalBytes(value as JsonObject), edit)
  }

  bundleOf(payload: Uint8Array, edit: JsonObject = {}): JsonObject {
    const envelope = { ...signEnvelope(this.crypto, this.#world.issuer, payload) }
    return { v: 1, envelope, keys: [{ kid: this.kid, jwk: { ...this.jwk } }], ...edit }
  }
}

export function reviewed(edit: Partial<Review> = {}): Review {
  return {
    by: REVIEWER,
    opened_at: at(2),
    decided_at: at(6),
    in_view_ms: 180_000,
    length: CONTENT.length,
    edit_distance: 12,
    refusals: 0,
    flagged: false,
    ...edit,
  }
}

export const DISCLOSED: JsonObject = { human: { salt: SALT, name: NAME } }
