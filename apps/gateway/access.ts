/**
 * Who calls over HTTP: a client with an access token, one with its chain as one, or one that proves each call in its
 * body. spec/gateway.md (GWR-1 to GWR-7).
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { sha256Text } from '../../src/core/digest.ts'
import { CountersignError } from '../../src/core/errors.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { AccessTokens, TokenFault } from '../../src/enforce/access-tokens.ts'
import type { Frame } from '../../src/enforce/adapters/mcp/frames.ts'
import type { HostedDelegations } from '../../src/enforce/hosted.ts'
import type { EnforcementPoint } from '../../src/enforce/point.ts'
import type { Credential, Viewer } from '../../src/enforce/types.ts'
import { sessionNamed } from '../../src/enforce/adapters/mcp/messages.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { verifyDpop } from '../../src/token/dpop.ts'
import { lastDelegation } from '../../src/token/narrow.ts'

/** Delegations whose end a client was told of in the answer to a call. */
const TOLD_MAX = 4096
/** What ends a token: to authorize anew is of use then. */
const ENDED = new Set(['REVOKED', 'EXPIRED', 'KEY_RETIRED'])

export interface Caller {
  /** Sessions belong to it: another caller's session identifier is good for nothing. */
  readonly identity: string
  readonly viewer: Viewer
  readonly hosted: boolean
  /** For a request that proves nothing itself; undefined: as `hosted` says. */
  readonly credential: Credential | undefined
}

export interface Refusal {
  readonly status: 401 | 403 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface AccessOptions {
  readonly point: EnforcementPoint
  /** Null: no server here takes access tokens. */
  readonly tokens: AccessTokens | null
  readonly hosting: HostedDelegations
  /** Whether the point was started with a delegation of its own (MCP-3). */
  readonly hosted: boolean
}

export interface AccessQuestion {
  readonly server: string
  readonly access: 'oauth' | 'keys'
  /** The resource identifier of the server. */
  readonly url: string
  /** Where its metadata is (RFC 9728). */
  readonly metadata: string
  readonly request: IncomingMessage
}

export class Access {
  readonly #o: AccessOptions
  readonly #told = new Set<string>()

  constructor(options: AccessOptions) {
    this.#o = options
  }

  /** Before the body is read. @returns the caller, or what it is answered */
  async authorize(question: AccessQuestion): Promise<Caller | Refusal> {
    const { request, access } = question
    const { authorization } = request.headers
    if (authorization === undefined) {
      // Who says that each of its calls proves itself is sent nowhere to get a token.
      const provesItself = request.headers['countersign-proof'] !== undefined
      if (access === 'keys' || provesItself)
        return {
          identity: '',
          viewer: null,
          hosted: this.#o.hosted && access === 'keys',
          credential: undefined,
        }
      return challenge(question, 'Bearer', null)
    }
    const [, scheme = '', token = ''] = /^(bearer|dpop) +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization) ?? []
    if (scheme === '') return challenge(question, 'Bearer', { error: 'invalid_token', text: 'no token' })
    const isDpop = scheme.toLowerCase() === 'dpop'
    if (isDpop && token.endsWith('~')) return this.#byChain(question, token)
    return this.#byToken(question, isDpop ? 'dpop' : 'bearer', token)
  }

