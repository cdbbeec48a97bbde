/**
 * Roots for one data subject alone, recomputed from the log: each was issued while the consent that it names lived.
 * spec/consent.md (CNS-40). That calls under it touched nobody else is checked by bases.ts, that they ended with it by
 * revocations.ts.
 * @module
 */
import { handleFor } from '../../core/consent.ts'
import type { Crypto } from '../../core/crypto.ts'
import { purposeCovers, purposesAbove } from '../../core/dpv.ts'
import type { History } from '../history.ts'
import { bookOf, consentsByRev, type GivenConsent } from './consents.ts'
import type { Findings } from './report.ts'
import type { IssuedRoot } from './templates.ts'

export function checkConsentChains(
  crypto: Crypto,
  history: History,
  roots: readonly IssuedRoot[],
  findings: Findings,
): void {
  const on = roots.filter(({ chain }) => chain.consent !== undefined)
  if (on.length === 0) return
  findings.check('delegations for one data subject alone were issued while their consent lived', () => {
    const consents = consentsByRev(bookOf(history))
    const frames = consentFrames(history)
    for (const { index, chain } of on) {
      const { consent = '', root } = chain
      const given = consents.get(consent)
      const isEnded = (handle: string): boolean => (frames.get(handle) ?? index) < index
      const fault = faultOf(crypto, { index, chain }, given, isEnded)
      if (fault === null) continue
      findings.add({ code: 'CONSENT_INVALID', message: `the root ${root.jti} rests on ${fault}`, index })
    }
    return on.length
  })
}

function faultOf(
  crypto: Crypto,
  { index, chain }: Pick<IssuedRoot, 'index' | 'chain'>,
  given: GivenConsent | undefined,
  isEnded: (handle: string) => boolean,
): string | null {
  if (given === undefined || given.index > index) return 'a consent that was not given before'
  const { record } = given
  if (isEnded(record.rev)) return 'a consent that was withdrawn before'
  if (chain.root.exp > record.expires) return 'a consent that ends before it'
  const purposes = [...chain.delegations[0].grants.values()].flatMap((grant) => grant.purposes ?? [])
  const isGiven = (purpose: string): boolean =>
    record.purposes.some((broad) => purposeCovers(broad, purpose)) &&
    !purposesAbove(purpose).some((broad) => isEnded(handleFor(crypto, record.rev, broad)))
  return purposes.every(isGiven) ? null : 'a consent for other purposes'
}

/** The entry of the frame of each handle of kind `consent`. */
function consentFrames(history: History): ReadonlyMap<string, number> {
  const frames = new Map<string, number>()
  for (const { index, frame } of history.frames)
    if (frame.kind === 'consent' && !frames.has(frame.handle)) frames.set(frame.handle, index)
  return frames
}
