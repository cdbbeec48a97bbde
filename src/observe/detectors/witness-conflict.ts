/**
 * A witness that saw another log. It is heard while a checkpoint is cosigned and not read from the log: what makes the
 * finding of it stands here, for the control plane and for the canary alike. spec/detectors.md (DET-14).
 * @module
 */
import { ALERT_KEY_CHARS_MAX } from '../../log/alert-bodies.ts'
import type { WitnessTrouble } from '../../log/cosigner.ts'
import type { Finding } from '../fold.ts'
import { CANARY, type DetectorKind } from './detector.ts'

const rule = 'WITNESS_CONFLICT'
const MESSAGE_CHARS_MAX = 256

/** @returns null: the witness is only away */
export function witnessFinding({ witness, kind, message }: WitnessTrouble, now_ms: number): Finding | null {
  if (kind !== 'ahead' && kind !== 'fork') return null
  const detail = { witness, kind, message: message.slice(0, MESSAGE_CHARS_MAX) }
  const key = `witness/${witness}/${kind}/${now_ms}`.slice(0, ALERT_KEY_CHARS_MAX)
  return { rule, key, subject: null, detail, entries: [] }
}

export const witnessConflict: DetectorKind = {
  rule,
  make: () => ({ take: () => undefined, state: () => null }),
  canary: () => [],
  findAside: (now_ms) => witnessFinding({ witness: CANARY, kind: 'fork', message: CANARY }, now_ms),
}
