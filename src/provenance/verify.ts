/**
 * Verifies an attestation offline, as the list of its checks. spec/attestation.md (ATT-15, ATT-16).
 * Not checked: what only the log shows (ATT-16), unless the caller brings it as {@link Known}.
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { CoreError } from '../core/errors.ts'
import { canonicalize } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { isAtLeast, type Role } from '../core/output.ts'
import { commitmentOf } from '../log/commitment.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import type { LineEndings, Measured } from './digest.ts'
import { openEnvelope } from './dsse.ts'
import { ProvenanceError, type AttestationCode } from './errors.ts'
import { roleOf, type Evidence } from './roles.ts'
import { attestActOf, readStatement, type Bundle, type Predicate, type Statement } from './statement.ts'

/** A key that is trusted, with when it ended. Milliseconds. */
export interface TrustedKey {
  readonly jwk: PublicJwk
  readonly retired_ms?: number
  readonly compromised?: boolean
}

/** The output as it is here, in the form that the attestation names. */
export interface Given extends Measured {
  /** What it is called here, without folders. */
  readonly name?: string
  /** Of a `file` that was measured a second time, because its digest was another. */
  readonly lines?: LineEndings
  /** Milliseconds: when the carrier says that the output was made, e.g. a commit. */
  readonly made_ms?: number
}

/** What the verifier was told besides, by the issuer or the log. */
export interface Known {
  readonly state?: 'valid' | 'superseded' | 'withdrawn' | 'disputed'
  /** Milliseconds: when the person's authority ended. */
  readonly ended_ms?: number
}

export interface GoodAttestation {
  readonly ok: true
  readonly role: Role
  readonly independent: boolean
  /** The handle of the person. */
  readonly human: string
  /** As it was disclosed, or null. */
  readonly name: string | null
  /** Identifier of the chain's root, or null where no agent took part. */
  readonly chain: string | null
  readonly kid: string
  readonly statement: Statement
}

export type AttestationAnswer =
  GoodAttestation | { readonly ok: false; readonly code: AttestationCode; readonly message: string }

export interface AttestationToVerify {
  readonly bundle: Bundle
  /** By thumbprint. {@link pinnedKeys} finds them in the bundle. */
  readonly keys: ReadonlyMap<string, TrustedKey>
  /** Null: without the output, e.g. to show who stands behind it. Then nothing is said of any output. */
  readonly given: Given | null
  readonly known?: Known
}

/** The keys of a bundle that have one of these thumbprints: a bundle's own word on them counts for nothing. */
export function pinnedKeys(
  crypto: Crypto,
  { keys }: Bundle,
  kids: readonly string[],
): ReadonlyMap<string, TrustedKey> {
  const found = keys.flatMap(({ jwk }) => keyOf(crypto, jwk))
  return new Map(found.filter(([kid]) => kids.includes(kid)))
}

/** A key that is none is nobody's. */
function keyOf(crypto: Crypto, value: PublicJwk): readonly (readonly [string, TrustedKey])[] {
  try {
    const jwk = publicJwk(value)
    return [[thumbprint(crypto, jwk), { jwk }]]
  } catch (error) {
    if (error instanceof CoreError) return []
    throw error
  }
}

export function verifyAttestation(crypto: Crypto, input: AttestationToVerify): AttestationAnswer {
  try {
    return verified(crypto, input)
  } catch (error) {
    if (!(error instanceof ProvenanceError)) throw error
    return { ok: false, code: error.code, message: error.message }
  }
}

function verified(crypto: Crypto, { bundle, keys, given, known = {} }: AttestationToVerify): GoodAttestation {
  const { statement, kid } = openStatement(crypto, bundle, keys)
  const { predicate } = statement
  assertKeyHeld(keys.get(kid), predicate)
  if (given !== null) assertOutput(statement, given)
  assertOrder(predicate, given?.made_ms)
  assertGesture(crypto, statement)
  assertRole(predicate)
  const name = disclosedName(crypto, bundle, predicate)
  assertKnown(predicate, known)
  return {
    ok: true,
    role: predicate.role,
    independent: predicate.independent,
    human: predicate.human.rev,
    name,
    chain: predicate.chain?.jti ?? null,
    kid,
    statement,
  }
}

/**
 * The statement that a trusted key signed, for whoever wants its subjects before the rest.
 * @throws {ProvenanceError} from `ENVELOPE_INVALID` to `PREDICATE_UNSUPPORTED`
 */
export function openStatement(
  crypto: Crypto,
  bundle: Bundle,
  keys: ReadonlyMap<string, TrustedKey>,
): { readonly statement: Statement; readonly kid: string } {
  const jwks = new Map([...keys].map(([kid, { jwk }]) => [kid, jwk]))
  const { payload, kid } = openEnvelope(crypto, jwks, bundle.envelope)
  return { statement: readStatement(payload), kid }
}

