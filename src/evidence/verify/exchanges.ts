/**
 * Access tokens: each was given for a chain that held, to the agent that held it. spec/status.md (STS-8), spec/pack.md
 * (PCK-3). What a resource server did with one is not in the log.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { seconds } from '../../core/time.ts'
import type { EntryBody } from '../../log/entries.ts'
import { accessTokenEnd, isDebited } from '../../token/access-token.ts'
import { SEGMENT_SEPARATOR } from '../../token/constants.ts'
import { lastOf } from '../../token/lineage.ts'
import type { ChainTrust } from '../../token/trust.ts'
import { verifyChainText, type VerifiedChain } from '../../token/verify.ts'
import type { History } from '../history.ts'
import { checkBehind } from './registers.ts'
import type { Findings } from './report.ts'

type Exchange = EntryBody<'token.exchanged'>

export function checkExchanges(
  crypto: Crypto,
  history: History,
  trust: ChainTrust,
  findings: Findings,
): number {
  const given = new Set<string>()
  const frames = framesByHandle(history)
  for (const { index, entry } of history.exchanges) {
    const { body, actor } = entry
    const at_ms = Date.parse(entry.time)
    const add = (message: string): void => findings.add({ code: 'EXCHANGE_INVALID', message, index })
    if (given.has(body.jti))
      findings.add({ code: 'IDENTIFIER_REUSED', message: `${body.jti} was given before`, index })
    given.add(body.jti)
    const text = chainBefore(history, body.segment, index)
    const context = { crypto, trust, audience: body.aud, now_ms: at_ms }
    const result = text === null ? null : verifyChainText(context, text)
    if (result === null) add('the log does not hold the chain of this access token')
    else if (!result.ok) add(`the chain of this access token fails: ${result.reason}`)
    else {
      checkBehind(crypto, history, index, { chain: result.chain, last: body.segment }, findings)
      const fault = mismatch(body, result.chain, at_ms)
      if (fault !== null) add(fault)
      // What was committed before is known to who gives the token: no bound applies.
      if (result.chain.handles.some(({ kind, handle }) => (frames.get(`${kind}:${handle}`) ?? index) < index))
        add('an access token was given after its chain was revoked')
      if (actor.kind !== 'agent' || actor.id !== lastOf(result.chain).agent.id)
        add('an access token was asked for by somebody else')
    }
  }
  return history.exchanges.length
}

function chainBefore(history: History, segment: string, index: number): string | null {
  const segments = history.chain(segment)
  if (segments === null || segments.some((one) => one.index >= index)) return null
  return segments.map((one) => one.segment.slice(0, -1)).join(SEGMENT_SEPARATOR) + '~'
}

function mismatch(body: Exchange, chain: VerifiedChain, at_ms: number): string | null {
  const last = lastOf(chain)
  if (body.delegation !== chain.root.jti || body.agent !== last.agent.id || body.jkt !== last.jkt)
    return 'an access token names another delegation, agent or key than its chain'
  if (body.exp > accessTokenEnd(chain, seconds(at_ms)))
    return 'an access token ends later than its chain, or lives too long'
  if (chain.consent !== undefined) return 'an access token was given for a chain on a consent'
  return [...last.grants.values()].some(isDebited)
    ? 'an access token was given for a grant that nobody debits'
    : null
}

/** The first frame for each handle, by the index of its entry. */
function framesByHandle(history: History): ReadonlyMap<string, number> {
  const frames = new Map<string, number>()
  for (const { index, frame } of history.frames) {
    const handle = `${frame.kind}:${frame.handle}`
    if (!frames.has(handle)) frames.set(handle, index)
  }
  return frames
}
