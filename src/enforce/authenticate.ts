/**
 * Who calls: the chain behind a call and the proof that the caller holds its key. spec/delegation.md, Holder proof.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import type { Reason } from '../decide/reasons.ts'
import { verifyDpop } from '../token/dpop.ts'
import { lastOf } from '../token/lineage.ts'
import { parsePresentation, sdHashOfSegment } from '../token/presentation.ts'
import {
  argsCommit,
  callMacHolds,
  sessionKey,
  verifyCallProof,
  verifySessionProof,
  type ProofContext,
} from '../token/proof.ts'
import { chainSegments } from '../token/segment.ts'
import { verifyChain, type DecidedChain } from '../token/verify.ts'
import { ChainRecord } from './chain-record.ts'
import { HeldChains, type HeldOptions, type Presented } from './held-chains.ts'
import { keptOf } from './kept-chain.ts'
import { Sessions, type Session } from './sessions.ts'
import type { CallRequest, Credential, Viewer } from './types.ts'
import { VersionGate, type VersionGateOptions } from './versions.ts'

const SALT_BYTES = 32

/** What is known of the caller. `reason` says why it may not go on; what was verified until then stays. */
export interface Authenticated {
  readonly reason: Reason | null
  readonly chain: DecidedChain | null
  /** What a receipt names the chain by. */
  readonly record: ChainRecord | null
  readonly binding: 'call' | 'session' | 'dpop' | 'hosted' | 'none'
  readonly args_commit: string | null
  readonly salt: string | null
  /** Digest of the manifest that the caller says it runs (VER-3). */
  readonly manifest: string | null
}

export interface AuthenticatorOptions extends HeldOptions {
  readonly crypto: Crypto
  /** Told of a chain whose issuer or key is not known: there may be a newer trust list. */
  readonly onUnknownIssuer?: () => void
  /** The point's identifier: the audience of chains and proofs. */
  readonly audience: string
  readonly versions?: Pick<VersionGateOptions, 'required' | 'hosted'>
}

export const NOBODY: Authenticated = {
  reason: 'NO_CHAIN',
  chain: null,
  record: null,
  binding: 'none',
  args_commit: null,
  salt: null,
  manifest: null,
}

export class Authenticator {
  readonly #o: AuthenticatorOptions
  readonly #sessions: Sessions
  readonly #versions: VersionGate
  readonly #held: HeldChains

  constructor(options: AuthenticatorOptions) {
    this.#o = options
    this.#sessions = new Sessions(options.crypto, options.clock)
    this.#versions = new VersionGate({ ...options.versions, ...pick(options) })
    this.#held = new HeldChains(options, (chain) => this.#present(chain))
  }

