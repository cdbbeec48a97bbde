/** What an enforcement point says of the vectors of holder proofs: its own authenticator, with the vector's keys. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { fromBase64url } from '../../src/core/encoding.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { Authenticator } from '../../src/enforce/authenticate.ts'
import { CounterWindow } from '../../src/enforce/sessions.ts'
import type { CallRequest, Credential } from '../../src/enforce/types.ts'
import { argsCommit, callMacHolds } from '../../src/token/proof.ts'
import type { ProofVector } from '../../vectors/proof/generate.ts'
import type { CounterVector, MacVector } from '../../vectors/proof/macs.ts'
import { agree } from '../../vectors/proof/proof.ts'

function authenticatorOf({ now, audience, trust, challenge, point }: ProofVector): Authenticator {
  const crypto: Crypto = {
    ...nodeCrypto,
    randomBytes: (length) => (length === 32 ? fromBase64url(challenge) : nodeCrypto.randomBytes(length)),
    x25519: () => ({
      publicKey: fromBase64url(point.public),
      agree: (peer) => (peer.length === 32 ? agree(point.private, peer) : null),
    }),
  }
  const trusted = trust.map(({ iss, keys, ...rp }) => {
    const all = keys.map(
      ({ jwk, retired_at = null }) => [thumbprint(crypto, jwk), { jwk: publicJwk(jwk), retired_at }] as const,
    )
    return [iss, { keys: new Map(all), rp }] as const
  })
  const clock = { now: () => now, monotonic: () => 0 }
  const chains = new Map(trusted)
  const authenticator = new Authenticator({ crypto, clock, trust: () => chains, audience })
  if (authenticator.challenge().challenge !== challenge)
    throw new Error('the challenge is not that of the vector')
  return authenticator
}

export function judgeCall(vector: ProofVector): ProofVector['expect'] {
  const { presentation, salt } = vector.given as { presentation: string; salt: string }
  return authenticate(vector, { kind: 'call', presentation, salt })
}

export function judgeDpop(vector: ProofVector): ProofVector['expect'] {
  const { authorization, dpop, method, url, salt } = vector.given as Record<string, string>
  const chain = /^DPoP (.*)$/.exec(authorization ?? '')?.[1] ?? ''
  return authenticate(vector, {
    kind: 'dpop',
    chain,
    proof: dpop ?? '',
    method: method ?? '',
    url: url ?? '',
    salt: salt ?? '',
  })
}

function authenticate(vector: ProofVector, credential: Credential): ProofVector['expect'] {
  const { server, tool, args } = vector.given as Pick<CallRequest, 'server' | 'tool' | 'args'>
  const request = { server, tool, args, credential, definition_hash: null }
  const { reason } = authenticatorOf(vector).authenticate(request)
  return reason === null ? { ok: true } : { ok: false, code: reason }
}

export function judgeSession(vector: ProofVector): ProofVector['expect'] {
  const opened = authenticatorOf(vector).open(String(vector.given.presentation))
  return opened.ok ? { ok: true, session_key: opened.session.key } : { ok: false, code: opened.reason }
}

export function judgeMac({ session_key, salt, args, mac, ...call }: MacVector): boolean {
  const { session, n, server, tool } = call
  const args_commit = argsCommit(nodeCrypto, fromBase64url(salt), args as JsonObject)
  return callMacHolds(nodeCrypto, fromBase64url(session_key), { session, n, server, tool, args_commit }, mac)
}

export function judgeCounters({ given }: CounterVector): boolean[] {
  const window = new CounterWindow()
  return given.map((n) => window.use(n))
}
