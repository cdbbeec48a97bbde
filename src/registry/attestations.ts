/**
 * Attestations: drafted, signed by a person, sealed by the issuer. spec/attestation.md (ATT-2, ATT-6, ATT-23).
 * Invariants: what the evidence does not give is not stated; a flagged review and a seeded error give none; an output has at most one that is valid.
 * @module
 */
import type { Kysely } from 'kysely'
import type { ApprovalAct } from '../core/approval.ts'
import { newId } from '../core/ids.ts'
import { base64url } from '../core/encoding.ts'
import type { Gesture } from '../core/gesture.ts'
import { canonicalBytes } from '../core/json.ts'
import { HUMAN_SHARE, type OutputKind, type OutputPolicy } from '../core/output.ts'
import { rfc3339 } from '../core/time.ts'
import { commitTo, type Committed } from '../log/commitment.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { signEnvelope } from '../provenance/dsse.ts'
import { roleOf } from '../provenance/roles.ts'
import {
  attestActOf,
  PREDICATE_TYPE,
  STATEMENT_TYPE,
  statementDigest,
  statementSchema,
  type AttestAct,
  type Bundle,
  type Statement,
} from '../provenance/statement.ts'
import { evidenceOf } from '../provenance/verify.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { askedOf, signedBy } from './gestures.ts'
import { putDraft, takeDraft, type Drafted } from './attest-drafts.ts'
import { askedOfHeld, heldCallOf, heldGesture, letGo } from './held-outputs.ts'
import { kindInForce } from './output-policies.ts'
import type { PolicyInForce } from './policies.ts'
import { findOutput, putAttestation, settleReview, type OutputRow } from './output-rows.ts'
import { assertOwn, bodyOf, subjectsOf } from './outputs.ts'
import type { EnrolledPerson } from './people.ts'
import { keep, namesOf } from './personal.ts'
import { assertEligible, findReviewer, measured, reviewNow } from './reviews.ts'
import { rootFacts, type RootFacts } from './root-facts.ts'
import { isSeed, revealIfSeed } from './seed-rows.ts'

type Db = Kysely<Schema>

interface Ground {
  readonly output: OutputRow
  readonly policy: PolicyInForce<OutputPolicy> & { readonly kind: OutputKind }
  readonly facts: RootFacts | null
}

async function groundOf(ctx: RegistryContext, db: Db, id: string): Promise<Ground> {
  const output = await findOutput(db, id)
  const policy = await kindInForce(db, output.kind)
  const { jti } = bodyOf(output)
  return { output, policy, facts: jti === null ? null : await rootFacts(ctx, db, jti, policy.kind) }
}

/** @param human by person and handle. @returns without a role that anybody has asked about */
async function statementFor(
  ctx: RegistryContext,
  tx: Tx,
  { output, policy, facts }: Ground,
  human: { readonly person: string; readonly rev: string },
): Promise<{ statement: Statement; name: Committed }> {
  const { calls, composition } = bodyOf(output)
  const name = commitTo(ctx.crypto, await nameOf(ctx, tx.db, human.person))
  const statement: Statement = {
    _type: STATEMENT_TYPE,
    subject: await subjectsOf(ctx, tx.db, output),
    predicateType: PREDICATE_TYPE,
    predicate: {
      v: 1,
      id: newId(ctx.crypto, 'att', tx.now),
      iss: ctx.iss,
      nonce: base64url(ctx.crypto.randomBytes(16)),
      issued_at: rfc3339(tx.now),
      output: {
        id: output.id,
        kind: output.kind,
        registered_at: rfc3339(output.registered),
        ...(output.released === null ? {} : { released_at: rfc3339(output.released) }),
      },
      role: 'directed',
      independent: facts !== null && facts.principal !== human.rev,
      human: { rev: human.rev, name: name.commitment },
      chain: facts === null ? null : { root: facts.root, jti: facts.jti, principal: facts.principal },
      agent: facts?.agent ?? null,
      calls,
      instruction: facts?.instruction ?? null,
      review: null,
      composition,
      policy: {
        id: policy.id,
        approval: policy.approval,
        human_share: policy.kind.human_share ?? HUMAN_SHARE,
      },
      rp: { rp_id: ctx.rp.rp_id, origins: [...ctx.rp.origins] },
      ...(output.attestation === null ? {} : { predecessor: output.attestation }),
    },
  }
  return { statement, name }
}

