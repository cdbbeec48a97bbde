/**
 * The delegation protocol in one import, `countersign/protocol`: issue, narrow, present, verify, with the cryptography
 * and the clock of this platform. For trying the protocol out, for tests and for small services. The control plane and
 * the enforcement point add what these functions cannot have: registers, a log, revocation, limits, replay protection.
 * spec/delegation.md, spec/grants.md. A composition root, as the SDK is: docs/adr/0010.
 * @module
 */
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../adapters/software-authenticator/software-authenticator.ts'
import type { Signer } from '../core/crypto.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import type { Gesture } from '../core/gesture.ts'
import { newId } from '../core/ids.ts'
import { canonicalBytes, type JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { seconds } from '../core/time.ts'
import { decide, NO_KILLS } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import { systemClock } from '../ports/clock.ts'
import type { Grant } from '../token/grant.ts'
import { draftRoot, sealRoot, signStatement, type RootDraft } from '../token/issue.ts'
import { lastOf } from '../token/lineage.ts'
import { lastDelegation, narrow as narrowChain } from '../token/narrow.ts'
import { discloseFor } from '../token/present.ts'
import { parsePresentation, sdHashOf } from '../token/presentation.ts'
import { argsCommit, signCallProof, verifyCallProof } from '../token/proof.ts'
import type { ChainTrust } from '../token/trust.ts'
import { verifyChainText, type VerifiedChain } from '../token/verify.ts'
import { grantWithin } from '../token/within.ts'

const SALT_BYTES = 32
const TTL_S = 3600
const DEPTH_MAX = 3

const id = (prefix: 'dlg' | 'agt' | 'rev'): string => newId(nodeCrypto, prefix, systemClock.now())
const nowS = (): number => seconds(systemClock.now())

/** A new holder key, Ed25519, in memory. */
export function agentKey(): Signer {
  return nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
}

export interface Draft {
  /** Whom the delegation is for, and what is shown to the human. */
  readonly root: RootDraft
}

export interface DraftInput {
  readonly holder: Signer
  /** Enforcement points that may accept it. */
  readonly aud: readonly string[]
  readonly grants: readonly Grant[]
  readonly by: Person
  readonly agent?: string
  /** Seconds; an hour unless told otherwise. */
  readonly ttl_s?: number
  readonly instruction?: string
  /** Handle of a consent: for its data subject alone. */
  readonly consent?: string
}

/** A person with a software authenticator: its gestures say `swk`. */
export interface Person {
  readonly rev: string
  gesture(draft: Draft): Gesture
}

/** An issuer with one key, in memory. */
export class Issuer {
  readonly iss: string
  /** What a verifier pins. */
  readonly trust: ChainTrust
  readonly #signer = agentKey()
  readonly #rp: { readonly rp_id: string; readonly origins: readonly string[] }

  /** @param origin e.g. `https://company.example`: its name, and where its people make gestures */
  constructor(origin: string) {
    this.iss = origin
    this.#rp = { rp_id: new URL(origin).hostname, origins: [origin] }
    const jwk = this.#signer.publicJwk
    const keys = new Map([[thumbprint(nodeCrypto, jwk), { jwk, retired_at: null }]])
    this.trust = new Map([[origin, { keys, rp: this.#rp }]])
  }

  person(): Person {
    const rp = { rp_id: this.#rp.rp_id, origin: this.iss }
    const authenticator = softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), rp)
    const rev = id('rev')
    return {
      rev,
      gesture: ({ root }) => ({
        rev,
        role: 'principal',
        jwk: authenticator.jwk,
        registration: 0,
        ...authenticator.assert(root.challenge),
      }),
    }
  }

  /** What a person is shown and makes a gesture over. @throws {TokenError} `GRANT_INVALID`, `TOKEN_MALFORMED` */
  draft(input: DraftInput): Draft {
    const now = nowS()
    const root = draftRoot(nodeCrypto, this.#signer, {
      iss: this.iss,
      aud: input.aud,
      iat: now,
      nbf: now,
      exp: now + (input.ttl_s ?? TTL_S),
      jti: id('dlg'),
      rev: [input.by.rev],
      holder: input.holder.publicJwk,
      agent: { id: input.agent ?? id('agt'), class: 'agent', manifest: emptyManifest() },
      amr: ['swk'],
      auth_time: now,
      grants: input.grants,
      depth_max: DEPTH_MAX,
      ...(input.instruction === undefined ? {} : { instruction: input.instruction }),
      ...(input.consent === undefined ? {} : { consent: input.consent }),
    })
    return { root }
  }

  /** Signs a draft that a person has authorized. @throws {TokenError} `GESTURE_INVALID` @returns the chain */
  seal(draft: Draft, ...gestures: Gesture[]): string {
    return sealRoot(nodeCrypto, this.#signer, this.#rp, draft.root, gestures)
  }

  /** The issuer's word that a key is an agent's, for a hop to it; good for an hour (DLG-7). */
  statement(holder: Signer, agent: string = id('agt')): string {
    const iat = nowS()
    const jkt = thumbprint(nodeCrypto, holder.publicJwk)
    return signStatement(nodeCrypto, this.#signer, {
      iss: this.iss,
      agent,
      class: 'agent',
      jkt,
      iat,
      exp: iat + TTL_S,
    })
  }
}

function emptyManifest(): string {
  return base64url(nodeCrypto.sha256(canonicalBytes({})))
}

export interface NarrowInput {
  /** The key of the agent that gets the narrower chain. */
  readonly to: Signer
  readonly statement: string
  /** Each is put under the first grant of the chain that it lies within. */
  readonly grants: readonly Grant[]
}

/**
 * Hands a smaller delegation on, offline. It ends when the chain ends, and may be narrowed again.
 * @throws {TokenError} `WIDENED`: a grant lies within none that the chain discloses; `SIGNATURE_INVALID`: not the holder
 */
export function narrow(chain: string, holder: Signer, input: NarrowInput): string {
  const { payload, grants: held } = lastDelegation(nodeCrypto, chain)
  const grants = input.grants.map((grant) => {
    const parent = [...held].find(([, each]) => grantWithin(grant, each)) ?? [...held][0]
    return parent === undefined ? grant : { ...grant, from: parent[0] }
  })
  const now = nowS()
  return narrowChain(nodeCrypto, chain, holder, {
    jti: id('dlg'),
    iat: now,
    nbf: Math.max(now, payload.nbf),
    exp: payload.exp,
    aud: payload.aud,
    holder: input.to.publicJwk,
    statement: input.statement,
    grants,
    depth_max: payload.depth_max,
  })
}

export interface Call {
  readonly server: string
  readonly tool: string
  readonly args: JsonObject
}

/** For whom and for what a chain is presented. `nonce` comes from the verifier. */
export interface Target {
  readonly aud: string
  readonly nonce: string
  readonly call: Call
}

export interface Presented {
  /** The chain with the fewest grants that the call needs, and the holder's proof (SEL-1, PRF-1). */
  readonly presentation: string
  /** Opens the proof's commitment to the arguments (PRF-3). */
  readonly salt: string
}

/** @throws {TokenError} when the chain does not parse. A chain without a grant for the call is presented whole. */
export function present(chain: string, holder: Signer, { aud, nonce, call }: Target): Presented {
  const { server, tool, args } = call
  const shown = discloseFor(nodeCrypto, chain, { server, call: { tool, args } }) ?? chain
  const salt = nodeCrypto.randomBytes(SALT_BYTES)
  const args_commit = argsCommit(nodeCrypto, salt, args)
  const target = { aud, nonce, iat: nowS() }
  const presentation = signCallProof(nodeCrypto, holder, shown, target, { server, tool, args_commit })
  return { presentation, salt: base64url(salt) }
}

export type Answer =
  | { readonly ok: true; readonly agent: string; readonly grant: string; readonly chain: VerifiedChain }
  | { readonly ok: false; readonly reasons: readonly Reason[] }

/**
 * Whether the call is within what the chain allows, and made by who holds it.
 * Not checked: revocation, cumulative limits, whether the tool's definition is the registered one, and whether `nonce`
 * was used before. An enforcement point checks all of them.
 * @throws {CoreError} `BASE64URL_INVALID`: the salt
 */
export function verify(shown: Presented, trust: ChainTrust, { aud, nonce, call }: Target): Answer {
  const now_ms = systemClock.now()
  const result = verifyChainText({ crypto: nodeCrypto, trust, audience: aud, now_ms }, shown.presentation)
  if (!result.ok) return { ok: false, reasons: [result.reason] }
  const { chain } = result
  const { proof } = parsePresentation(shown.presentation)
  if (proof === null) return { ok: false, reasons: ['PROOF_MISSING'] }
  const sd_hash = sdHashOf(nodeCrypto, shown.presentation)
  const { holder } = lastOf(chain)
  const proven = verifyCallProof({ crypto: nodeCrypto, holder, audience: aud, sd_hash, now_ms }, proof)
  const args_commit = argsCommit(nodeCrypto, fromBase64url(shown.salt), call.args)
  const bound =
    proven?.nonce === nonce &&
    proven.server === call.server &&
    proven.tool === call.tool &&
    proven.args_commit === args_commit
  if (!bound) return { ok: false, reasons: ['PROOF_INVALID'] }
  const verdict = decide({
    chain,
    kills: NO_KILLS,
    ...call,
    definition_hash: null,
    registration: null,
    revocations: { isRevoked: () => false, freshness: () => ({ epoch: 1, head: 0, t: now_ms, age_ms: 0 }) },
    bound_ms: 0,
    now_ms,
  })
  if (verdict.decision !== 'allow') return { ok: false, reasons: verdict.reasons }
  return { ok: true, agent: lastOf(chain).agent.id, grant: verdict.grant, chain }
}
