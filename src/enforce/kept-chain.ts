/** What an open session keeps of a verified chain: as little as decisions need. @module */
import type { DecidedChain, VerifiedChain } from '../token/verify.ts'

/** Gestures, keys and the bounds that verification has dealt with are let go. */
export function keptOf({ delegations: [root, ...hops], handles }: VerifiedChain): DecidedChain {
  const kept = ({ jti, ends, agent: { id }, grants }: VerifiedChain['delegations'][0]) => ({
    jti,
    ends,
    agent: { id },
    grants,
  })
  return { delegations: [kept(root), ...hops.map(kept)], handles }
}
