/** Why a gateway does not start, or takes no new settings. @module */
import { CountersignError } from '../../src/core/errors.ts'

export type GatewayErrorCode =
  | 'CONFIG_INVALID'
  | 'CONTROL_PLANE_AWAY'
  | 'DELEGATION_UNUSABLE'
  | 'HOSTING_INVALID'
  | 'LISTEN_FAILED'
  | 'POINT_FILE_INVALID'
  | 'SERVER_UNKNOWN'

export class GatewayError extends CountersignError<GatewayErrorCode> {}