async function nameOf(ctx: RegistryContext, db: Db, person: string): Promise<string> {
  const row = await db.selectFrom('people').select('name_commit').where('id', '=', person).executeTakeFirst()
  const name = (await namesOf(ctx, db, [row?.name_commit ?? null])).get(row?.name_commit ?? '')
  if (name === undefined) throw new RegistryError('VALUE_ERASED', 'the name of this person is erased')
  return name
}

/**
 * What a person would sign for this output, as far as they wrote it or reviewed it.
 * @throws {RegistryError} `UNKNOWN_OUTPUT`, `ROLE_UNPROVEN`: neither; `NOT_ELIGIBLE`, `SAME_PERSON`, `AUTHORITY_ENDED`
 */
export function draftAttestation(
  ctx: RegistryContext,
  person: string,
  outputId: string,
): Promise<{ attestation: string; statement: Statement; act: AttestAct | ApprovalAct; challenge: string }> {
  return ctx.store.write(async (tx) => {
    const ground = await groundOf(ctx, tx.db, outputId)
    const who = await findReviewer(tx.db, person)
    const { policy, facts, output } = ground
    const found = await reviewNow(ctx, tx.db, output, who, policy.kind, tx.now)
    const made = await statementFor(ctx, tx, ground, { person, rev: who.rev })
    const predicate = { ...made.statement.predicate, review: found?.review ?? null }
    const looked = found === null ? null : { ...found.review, flagged: false }
    const role = roleOf({ ...evidenceOf(predicate), review: looked, gesture: who.rev })?.role ?? null
    if (role === null || role === 'directed')
      throw new RegistryError(
        'ROLE_UNPROVEN',
        'you neither wrote nor reviewed it: open a review and look at it',
      )
    if (role === 'supervised')
      assertEligible(policy.policy, policy.kind, who, facts?.principal ?? null, tx.now)
    const statement = { ...made.statement, predicate: { ...predicate, role } }
    const held = await heldCallOf(ctx, tx.db, output, tx.now)
    const approval = held?.id ?? null
    const drafted: Drafted = { statement, name: made.name, review: found?.id ?? null, approval }
    const { id } = predicate
    await putDraft(ctx, tx, person, { id, output: outputId }, drafted)
    const asked =
      held === null ? askedOf(ctx, attestActOf(ctx.crypto, statement)) : askedOfHeld(ctx, held, statement)
    return { attestation: id, statement, ...asked }
  })
}

export interface Sealed {
  /** Null: what was signed gives no attestation. */
  readonly bundle: Bundle | null
  readonly outcome: 'issued' | 'flagged' | 'seed'
}

/**
 * Takes the gesture over a draft, once. @throws {RegistryError} `UNKNOWN_ATTESTATION`: no draft of this person that waits;
 * `GESTURE_INVALID`, `AUTHORITY_ENDED`, `NOT_ELIGIBLE`; `STATE_CONFLICT`: the output was attested or released meanwhile
 */
export function sealAttestation(
  ctx: RegistryContext,
  person: string,
  id: string,
  parts: GestureParts,
): Promise<Sealed> {
  return ctx.store.write(async (tx) => {
    const { statement, name, review, approval } = await takeDraft(ctx, tx, person, id)
    const who = await findReviewer(tx.db, person)
    const outputId = statement.predicate.output.id
    const ground = await groundOf(ctx, tx.db, outputId)
    assertUnchanged(statement, ground)
    const signing = { statement, who, parts }
    const held = approval === null ? null : await heldGesture(ctx, tx, approval, signing)
    const { act, gesture } = held ?? attestedBy(ctx, signing)
    const { review: looked, role } = statement.predicate
    const flagged = looked?.flagged === true && role === 'supervised'
    if (review !== null) {
      const body = { output: outputId, decision: 'attest' as const, flagged, act, gesture }
      await tx.append({ type: 'review.decided', actor: personActor(person), subject: review, body })
      await settleReview(tx.db, review, body, tx.now)
    }
    const seed = await revealIfSeed(ctx, tx, outputId, 'missed')
    if (review !== null) await measured(tx.db, review, seed ? 'missed' : flagged ? 'flagged' : 'attested')
    if (seed || flagged) return { bundle: null, outcome: seed ? 'seed' : 'flagged' }
    const signed = { ...statement, predicate: { ...statement.predicate, act, gesture } }
    const bundle = await issue(ctx, tx, personActor(person), { statement: signed, name, person, review })
    if (held !== null) await letGo(tx, person, held)
    return { bundle, outcome: 'issued' }
  })
}

