/**
 * What a person is shown before a gesture, with everything that the challenge digests. spec/people.md (CER-2).
 * Invariant: a challenge is never signed on the word of who asks; it is computed from what is shown.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { isJsonObject, type JsonValue } from '../core/json.ts'
import { ACT_TAG, APPROVAL_TAG, ROOT_TAG } from './constants.ts'
import { disclosureDigest } from './disclosure.ts'
import { challengeOf } from './gesture.ts'

export interface Shown {
  /** `countersign-root-v1` over `{header, payload}`, `countersign-act-v1` over an act, or `countersign-approval-v1` over a call (APR-7). */
  readonly tag: string
  readonly value: JsonValue
  /** Of a root: each grant and claim that its payload has the digest of. */
  readonly disclosures?: readonly string[]
}

/**
 * Not checked: that a root's disclosures are grants and claims as they should be (issuing and verifying do).
 * @returns what does not hold, or null when the challenge is a digest of all that is shown and of nothing else
 */
export function shownFault(crypto: Crypto, challenge: string, shown: Shown): string | null {
  if (![ROOT_TAG, ACT_TAG, APPROVAL_TAG].includes(shown.tag))
    return 'nothing of this kind is signed with a gesture'
  if (challengeOf(crypto, shown.tag, shown.value) !== challenge)
    return 'the challenge is a digest of something else than is shown'
  const digests = shown.tag === ROOT_TAG ? digestsOf(shown.value) : []
  const given = (shown.disclosures ?? []).map((disclosure) => disclosureDigest(crypto, disclosure))
  const same =
    new Set(digests).size === given.length &&
    digests.length === given.length &&
    given.every((digest) => digests.includes(digest))
  return same ? null : 'what is disclosed is not exactly what the root has digests of'
}

function digestsOf(value: JsonValue): JsonValue[] {
  const payload = isJsonObject(value) ? value.payload : undefined
  if (!isJsonObject(payload)) return []
  const grants = Array.isArray(payload.authorization_details) ? payload.authorization_details : []
  const claims = Array.isArray(payload._sd) ? payload._sd : []
  return [...grants.map((grant) => (isJsonObject(grant) ? (grant['...'] ?? null) : null)), ...claims]
}