  /**
   * Whether a call under a delegation that has ended may go on to be denied by the point, which says why and records it.
   * The request after it is answered with 401, so that the client asks its person again.
   */
  mayBeDenied(caller: Caller, frames: Frame): boolean {
    const { viewer } = caller
    if (typeof viewer !== 'object' || viewer === null || !('delegation' in viewer)) return true
    if (!this.#hasEnded(viewer)) return true
    if (this.#told.has(viewer.delegation)) return false
    if (frames.kind !== 'request' || frames.method !== 'tools/call') return false
    if (this.#told.size >= TOLD_MAX) this.#told.clear()
    this.#told.add(viewer.delegation)
    return true
  }

  /** Of a request without an MCP session: who named an open session of the point shares with nobody else (GWH-10). */
  inSession(caller: Caller, frame: Frame): Caller {
    if (caller.identity !== '' || caller.hosted || frame.kind !== 'request') return caller
    const session = sessionNamed(frame)
    if (session === null || this.#o.point.standingOf(session).includes('SESSION_UNKNOWN')) return caller
    return { ...caller, identity: `session ${sha256Text(nodeCrypto, session)}` }
  }

  ended(question: AccessQuestion): Refusal {
    return challenge(question, schemeOf(question), {
      error: 'invalid_token',
      text: 'the delegation behind the token has ended',
    })
  }

  #hasEnded(viewer: Viewer): boolean {
    return this.#o.point.standingOf(viewer).some((reason) => ENDED.has(reason))
  }

  #byChain(question: AccessQuestion, chain: string): Caller | Refusal {
    const { dpop: proof, 'countersign-salt': salt } = question.request.headers
    if (typeof proof !== 'string') {
      const { challenge: nonce } = this.#o.point.challenge()
      const refusal = challenge(question, 'DPoP', { error: 'use_dpop_nonce', text: 'a proof is needed' })
      return { ...refusal, headers: { ...refusal.headers, 'dpop-nonce': nonce } }
    }
    let holder: string
    try {
      holder = thumbprint(nodeCrypto, lastDelegation(nodeCrypto, chain).payload.cnf.jwk)
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error
      return challenge(question, 'DPoP', { error: 'invalid_token', text: 'the chain does not parse' })
    }
    const method = question.request.method ?? ''
    const credential: Credential = {
      kind: 'dpop',
      chain,
      proof,
      method,
      url: question.url,
      salt: typeof salt === 'string' ? salt : '',
    }
    const context = { crypto: nodeCrypto, method, url: question.url, jkt: holder, chain }
    // Anybody can write a chain that ends at somebody's key. The point denies what comes with it, and records that.
    if (verifyDpop({ ...context, now_ms: systemClock.now() }, proof) === null)
      return { identity: '', viewer: null, hosted: false, credential }
    return { identity: `holder ${holder}`, viewer: { chain }, hosted: true, credential }
  }

  async #byToken(
    question: AccessQuestion,
    scheme: 'bearer' | 'dpop',
    token: string,
  ): Promise<Caller | Refusal> {
    const { tokens, hosting, point } = this.#o
    const name = scheme === 'dpop' ? 'DPoP' : 'Bearer'
    if (tokens === null || question.access !== 'oauth')
      return challenge(question, name, { error: 'invalid_token', text: 'no access token is taken here' })
    const { dpop, host: _ } = question.request.headers
    const proof = typeof dpop === 'string' ? dpop : undefined
    const method = question.request.method ?? ''
    const found = await tokens.verify({ scheme, token, proof, method, url: question.url })
    if ('error' in found) return challenge(question, name, found)
    const fetched = await hosting.fetch(found.delegation)
    if (fetched === 'away') return away('the control plane does not say which delegation the token is for')
    if (fetched === 'refused')
      return challenge(question, name, { error: 'invalid_token', text: 'the delegation is not held here' })
    const viewer: Viewer = { delegation: found.delegation }
    if (point.standingOf(viewer).length === 0 && !point.reaches(viewer, question.server))
      return challenge(question, name, {
        error: 'insufficient_scope',
        text: 'nothing of this server is granted',
      })
    const identity = `client ${sha256Text(nodeCrypto, `${found.client}\n${found.delegation}`)}`
    return { identity, viewer, hosted: true, credential: undefined }
  }
}

type Fault = TokenFault | { error: 'use_dpop_nonce' | 'insufficient_scope'; text: string }

function schemeOf({ request }: AccessQuestion): 'Bearer' | 'DPoP' {
  return /^dpop /i.test(request.headers.authorization ?? '') ? 'DPoP' : 'Bearer'
}

/** RFC 6750, section 3, RFC 9449, section 7.1, RFC 9728, section 5.1. */
function challenge({ metadata }: AccessQuestion, scheme: 'Bearer' | 'DPoP', fault: Fault | null): Refusal {
  if (fault?.error === 'temporarily_unavailable') return away(fault.text)
  const said = fault === null ? '' : `error="${fault.error}", error_description="${fault.text}", `
  const algs = scheme === 'DPoP' ? ', algs="ES256 Ed25519"' : ''
  const value = `${scheme} ${said}resource_metadata="${metadata}"${algs}`
  return {
    status: fault?.error === 'insufficient_scope' ? 403 : 401,
    headers: { 'www-authenticate': value },
    text: fault?.text ?? 'an access token is needed',
  }
}

function away(text: string): Refusal {
  return { status: 503, headers: { 'retry-after': '5' }, text }
}
