/** Probes of the kill channel: each signed by a key then in force, rounds by people, answers by their points. spec/kill.md (KIL-30). @module */
import type { Crypto } from '../../core/crypto.ts'
import { publicJwk } from '../../core/jwk.ts'
import { answerHolds, probeHolds } from '../../revoke/kill-rules.ts'
import type { History } from '../history.ts'
import { FrameReigns } from './frame-keys.ts'
import type { Findings } from './report.ts'

type ProbeEntry = History['probes'][number]

/** @returns how many there are */
export function checkProbes(crypto: Crypto, history: History, findings: Findings): number {
  const frames = new FrameReigns(crypto, history)
  for (const each of history.probes) {
    const fault = signedFault(crypto, history, frames, each) ?? saidFault(crypto, history, each)
    if (fault === null) continue
    const message = `probe ${each.entry.body.statement.probe.id} does not hold: ${fault}`
    findings.add({ code: 'KILL_PROBE_INVALID', message, index: each.index })
  }
  return history.probes.length
}

function signedFault(
  crypto: Crypto,
  history: History,
  frames: FrameReigns,
  { index, entry }: ProbeEntry,
): string | null {
  const { statement } = entry.body
  if (statement.probe.iss !== history.created?.entry.body.origin) return 'it is of another control plane'
  const frame = frames.at(index)?.jwk
  const keys = frame === undefined ? null : { frame, breakGlass: breakGlassOf(history, index) }
  return keys !== null && probeHolds(crypto, keys, statement)
    ? null
    : 'it is not signed by the frame key or the break-glass key'
}

function saidFault(crypto: Crypto, history: History, { index, entry }: ProbeEntry): string | null {
  const enrolled = (id: string) => {
    const point = history.points.get(id)
    return point === undefined || point.index >= index ? null : point.entry.body
  }
  if (entry.type === 'kill.probed') {
    if (entry.actor.kind !== 'person') return 'nobody says that it was sent'
    return entry.body.points.every((id) => enrolled(id) !== null)
      ? null
      : 'a point that it asks is not enrolled'
  }
  const { statement, answer } = entry.body
  const point = enrolled(answer.ack.point)
  if (point === null || entry.actor.id !== answer.ack.point) return 'its answer is of another point'
  return answerHolds(crypto, publicJwk(point.jwk), statement, answer)
    ? null
    : 'its answer is not signed by the point, or to another probe'
}

/** Put in force before that entry. */
export function breakGlassOf({ kills }: Pick<History, 'kills'>, index: number) {
  for (const { index: at, entry } of kills)
    if (entry.type === 'break_glass.created' && at < index) return publicJwk(entry.body.jwk)
  return null
}