  challenge(): { challenge: string; key: string } {
    return { challenge: this.#sessions.challenge(), key: this.#sessions.key }
  }

  /** The chain that decides what a list shows, or why there is none. */
  viewed(viewer: Viewer): { readonly reason: Reason | null; readonly chain: DecidedChain | null } {
    if (typeof viewer === 'string') {
      const chain = this.#sessions.get(viewer)?.chain ?? null
      return { reason: chain === null ? 'SESSION_UNKNOWN' : null, chain }
    }
    if (viewer !== null && 'chain' in viewer) return this.#held.shown(viewer.chain)
    return this.#hosted(viewer?.delegation)
  }

  /** Whether some grant of the viewer is for a tool of that server. */
  reaches(viewer: Viewer, server: string): boolean {
    const { chain } = this.viewed(viewer)
    return chain !== null && [...lastOf(chain).grants.values()].some((grant) => grant.server === server)
  }

  /** The chain of a hosted delegation is verified again at its next call. */
  presentAnew(delegation?: string): void {
    this.#held.forget(delegation)
  }

  forget(session: string): void {
    this.#sessions.close(session)
  }

  open(presentation: string): { ok: true; session: Session } | { ok: false; reason: Reason } {
    const presented = this.#present(presentation)
    if ('reason' in presented) return { ok: false, reason: presented.reason }
    if (presented.proof === null) return { ok: false, reason: 'PROOF_MISSING' }
    const proof = verifySessionProof(this.#proofContext(presented), presented.proof)
    if (proof === null || proof.peer !== this.#sessions.key || !this.#sessions.useChallenge(proof.nonce)) {
      return { ok: false, reason: 'PROOF_INVALID' }
    }
    const shared = this.#sessions.agree(proof.x25519)
    if (shared === null) return { ok: false, reason: 'PROOF_INVALID' }
    const reported = this.#versions.judge(presented.chain, proof)
    if (reported.reason !== null) return { ok: false, reason: reported.reason }
    const key = sessionKey(this.#o.crypto, shared, {
      challenge: proof.nonce,
      client: proof.x25519,
      point: this.#sessions.key,
      sd_hash: presented.sd_hash,
    })
    const ends = Math.min(reported.ends, ...presented.chain.delegations.map((delegation) => delegation.ends))
    const { chain, record } = presented
    const { manifest } = reported
    const opened = { key: base64url(key), chain: keptOf(chain), record, manifest }
    const session = this.#sessions.open(opened, ends * 1000)
    return { ok: true, session }
  }

  authenticate(request: CallRequest): Authenticated {
    const { credential } = request
    switch (credential.kind) {
      case 'session':
        return this.#bySession(request, credential)
      case 'call':
        return this.#byCall(request, credential)
      case 'dpop':
        return this.#byDpop(request, credential)
      case 'hosted':
        return this.#withOwnSalt(request, this.#hosted(credential.delegation))
      case 'none':
        return NOBODY
    }
  }

  #bySession(request: CallRequest, credential: Extract<Credential, { kind: 'session' }>): Authenticated {
    const session = this.#sessions.get(credential.session)
    if (session === null) return { ...NOBODY, reason: 'SESSION_UNKNOWN' }
    const known: Authenticated = {
      reason: null,
      chain: session.chain,
      record: session.record,
      binding: 'session',
      args_commit: null,
      salt: null,
      manifest: session.manifest,
    }
    const args_commit = this.#commit(credential.salt, request)
    const call = { session: session.id, n: credential.n, server: request.server, tool: request.tool }
    if (
      args_commit === null ||
      !callMacHolds(this.#o.crypto, fromBase64url(session.key), { ...call, args_commit }, credential.mac)
    ) {
      // Whoever this is does not hold the session's key: the receipt claims no binding.
      return { ...known, binding: 'none', reason: 'PROOF_INVALID' }
    }
    const fresh = session.counters.use(credential.n)
    return { ...known, reason: fresh ? null : 'PROOF_REPLAYED', args_commit, salt: credential.salt }
  }

  #byCall(request: CallRequest, credential: Extract<Credential, { kind: 'call' }>): Authenticated {
    const presented = this.#present(credential.presentation)
    if ('reason' in presented) return { ...NOBODY, reason: presented.reason }
    const { chain, record } = presented
    const known: Authenticated = { ...NOBODY, reason: null, chain, record }
    if (presented.proof === null) return { ...known, reason: 'PROOF_MISSING' }
    const proof = verifyCallProof(this.#proofContext(presented), presented.proof)
    const args_commit = this.#commit(credential.salt, request)
    if (
      proof === null ||
      args_commit === null ||
      proof.server !== request.server ||
      proof.tool !== request.tool ||
      proof.args_commit !== args_commit
    ) {
      return { ...known, reason: 'PROOF_INVALID' }
    }
    const { manifest, reason: unapproved } = this.#versions.judge(chain, proof)
    const reason = this.#sessions.useCallNonce(proof.nonce) ?? unapproved
    return { ...known, reason, binding: 'call', args_commit, salt: credential.salt, manifest }
  }

  #byDpop(request: CallRequest, credential: Extract<Credential, { kind: 'dpop' }>): Authenticated {
    const presented = this.#present(credential.chain)
    if ('reason' in presented) return { ...NOBODY, reason: presented.reason }
    const { chain, record } = presented
    const known: Authenticated = { ...NOBODY, reason: null, chain, record }
    const { crypto, clock } = this.#o
    const { method, url } = credential
    const context = {
      crypto,
      method,
      url,
      jkt: lastOf(chain).jkt,
      chain: credential.chain,
      now_ms: clock.now(),
    }
    // A presentation with a KB-JWT behind it is another credential: an access token is the chain and nothing else.
    const proof = presented.proof === null ? verifyDpop(context, credential.proof) : null
    const args_commit = this.#commit(credential.salt, request)
    if (proof === null || args_commit === null || proof.args_commit !== args_commit) {
      return { ...known, reason: 'PROOF_INVALID' }
    }
    const { manifest, reason: unapproved } = this.#versions.judge(chain, proof)
    const reason = this.#sessions.useCallNonce(`${proof.nonce}.${proof.jti}`) ?? unapproved
    return { ...known, reason, binding: 'dpop', args_commit, salt: credential.salt, manifest }
  }

