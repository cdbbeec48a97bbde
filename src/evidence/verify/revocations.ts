/**
 * Revocations: frames that hold and follow each other, and no allow after any of them plus the bound.
 * spec/revocation.md, REV-8 and REV-9. Invariant 4.
 * @module
 */
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { frameHash, verifyFrame, type Frame } from '../../revoke/frame.ts'
import { boundOf } from '../../token/lineage.ts'
import type { History } from '../history.ts'
import type { ProvenAllows } from './allows.ts'
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
  const { table } = history
  for (let row = 0; row < table.size; row++) {
    const epoch = table.decided.epoch(row)
    const shape = epoch === 0 ? undefined : table.shape(row)
    if (shape?.kind !== 'decision') continue
    // What was known of another issuer's frames is numbered in its stream (KEY-8).
    if ((shape.chain === null ? own : (issuers.of(shape.chain) ?? own)) !== own) continue
    const [index, head, t] = [table.index(row), table.decided.head(row), table.decided.t(row)]
    checked++
    const ended = keys.endOf(epoch)
    // Whoever signs a heartbeat reads the key after its time (REV-4), so none of an old key has a time past its end.
    if (ended !== null && t > ended.from_ms && shape.decision === 'allow') {
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

/** What no allow is of. */
const NEVER = { bound_ms: 0, revoked: [] }

/** By frame number and by time: either shows an allow that should not have been. */
export function checkBound(
  history: History,
  allows: ProvenAllows,
  point_ms: number,
  findings: Findings,
): number {
  const revoked = new Map<string, { readonly index: number; readonly frame: Frame }>()
  for (const each of history.frames) {
    const key = `${each.frame.kind}:${each.frame.handle}`
    if (!revoked.has(key)) revoked.set(key, each)
  }
  const { table } = history
  const kinds = allows.kinds.map(({ chain, receipt }) => ({
    bound_ms: boundOf(lineageIn(chain, receipt.grant) ?? [], point_ms),
    // Of another issuer frames are in another log, and ours revoke nothing of it.
    revoked: isForeign(history, chain)
      ? []
      : chain.handles.flatMap(({ kind, handle }) => {
          const known = revoked.get(`${kind}:${handle}`)
          return known === undefined ? [] : [{ ...known, kind }]
        }),
  }))
  for (const [row, number] of allows.numbered()) {
    const { bound_ms, revoked: its } = kinds[number] ?? NEVER
    if (table.decided.epoch(row) === 0 || table.decided.age_ms(row) > bound_ms) {
      const message = 'allowed with a revocation state past the bound'
      findings.add({ code: 'ALLOW_WHILE_STALE', message, index: table.index(row) })
      continue
    }
    for (const known of its) {
      const { frame, kind } = known
      const index = table.index(row)
      const knew = table.decided.head(row) >= frame.seq
      const decided_ms = table.decided.t(row) + table.decided.age_ms(row)
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
