/**
 * Registers: how the log begins, that an identifier is given once, that the delegations it issues are those whose roots
 * it holds, and what stands behind the chain of an allow. spec/log.md.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { canonicalize, type JsonObject } from '../../core/json.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { parseJws } from '../../core/sign.ts'
import { parseVkey } from '../../log/note.ts'
import type { ChainTrust } from '../../token/trust.ts'
import { verifyChainText, type VerifiedChain } from '../../token/verify.ts'
import type { History } from '../history.ts'
import { currentKid } from './keys.ts'
import type { Findings } from './report.ts'
import type { IssuedRoot } from './templates.ts'

/** The log begins with `log.created`, once, for the origin that signs; its keys are what they are called. */
export function checkBeginning(crypto: Crypto, history: History, vkey: string, findings: Findings): number {
  const { created, keys } = history
  const { name, key: logKey } = parseVkey(crypto, vkey)
  if (created?.index !== 0)
    findings.add({ code: 'ENTRY_INVALID', message: 'the log does not begin with log.created', index: 0 })
  if (created !== null && created.entry.body.origin !== name)
    findings.add({ code: 'KEY_MISMATCH', message: 'the log was created under another origin', index: 0 })
  for (const { index, entry } of keys) {
    const { use, kid, jwk } = entry.body
    const other = use === 'log' && canonicalize(jwk) !== canonicalize({ ...logKey })
    if (other || thumbprint(crypto, publicJwk(jwk)) !== kid)
      findings.add({ code: 'KEY_MISMATCH', message: `the ${use} key is not the one it is called`, index })
  }
  if (!keys.some(({ entry }) => entry.body.use === 'log'))
    findings.add({ code: 'KEY_MISMATCH', message: 'the log does not name the key that signs it' })
  return keys.length
}

export function checkIdentifiers(history: History, findings: Findings): number {
  for (const { index, what } of history.repeated) {
    findings.add({ code: 'IDENTIFIER_REUSED', message: `${what} stands in the log before`, index })
  }
  checkPeople(history, findings)
  return history.size
}

/** A person is enrolled once, and an authenticator is one person's: else one human could be two. */
function checkPeople(history: History, findings: Findings): void {
  const known = new Set<string>()
  for (const { index, type, person, rev, credential } of history.passkeys.values()) {
    if (type === 'person.enrolled' && history.people.get(rev)?.index !== index) continue // told as repeated
    const names = [`credential ${canonicalize(credential.jwk)}`]
    if (type === 'person.enrolled') names.push(`person ${person}`)
    if (names.some((name) => known.has(name)))
      findings.add({
        code: 'IDENTIFIER_REUSED',
        message: 'a person or a credential is enrolled twice',
        index,
      })
    for (const name of names) known.add(name)
  }
}

/**
 * Every issued delegation is a root that the log holds and that verifies as of its issue, used or not.
 * @returns those that are
 */
export function checkDelegations(
  crypto: Crypto,
  history: History,
  trust: ChainTrust,
  findings: Findings,
): IssuedRoot[] {
  const roots: IssuedRoot[] = []
  for (const { index, entry } of history.delegations.values()) {
    const { jti, rev, exp, agent } = entry.body
    const segment = history.segments.get(entry.body.segment)?.entry.body
    const root = segment === undefined || segment.parent !== null ? null : payloadOf(segment.segment)
    const rootAgent = root?.agent as JsonObject | undefined
    const same =
      root !== null &&
      canonicalize([jti, rev, exp, agent]) ===
        canonicalize([root.jti ?? null, root.rev ?? null, root.exp ?? null, rootAgent?.id ?? null])
    if (!same) {
      findings.add({ code: 'DELEGATION_NOT_ISSUED', message: `${jti} is not a root that is logged`, index })
      continue
    }
    // Who delegated is read off the entry: it has to be who made the gesture.
    if (!isPrincipal(history, root, entry.actor.id))
      findings.add({ code: 'DELEGATION_NOT_ISSUED', message: `${jti} names another principal`, index })
    const audience = Array.isArray(root.aud) && typeof root.aud[0] === 'string' ? root.aud[0] : ''
    const context = { crypto, trust, audience, now_ms: Date.parse(entry.time) }
    const result = verifyChainText(context, segment?.segment ?? '')
    if (!result.ok) {
      findings.add({ code: 'CHAIN_INVALID', message: `the root ${jti} fails: ${result.reason}`, index })
    } else if (result.chain.delegations[0].grants.size !== result.chain.root.grants_n) {
      findings.add({ code: 'CHAIN_INVALID', message: `the root ${jti} hides a grant from the log`, index })
    } else {
      checkIssuers(history, index, result.chain, findings)
      const [issuer] = result.chain.handles
      const current = currentKid(history, index)
      if (current !== null && issuer?.handle !== current)
        findings.add({
          code: 'KEY_MISMATCH',
          message: `the root ${jti} is by a key that did not sign then`,
          index,
        })
      roots.push({ index, entry, chain: result.chain })
    }
  }
  return roots
}

