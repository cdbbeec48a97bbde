/**
 * What an open session keeps in memory, by the difference of the heap over many sessions with chains of their own.
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { newNodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { Authenticator } from '../../src/enforce/authenticate.ts'
import { signSessionProof } from '../../src/token/proof.ts'
import type { ChainTrust } from '../../src/token/trust.ts'
import { CALL, clock, newChain, NOW_S, POINT } from './chains.ts'

const CHAINS = 1200
/** Sessions that are opened first, so that code and tables of the process are there already. */
const WARMUP = 200

export interface CachedChain {
  /** The session's key, counters and identifier included. */
  readonly bytes: number
  readonly chains: number
}

/** Three delegations with two grants each, sessions opened and called once, records carried. */
export function cachedChainBytes(): CachedChain {
  const crypto = newNodeCrypto()
  const trust = new Map<string, { keys: Map<string, never>; rp: never }>()
  const authenticator = new Authenticator({
    crypto,
    clock,
    trust: trust as unknown as ChainTrust,
    audience: POINT,
  })
  const open = (): void => {
    const chain = newChain(3)
    trust.clear()
    for (const [iss, issuer] of chain.trust) trust.set(iss, issuer as never)
    const { challenge, key } = authenticator.challenge()
    const x25519 = base64url(crypto.x25519().publicKey)
    const target = { aud: POINT, nonce: challenge, iat: NOW_S }
    const opened = authenticator.open(
      signSessionProof(crypto, chain.holder, chain.text, target, { x25519, peer: key }),
    )
    if (!opened.ok) throw new TypeError(`no session: ${opened.reason}`)
  }
  for (let i = 0; i < WARMUP; i++) open()
  const before = settledBytes()
  for (let i = 0; i < CHAINS; i++) open()
  const after = settledBytes()
  // The sessions are alive until here: the authenticator is asked once more.
  authenticator.chainOf(CALL.server)
  return { bytes: Math.round((after - before) / CHAINS), chains: CHAINS }
}

function settledBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 4; i++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