  #hosted(delegation: string | undefined): Authenticated {
    const held = this.#held.hosted(delegation)
    if (held.reason !== null) return { ...NOBODY, reason: held.reason }
    const { chain, record, root } = held
    const run = { iss: chain.iss, agent: chain.agent, delegations: chain.delegations, root }
    const { reason, manifest } = this.#versions.judgeHosted(run, delegation === undefined)
    return { ...NOBODY, reason, chain, record, binding: 'hosted', manifest }
  }

  #withOwnSalt(request: CallRequest, known: Authenticated): Authenticated {
    const salt = this.#o.crypto.randomBytes(SALT_BYTES)
    const args_commit = argsCommit(this.#o.crypto, salt, request.args)
    return known.reason === null ? { ...known, args_commit, salt: base64url(salt) } : known
  }

  #present(text: string): Presented | { reason: Reason } {
    const { crypto, clock, trust, audience } = this.#o
    try {
      const { segments, proof } = parsePresentation(text)
      const result = verifyChain({ crypto, trust: trust(), audience, now_ms: clock.now() }, segments)
      // Segments of a chain that does not verify are not kept: anyone could fill the log with them.
      if (!result.ok) {
        if (result.reason === 'ISSUER_UNKNOWN') this.#o.onUnknownIssuer?.()
        return { reason: result.reason }
      }
      const last = segments.at(-1)
      if (last === undefined) return { reason: 'TOKEN_MALFORMED' }
      const { loggable } = result
      const record = new ChainRecord(() => chainSegments(crypto, loggable))
      return { chain: result.chain, record, proof, sd_hash: sdHashOfSegment(crypto, last) }
    } catch (error) {
      if (error instanceof CountersignError && isPresentationReason(error.code)) {
        return { reason: error.code }
      }
      if (error instanceof CountersignError) return { reason: 'TOKEN_MALFORMED' }
      throw error
    }
  }

  #proofContext(presented: Presented): ProofContext {
    const holder = lastOf(presented.chain).holder
    const { crypto, clock, audience } = this.#o
    return { crypto, holder, audience, sd_hash: presented.sd_hash, now_ms: clock.now() }
  }

  #commit(salt: string, request: CallRequest): string | null {
    try {
      const bytes = fromBase64url(salt)
      return bytes.length === SALT_BYTES ? argsCommit(this.#o.crypto, bytes, request.args) : null
    } catch (error) {
      if (error instanceof CountersignError) return null
      throw error
    }
  }
}

function pick({
  crypto,
  clock,
  trust,
}: AuthenticatorOptions): Pick<VersionGateOptions, 'crypto' | 'clock' | 'trust'> {
  return { crypto, clock, trust }
}

function isPresentationReason(code: string): code is 'TOKEN_TOO_LARGE' | 'DEPTH_EXCEEDED' {
  return code === 'TOKEN_TOO_LARGE' || code === 'DEPTH_EXCEEDED'
}