function assertKeyHeld(key: TrustedKey | undefined, { issued_at }: Predicate): void {
  if (key?.compromised === true) throw new ProvenanceError('KEY_ENDED', 'the key is compromised')
  if (key?.retired_ms !== undefined && Date.parse(issued_at) >= key.retired_ms)
    throw new ProvenanceError('KEY_ENDED', 'it was issued after its key was retired')
}

function assertOutput({ subject }: Statement, given: Given): void {
  const same = subject.filter(({ annotations }) => annotations.form === given.form)
  if (same.some(({ digest }) => digest.sha256 === given.sha256)) return
  const lines = given.lines === undefined ? [] : [given.lines.lf, given.lines.crlf]
  if (same.some(({ digest, annotations }) => annotations.form === 'file' && lines.includes(digest.sha256)))
    throw new ProvenanceError('LINE_ENDINGS_CHANGED', 'only its line endings are other than those attested')
  const close = subject.some(
    ({ name, annotations }) => nameOf(name) === given.name || annotations.bytes === given.bytes,
  )
  if (close) throw new ProvenanceError('CONTENT_CHANGED', 'it is not as it was when it was attested')
  throw new ProvenanceError('DIGEST_OTHER', 'this is the attestation of another output')
}

/** Without folders. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function assertOrder({ issued_at, output }: Predicate, made_ms: number | undefined): void {
  const issued_ms = Date.parse(issued_at)
  if (issued_ms < Date.parse(output.registered_at))
    throw new ProvenanceError('OLDER_THAN_OUTPUT', 'it was drafted before the output was registered')
  if (made_ms !== undefined && issued_ms < made_ms)
    throw new ProvenanceError('OLDER_THAN_OUTPUT', 'it was drafted before the output was made')
}

/** ATT-6, ATT-7. */
function assertGesture(crypto: Crypto, statement: Statement): void {
  const { act, gesture, human, role, rp } = statement.predicate
  if (role === 'directed' || act === undefined || gesture === undefined) return
  const wanted = attestActOf(crypto, statement)
  if (gesture.rev !== human.rev || gesture.role !== 'approver')
    throw new ProvenanceError('GESTURE_INVALID', 'the gesture is not of the person that it names')
  const fault = gestureFault(crypto, rp, challengeOf(crypto, ACT_TAG, act), gesture)
  if (fault !== null) throw new ProvenanceError('GESTURE_INVALID', fault)
  if (canonicalize(act) !== canonicalize(wanted))
    throw new ProvenanceError('GESTURE_REPLAYED', 'the gesture was made for another statement')
}

export function evidenceOf(predicate: Predicate): Evidence {
  const { gesture, output, composition, review, instruction, policy, chain } = predicate
  return {
    gesture: gesture?.rev ?? null,
    registered_at: output.registered_at,
    released_at: output.released_at ?? null,
    composition,
    human_share: policy.human_share,
    review,
    instruction,
    principal: chain?.principal ?? null,
  }
}

/** ATT-9, ATT-13, ATT-14. */
function assertRole(predicate: Predicate): void {
  const { role, human, chain, independent, act, gesture } = predicate
  const found = roleOf(evidenceOf(predicate))
  if (found === null || !isAtLeast(found.role, role))
    throw new ProvenanceError('ROLE_UNPROVEN', `its evidence does not make it ${role}`)
  const signed = act !== undefined && gesture !== undefined
  if (signed !== (role !== 'directed') || (gesture === undefined) !== (act === undefined))
    throw new ProvenanceError('ROLE_UNPROVEN', 'a gesture of its own is of authored and supervised alone')
  const whose = role === 'directed' ? chain?.principal : human.rev
  if (human.rev !== whose) throw new ProvenanceError('ROLE_UNPROVEN', 'the human is not who set the task')
  if (independent !== (chain !== null && chain.principal !== human.rev))
    throw new ProvenanceError('ROLE_UNPROVEN', 'it does not say rightly whether the human is independent')
}

function disclosedName(crypto: Crypto, { disclosures }: Bundle, { human }: Predicate): string | null {
  const disclosed = disclosures?.human
  if (disclosed === undefined) return null
  const { salt, name } = disclosed
  if (commitmentOrNull(crypto, salt, name) !== human.name)
    throw new ProvenanceError('NAME_MISMATCH', 'the name is not the one that was committed to')
  return name
}

function commitmentOrNull(crypto: Crypto, salt: string, value: string): string | null {
  try {
    return commitmentOf(crypto, { salt, value })
  } catch (error) {
    if (error instanceof CoreError) return null
    throw error
  }
}

const STATES = {
  superseded: 'ATTESTATION_SUPERSEDED',
  withdrawn: 'ATTESTATION_WITHDRAWN',
  disputed: 'ATTESTATION_DISPUTED',
} as const

function assertKnown({ issued_at }: Predicate, { state = 'valid', ended_ms }: Known): void {
  if (ended_ms !== undefined && ended_ms <= Date.parse(issued_at))
    throw new ProvenanceError('AUTHORITY_ENDED', 'the person had no authority any more when it was issued')
  if (state !== 'valid') throw new ProvenanceError(STATES[state], `the issuer says that it is ${state}`)
}