function attestedBy(
  ctx: RegistryContext,
  { statement, who, parts }: { statement: Statement; who: EnrolledPerson; parts: GestureParts },
): { act: AttestAct; gesture: Gesture } {
  const act = attestActOf(ctx.crypto, statement)
  return { act, gesture: signedBy(ctx, who, 'approver', act, parts) }
}

function assertUnchanged({ predicate }: Statement, { output, policy }: Ground): void {
  const same =
    (predicate.predecessor ?? null) === output.attestation &&
    (predicate.output.released_at === undefined) === (output.released === null) &&
    predicate.policy.approval === policy.approval
  if (!same)
    throw new RegistryError('STATE_CONFLICT', 'the output or its policy has changed since: begin it again')
}

/**
 * In the role `directed`, by the root alone (ATT-12). @throws {RegistryError} `ROLE_UNPROVEN`; `STATE_CONFLICT`: it is
 * attested
 */
export function attestDirected(ctx: RegistryContext, actor: Actor, outputId: string): Promise<Bundle> {
  return ctx.store.write(async (tx) => {
    const ground = await groundOf(ctx, tx.db, outputId)
    const { facts, output } = ground
    assertOwn(actor, output)
    if (output.attestation !== null) throw new RegistryError('STATE_CONFLICT', 'it is attested already')
    if (facts === null || (await isSeed(ctx, tx.db, outputId)))
      throw new RegistryError('ROLE_UNPROVEN', 'nobody directed it: have it reviewed')
    const human = { person: facts.person, rev: facts.principal }
    const { statement, name } = await statementFor(ctx, tx, ground, human)
    const directed = {
      ...statement,
      predicate: { ...statement.predicate, independent: false, composition: null },
    }
    if (roleOf(evidenceOf(directed.predicate))?.role !== 'directed')
      throw new RegistryError(
        'ROLE_UNPROVEN',
        'no instruction of the last 90 days names this kind: have it reviewed',
      )
    return issue(ctx, tx, actor, { statement: directed, name, person: facts.person, review: null })
  })
}

interface ToIssue extends Omit<Drafted, 'approval'> {
  readonly person: string
}

async function issue(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  { statement, name, person, review }: ToIssue,
): Promise<Bundle> {
  const whole = statementSchema.parse(statement)
  const { id, output, role, independent, human, issued_at, instruction, policy, predecessor, act, gesture } =
    whole.predicate
  const signer = await ctx.issuer.current(tx.db)
  const envelope = signEnvelope(ctx.crypto, signer, canonicalBytes(whole))
  const kept = commitTo(ctx.crypto, { ...envelope })
  const kid = envelope.signatures[0]?.keyid ?? ''
  const entry = await tx.append({
    type: 'attestation.issued',
    actor,
    subject: id,
    body: {
      output: output.id,
      role,
      independent,
      human: human.rev,
      statement: statementDigest(ctx.crypto, whole),
      kid,
      policy: policy.approval,
      issued_at,
      review: role === 'supervised' ? review : null,
      instruction,
      predecessor: predecessor ?? null,
      ...(act === undefined || gesture === undefined ? {} : { act, gesture }),
    },
    commitments: { human: name.commitment, envelope: kept.commitment },
  })
  const row = { id, output: output.id, entry, role, human: human.rev }
  await putAttestation(
    tx.db,
    { ...row, envelope_commit: kept.commitment, human_commit: name.commitment },
    tx.now,
  )
  await keep(ctx, tx, output.id, 'envelope', kept)
  await keep(ctx, tx, person, 'human', name)
  return { v: 1, envelope: envelope as unknown as Bundle['envelope'], keys: [{ kid, jwk: signer.publicJwk }] }
}
