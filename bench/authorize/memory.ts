/**
 * What an open session keeps in memory, by the difference of the heap with many of them open and with all of them closed.
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { newNodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { RevocationState } from '../../src/revoke/state.ts'
import type { TrustedIssuer } from '../../src/token/trust.ts'
import { newChain } from './chains.ts'
import { act, openPoint, openSession, outcomesRecorded, sessionRequest } from './ours.ts'

const CHAINS = 2_000

export interface CachedChain {
  /** The session's key, counters and identifier included. */
  readonly bytes: number
  readonly chains: number
}

/**
 * Chains of three delegations with two grants each. A session of each is opened and called once, so that it is recorded;
 * then all are closed, and the memory that this frees is what they kept.
 */
export async function cachedChainBytes(revocations: RevocationState): Promise<CachedChain> {
  const trust = new Map<string, TrustedIssuer>()
  const { point, authenticator } = await openPoint(newNodeCrypto(), trust, revocations)
  const sessions: string[] = []
  for (let i = 0; i < CHAINS; i++) {
    const chain = newChain(3)
    for (const [iss, issuer] of chain.trust) trust.set(iss, issuer)
    const opened = await openSession(point, chain)
    const { decision } = await point.call(sessionRequest(opened, 1), act)
    if (decision !== 'allow') throw new TypeError('the call of the session was denied')
    sessions.push(opened.session)
  }
  await outcomesRecorded()
  const open = await settledBytes()
  for (const session of sessions) authenticator.forget(session)
  const closed = await settledBytes()
  return { bytes: Math.round((open - closed) / CHAINS), chains: CHAINS }
}

async function settledBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 4; i++) {
    collect()
    // What keys hold outside of the heap is let go in a turn of its own.
    await outcomesRecorded()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
