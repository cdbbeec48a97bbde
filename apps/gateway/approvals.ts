/** Composes what asks people, from an enrolment file. spec/approvals.md. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { ApprovalDesk, type ApprovalDeskOptions } from '../../src/enforce/approvals.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { ApprovalExchange } from '../../src/ports/control-plane.ts'
import type { KillState } from '../../src/revoke/kill.ts'
import type { RevocationState } from '../../src/revoke/state.ts'

export interface ApprovalParts {
  /** What it needs of an enrolment file. */
  readonly file: {
    readonly point: string
    readonly trust: {
      readonly iss: string
      readonly rp_id: string
      readonly origins: readonly string[]
      readonly separation?: 'independent' | 'after'
    }
  }
  readonly control: ApprovalExchange
  readonly revocations: Pick<RevocationState, 'isRevoked'>
  /** Knows the frame key in force. */
  readonly kills: Pick<KillState, 'frameKey'>
  readonly clock: Clock
  readonly onFault: (error: unknown) => void
  readonly register?: ApprovalDeskOptions['register']
}

export function approvalDesk(
  { file, control, revocations, kills, clock, onFault, register }: ApprovalParts,
  ttl_ms: number | undefined,
): ApprovalDesk {
  const { iss, rp_id, origins, separation } = file.trust
  const rp = { rp_id, origins }
  return new ApprovalDesk({
    crypto: nodeCrypto,
    clock,
    point: file.point,
    control,
    trust: () => ({ iss, rp, frameKey: kills.frameKey.jwk, alone: separation === 'after' }),
    isRevoked: (handle) => revocations.isRevoked(handle),
    onFault,
    ...(register === undefined ? {} : { register }),
    ...(ttl_ms === undefined ? {} : { ttl_ms }),
  })
}