function isPrincipal(history: History, root: JsonObject, person: string): boolean {
  const gestures = Array.isArray(root.gestures) ? (root.gestures as readonly JsonObject[]) : []
  return gestures.some(
    ({ role, rev }) =>
      role === 'principal' &&
      typeof rev === 'string' &&
      (history.people.get(rev)?.entry.subject ?? person) === person,
  )
}

function payloadOf(segment: string): JsonObject | null {
  try {
    return parseJws(segment.slice(0, segment.indexOf('~'))).payload
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

/** The keys that signed the root and the agents' statements stood in the log before. */
function checkIssuers(history: History, index: number, chain: VerifiedChain, findings: Findings): void {
  for (const { kind, handle } of chain.handles) {
    if (kind !== 'issuer') continue
    const named = history.keys.some((key) => key.index < index && key.entry.body.kid === handle)
    if (!named)
      findings.add({ code: 'KEY_MISMATCH', message: 'an issuer key was used before it was logged', index })
  }
}

/** The gestures' keys were registered, the root was issued, its agents approved and their keys registered: all before. */
export function checkBehind(
  crypto: Crypto,
  history: History,
  index: number,
  { chain, last }: { readonly chain: VerifiedChain; readonly last: string },
  findings: Findings,
): void {
  checkIssuers(history, index, chain, findings)
  const issued = history.delegations.get(chain.root.jti)
  const { rev, exp, agent } = chain.root
  const same =
    issued !== undefined &&
    issued.index < index &&
    isRootOf(history, last, issued.entry.body.segment) &&
    canonicalize([agent.id, rev, exp]) ===
      canonicalize([issued.entry.body.agent, issued.entry.body.rev, issued.entry.body.exp])
  if (!same)
    findings.add({ code: 'DELEGATION_NOT_ISSUED', message: 'the log does not issue this root', index })
  const before = Math.min(index, issued?.index ?? index)
  for (const gesture of chain.root.gestures) {
    if ((history.passkeys.by(gesture)?.index ?? before) >= before)
      findings.add({ code: 'GESTURE_UNREGISTERED', message: 'a gesture is by a key not registered', index })
  }
  for (const [depth, delegation] of chain.delegations.entries()) {
    const edge = depth === 0 ? before : index
    const record = history.agents.get(delegation.agent.id)
    if ((record?.approval?.index ?? edge) >= edge)
      findings.add({
        code: 'AGENT_NOT_APPROVED',
        message: `${delegation.agent.id} was not approved before`,
        index,
      })
    const held = record?.keys.some(
      (key) => key.index < edge && thumbprint(crypto, publicJwk(key.entry.body.jwk)) === delegation.jkt,
    )
    if (held !== true)
      findings.add({
        code: 'HOLDER_UNREGISTERED',
        message: `a holder key is not one of ${delegation.agent.id}`,
        index,
      })
  }
}

/**
 * Whether a chain begins with the very root that was issued: another one with its identifier, people and end could
 * grant more. Fewer grants of it may be disclosed. @param last identifier of the chain's last segment
 */
function isRootOf(history: History, last: string, issued: string): boolean {
  const jwtOf = (segment: string | undefined): string | undefined => segment?.split('~', 1)[0]
  const used = jwtOf(history.chain(last)?.[0]?.segment)
  return used !== undefined && used === jwtOf(history.segments.get(issued)?.entry.body.segment)
}
