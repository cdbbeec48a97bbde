/**
 * A call of an agent that nobody registered, made by the point to itself: through all that a real call goes through, it
 * must be denied and recorded. spec/enforcement.md (ENF-9). The chain is good in itself: of whoever made it, nobody knows.
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { base64url } from '../core/encoding.ts'
import type { Gesture } from '../core/gesture.ts'
import { newId } from '../core/ids.ts'
import { thumbprint } from '../core/jwk.ts'
import { seconds } from '../core/time.ts'
import type { Reason } from '../decide/reasons.ts'
import { CANARY_CALL } from '../log/unregistered.ts'
import type { Clock } from '../ports/clock.ts'
import type { RelyingParty } from '../token/gesture.ts'
import { draftRoot, sealRoot } from '../token/issue.ts'
import { argsCommit, signCallProof } from '../token/proof.ts'
import type { Point } from './types.ts'

const LIFE_S = 300
const SALT_BYTES = 32
const NONCE_BYTES = 16

/** An authenticator that nobody registered. */
export interface MadeUpPasskey {
  readonly jwk: PublicJwk
  assert(challenge: string): Pick<Gesture, 'client_data' | 'authenticator_data' | 'signature'>
}

export interface CanaryOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly point: Pick<Point, 'id' | 'call' | 'challenge'>
  /** Of the point's own issuer. */
  readonly iss: string
  readonly rp: RelyingParty
  /** One that the point guards. */
  readonly server: string
  /** Makes one up. */
  readonly passkey: () => MadeUpPasskey
}

/** What became of it. `reached`: it got to where a tool would have been called. */
export interface CanaryOutcome {
  readonly reasons: readonly Reason[]
  readonly reached: boolean
}

export async function tryUnregistered(options: CanaryOptions): Promise<CanaryOutcome> {
  const { crypto, point, server } = options
  const salt = crypto.randomBytes(SALT_BYTES)
  const { presentation, canary } = madeUp(options, salt)
  const credential = { kind: 'call', presentation, salt: base64url(salt) } as const
  let reached = false
  const outcome = await point.call(
    { server, tool: CANARY_CALL, args: {}, credential, definition_hash: null, canary },
    () => {
      reached = true
      return Promise.resolve({ result: null, failed: true })
    },
    { onWaits: (withdraw) => withdraw() },
  )
  return { reasons: outcome.decision === 'deny' ? outcome.reasons : [], reached }
}

function madeUp(
  { crypto, clock, point, iss, rp, server, passkey }: CanaryOptions,
  salt: Uint8Array,
): { presentation: string; canary: string } {
  const [issuer, holder] = [
    crypto.signer(crypto.generateKey('Ed25519')),
    crypto.signer(crypto.generateKey('Ed25519')),
  ]
  const now_ms = clock.now()
  const iat = seconds(now_ms)
  const rev = newId(crypto, 'rev', now_ms)
  const person = passkey()
  const draft = draftRoot(crypto, issuer, {
    iss,
    aud: [point.id],
    iat,
    nbf: iat,
    exp: iat + LIFE_S,
    jti: newId(crypto, 'dlg', now_ms),
    rev: [rev],
    holder: holder.publicJwk,
    agent: {
      id: newId(crypto, 'agt', now_ms),
      class: 'canary',
      manifest: thumbprint(crypto, holder.publicJwk),
    },
    amr: ['swk'],
    auth_time: iat,
    grants: [{ type: 'tool', server, actions: [CANARY_CALL] }],
    depth_max: 0,
  })
  const gesture = {
    rev,
    role: 'principal',
    jwk: person.jwk,
    registration: 0,
    ...person.assert(draft.challenge),
  } as const
  const chain = sealRoot(crypto, issuer, rp, draft, [gesture])
  const nonce = `${point.challenge().challenge}.${base64url(crypto.randomBytes(NONCE_BYTES))}`
  const call = { server, tool: CANARY_CALL, args_commit: argsCommit(crypto, salt, {}) }
  const presentation = signCallProof(crypto, holder, chain, { aud: point.id, nonce, iat }, call)
  return { presentation, canary: thumbprint(crypto, holder.publicJwk) }
}
