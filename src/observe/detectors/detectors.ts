/** Every detector there is. Add one here, and it is fed, kept and tried every day. spec/detectors.md. @module */
import { approvalRefused } from './approval-refused.ts'
import type { DetectorKind } from './detector.ts'
import { killDisobeyed } from './kill-disobeyed.ts'
import { labelViolation } from './label-violation.ts'
import { limitPressure } from './limit-pressure.ts'
import { lateReceipt } from './late-receipt.ts'
import { revokedTrying } from './revoked-trying.ts'
import { scopeBurst } from './scope-burst.ts'
import { scopeViolation } from './scope-violation.ts'
import { sequenceGap } from './sequence-gap.ts'
import { stalePoint } from './stale-point.ts'
import { toolChanged } from './tool-changed.ts'
import { unregisteredAgent } from './unregistered-agent.ts'
import { unusedDelegation } from './unused-delegation.ts'
import { unusualHours } from './unusual-hours.ts'
import { witnessConflict } from './witness-conflict.ts'

export const DETECTORS: readonly DetectorKind[] = [
  scopeViolation,
  scopeBurst,
  unregisteredAgent,
  unusedDelegation,
  unusualHours,
  limitPressure,
  labelViolation,
  sequenceGap,
  lateReceipt,
  stalePoint,
  witnessConflict,
  revokedTrying,
  toolChanged,
  approvalRefused,
  killDisobeyed,
]
