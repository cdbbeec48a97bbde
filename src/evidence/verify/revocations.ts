/**
 * Revocations: frames that hold and follow each other, and no allow after any of them plus the bound.
 * spec/revocation.md, REV-8 and REV-9. Invariant 4.
 * @module
 */
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { frameHash, verifyFrame, type Frame } from '../../revoke/frame.ts'
import { boundOf } from '../../token/lineage.ts'
import type { History } from '../history.ts'
import type { ProvenAllow } from './chains.ts'
import { FrameReigns } from './frame-keys.ts'
import { isForeign, RootIssuers } from './issuers.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

export function checkFrames(crypto: Crypto, history: History, findings: Findings): number {
  const keys = new FrameReigns(crypto, history)
  let previous: { seq: number; hash: string } = { seq: 0, hash: '' }
  const handles = new Set<string>()
  for (const { index, entry } of history.revocations) {
    const { frame, sig } = entry.body
    const follows = frame.seq === previous.seq + 1 && frame.prev === previous.hash
    // REV-9: acknowledged means committed, so a frame cannot be from another time than its entry. One frame a handle.
    const own = frame.t === Date.parse(entry.time) && !handles.has(`${frame.kind}:${frame.handle}`)
    handles.add(`${frame.kind}:${frame.handle}`)
    const signs = (jwk: PublicJwk): boolean => verifyFrame(crypto, jwk, { frame, sig })
    const key = keys.at(index)
    const signed = key !== null && key.epoch === frame.epoch && signs(key.jwk)
    if (!follows || !own || !signed) {
      const replaced = keys.replacedBy(index, signs)
      const message =
        replaced === null
          ? `frame ${frame.seq} does not hold or does not follow`
          : `frame ${frame.seq} is signed by a frame key that entry ${replaced.index} replaced`
      findings.add({ code: 'FRAME_INVALID', message, index })
    }
    previous = { seq: frame.seq, hash: frameHash(crypto, frame) }
  }
  return history.revocations.length
}

/** A point knows of no frame that the log did not hold before: else a revocation was taken out of the log. */
export function checkKnownFrames(crypto: Crypto, history: History, findings: Findings): number {
  let checked = 0
  const keys = new FrameReigns(crypto, history)
  const issuers = new RootIssuers(history)
  const own = history.created?.entry.body.origin
  for (const { index, receipt } of history.receipts()) {
    if (receipt.kind !== 'decision' || receipt.freshness === null) continue
    // What was known of another issuer's frames is numbered in its stream (KEY-8).
    if ((receipt.chain === null ? own : (issuers.of(receipt.chain) ?? own)) !== own) continue
    const { epoch, head, t } = receipt.freshness
    checked++
    const ended = keys.endOf(epoch)
    // Whoever signs a heartbeat reads the key after its time (REV-4), so none of an old key has a time past its end.
    if (ended !== null && t > ended.from_ms && receipt.decision === 'allow') {
      const message = `allowed by a heartbeat of a frame key that entry ${ended.index} had replaced by then`
      findings.add({ code: 'ALLOW_WHILE_STALE', message, index })
    }
    const frame = history.revocations[head - 1]
    const isThere = head === 0 || (frame !== undefined && frame.index < index)
    // Numbers go on through epochs: a point may be in a later one than its last frame, and in none that is to come.
    const known = head === 0 ? epoch : (frame?.entry.body.frame.epoch ?? 0)
    if (isThere && known <= epoch && epoch <= (keys.at(index)?.epoch ?? 0)) continue
    const message = `the point knew of frame ${head}, which the log does not hold before`
    findings.add({ code: 'FRAME_MISSING', message, index })
  }
  return checked
}

/** By frame number and by time: either shows an allow that should not have been. */
export function checkBound(
  history: History,
  allows: readonly ProvenAllow[],
  point_ms: number,
  findings: Findings,
): number {
  const revoked = new Map<string, { readonly index: number; readonly frame: Frame }>()
  for (const each of history.frames) {
    const key = `${each.frame.kind}:${each.frame.handle}`
    if (!revoked.has(key)) revoked.set(key, each)
  }
  for (const { index, receipt, chain } of allows) {
    const { freshness } = receipt
    const bound_ms = boundOf(lineageIn(chain, receipt.grant) ?? [], point_ms)
    if (freshness === null || freshness.age_ms > bound_ms) {
      findings.add({
        code: 'ALLOW_WHILE_STALE',
        message: 'allowed with a revocation state past the bound',
        index,
      })
      continue
    }
    if (isForeign(history, chain)) continue // its frames are in another log, and ours revoke nothing of it
    for (const { kind, handle } of chain.handles) {
      const known = revoked.get(`${kind}:${handle}`)
      if (known === undefined) continue
      const { frame } = known
      const knew = freshness.head >= frame.seq
      const decided_ms = freshness.t + freshness.age_ms
      if (knew || decided_ms > frame.t + bound_ms) {
        const late_ms = Math.round(decided_ms - frame.t)
        findings.add({
          code: 'ALLOW_AFTER_REVOCATION',
          message: `allowed ${late_ms} ms after ${kind} was revoked by frame ${frame.seq} (bound ${bound_ms} ms)`,
          index,
          others: [known.index],
        })
      }
    }
  }
  return allows.length
}
