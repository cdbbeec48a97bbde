/** Faults of evidence packs that stop building or reading one. @module */
import { CountersignError } from '../core/errors.ts'

export type PackErrorCode =
  | 'CONTROLS_INVALID'
  | 'PACK_ARCHIVE_INVALID'
  | 'PACK_DESCRIPTION_INVALID'
  | 'PACK_EARLIER_INVALID'
  | 'PACK_FILE_MISSING'
  | 'PACK_LOG_EMPTY'
  | 'PACK_MANIFEST_INVALID'
  | 'PACK_NEWER'
  | 'PACK_PERIOD_INVALID'
  | 'PACK_PERIOD_PRUNED'
  | 'PACK_TOO_LARGE'

export class PackError extends CountersignError<PackErrorCode> {}
