/** A delegation for one data subject alone is over with their consent. spec/consent.md (CNS-40), REV-3. */
import { expect, test } from 'vitest'
import { ISS, RP, SettableClock, World } from '../../../test/fixtures/tokens.ts'
import { handleFor } from '../../core/consent.ts'
import { DPV } from '../../core/dpv.ts'
import { newId } from '../../core/ids.ts'
import { signFrame, type Frame } from '../../revoke/frame.ts'
import { RevocationState } from '../../revoke/state.ts'
import { draftRoot, sealRoot } from '../../token/issue.ts'
import { keptOf } from '../kept-chain.ts'

const w = new World()
const clock = new SettableClock()
const frames = w.signer('frames')

/** A root that rests on a consent, by its handle, handed on twice. */
function chainOn(rev: string): string {
  const draft = draftRoot(w.crypto, w.issuer, w.rootInput({ consent: rev, depth_max: 8 }))
  const root = sealRoot(w.crypto, w.issuer, RP, draft, [w.gesture(draft.challenge)])
  const hop = w.hop(root, 'agent-1', 'agent-2', { depth_max: 8 })
  return w.hop(hop, 'agent-2', 'agent-3', { depth_max: 8 })
}

function handlesOf(chain: string) {
  const result = w.verify(chain)
  if (!result.ok) throw new Error(result.reason)
  expect(result.chain.iss).toBe(ISS)
  expect(result.chain.handles).toContainEqual({ kind: 'consent', handle: keptOf(result.chain).consent })
  return result.chain.handles
}

test('every hop from it is revoked by the frame of the withdrawal, and no other delegation', () => {
  const [own, other] = [newId(w.crypto, 'rev', clock.now()), newId(w.crypto, 'rev', clock.now())]
  const [mine, theirs] = [handlesOf(chainOn(own)), handlesOf(chainOn(other))]
  const state = new RevocationState({ crypto: w.crypto, frameKey: frames.publicJwk, clock })
  const frame: Frame = {
    epoch: 1,
    seq: 1,
    prev: '',
    kind: 'consent',
    handle: handleFor(w.crypto, own, `${DPV}Marketing`),
    reason: 'withdrawn',
    t: clock.now(),
  }
  // Of one purpose alone: the delegation is for others as well.
  expect(state.applyFrame(signFrame(frames, frame))).toBe('applied')
  expect(state.isAnyRevoked(mine)).toBe(false)
  const whole = new RevocationState({ crypto: w.crypto, frameKey: frames.publicJwk, clock })
  expect(whole.applyFrame(signFrame(frames, { ...frame, handle: own }))).toBe('applied')
  expect([whole.isAnyRevoked(mine), whole.isAnyRevoked(theirs)]).toEqual([true, false])
})
