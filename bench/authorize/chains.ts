/**
 * Chains to measure: issued, gestured, narrowed and proven by our own code, with new keys each time.
 * @module
 */
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { PublicJwk, Signer } from '../../src/core/crypto.ts'
import { base64url, fromBase64url } from '../../src/core/encoding.ts'
import { newId } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Grant } from '../../src/token/grant.ts'
import { draftRoot, sealRoot, signStatement } from '../../src/token/issue.ts'
import { lastDelegation, narrow } from '../../src/token/narrow.ts'
import { argsCommit, signCallProof } from '../../src/token/proof.ts'
import type { ChainTrust } from '../../src/token/trust.ts'

export const NOW_S = 1_790_000_000
/** Stands still: challenges, sessions and states do not age while others are measured. */
export const clock: Clock = { now: () => NOW_S * 1000, monotonic: () => 1_000_000 }

export const POINT = 'pnt_00000000000000000000000001'
const ISS = 'https://issuer.example'
const RP = { rp_id: 'issuer.example', origin: 'https://issuer.example' }
const REV = 'rev_00000000000000000000000001'
const AUDIENCE = [POINT]
const times = { iat: NOW_S, nbf: NOW_S, exp: NOW_S + 3600 }

/** The call that every row of ours authorizes. */
export const CALL = {
  server: 'files',
  tool: 'write',
  args: { path: '/data/reports/2026/q3.csv', mode: 'append', rows: 40, text: 'region,amount\nnorth,1200\n' },
} as const satisfies { server: string; tool: string; args: JsonObject }

/** Two grants: one with constraints, a cap per call and one per day, and one that the call does not use. */
const GRANTS: readonly Grant[] = [
  {
    type: 'tool',
    server: 'files',
    actions: ['read', 'write'],
    constraints: {
      path: { glob: '/data/**' },
      rows: { min: 1, max: 1000 },
      mode: { in: ['append', 'replace'] },
    },
    limits: [
      { measure: 'calls', unit: '1', max: 1000, per: 'day' },
      { measure: 'calls', unit: '1', max: 1, per: 'call' },
    ],
  },
  {
    type: 'tool',
    server: 'mail',
    actions: ['send'],
    constraints: { to: { glob: '*@example.com', required: true } },
  },
]

export interface HeldChain {
  /** Ends in `~`. */
  readonly text: string
  readonly holder: Signer
  /** The issuer's key alone. */
  readonly trust: ChainTrust
  readonly issuer: PublicJwk
  /** Every holder key, root's first. */
  readonly holders: readonly PublicJwk[]
}

const newSigner = (): Signer => crypto.signer(crypto.generateKey('Ed25519'))
const id = (prefix: 'dlg' | 'agt'): string => newId(crypto, prefix, NOW_S * 1000)

/** A chain of `length` delegations: every key in it is new, and it has one ES256 gesture, as passkeys make them. */
export function newChain(length: number): HeldChain {
  const issuer = newSigner()
  let holder = newSigner()
  const holders = [holder.publicJwk]
  let text = newRoot(issuer, holder, length)
  for (let hop = 1; hop < length; hop++) {
    const next = newSigner()
    text = newHop(issuer, text, holder, next, length)
    holder = next
    holders.push(next.publicJwk)
  }
  const key = { jwk: issuer.publicJwk, retired_at: null }
  const keys = new Map([[thumbprint(crypto, issuer.publicJwk), key]])
  const trust = new Map([[ISS, { keys, rp: { rp_id: RP.rp_id, origins: [RP.origin] } }]])
  return { text, holder, trust, issuer: issuer.publicJwk, holders }
}

function newRoot(issuer: Signer, holder: Signer, length: number): string {
  const passkey = softwareAuthenticator(crypto, crypto.generateKey('ES256'), RP)
  const draft = draftRoot(crypto, issuer, {
    ...times,
    iss: ISS,
    aud: AUDIENCE,
    jti: id('dlg'),
    rev: [REV],
    holder: holder.publicJwk,
    agent: { id: id('agt'), class: 'assistant', manifest: base64url(crypto.randomBytes(32)) },
    amr: ['pop', 'user'],
    acr: 'phr',
    auth_time: NOW_S,
    grants: GRANTS,
    depth_max: length - 1,
  })
  const assertion = passkey.assert(draft.challenge)
  const gesture = { rev: REV, role: 'principal' as const, jwk: passkey.jwk, registration: 7, ...assertion }
  return sealRoot(crypto, issuer, { rp_id: RP.rp_id, origins: [RP.origin] }, draft, [gesture])
}

function newHop(issuer: Signer, chain: string, by: Signer, to: Signer, length: number): string {
  const agent = id('agt')
  const jkt = thumbprint(crypto, to.publicJwk)
  const lives = { iat: NOW_S, exp: NOW_S + 3600 }
  const statement = signStatement(crypto, issuer, { iss: ISS, agent, class: 'worker', jkt, ...lives })
  const parent = lastDelegation(crypto, chain)
  return narrow(crypto, chain, by, {
    ...times,
    jti: id('dlg'),
    aud: AUDIENCE,
    holder: to.publicJwk,
    statement,
    grants: [...parent.grants].map(([digest, grant]) => ({ ...grant, from: digest })),
    depth_max: length - 1,
  })
}

/** In one piece, as a text that comes over the wire: one that is put together keeps its parts until it is first read. */
function asReceived(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** {@link CALL} under this chain with a proof of its own (PRF-1). */
export function newProof(chain: HeldChain, challenge: string): { presentation: string; salt: string } {
  const salt = base64url(crypto.randomBytes(32))
  const nonce = `${challenge}.${base64url(crypto.randomBytes(16))}`
  const args_commit = argsCommit(crypto, fromBase64url(salt), CALL.args)
  const call = { server: CALL.server, tool: CALL.tool, args_commit }
  const target = { aud: POINT, nonce, iat: NOW_S }
  const presentation = signCallProof(crypto, chain.holder, chain.text, target, call)
  return { presentation: asReceived(presentation), salt }
}
