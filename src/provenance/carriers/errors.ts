/** Faults of carriers: what cannot be read, or does not fit. spec/carriers.md (CAR-3). @module */
import { CountersignError } from '../../core/errors.ts'

export type CarrierErrorCode =
  /** What a carrier holds is no attestation: its form is broken. */
  | 'CARRIER_MALFORMED'
  /** The attestation does not fit what is to carry it. */
  | 'CARRIER_TOO_LARGE'

export class CarrierError extends CountersignError<CarrierErrorCode> {}
