/** Bodies of the entries about probes of the kill switch. spec/entries.md, spec/kill.md (KIL-28, KIL-29). @module */
import { z } from 'zod'
import { signedAckSchema, signedProbeSchema } from '../revoke/statement.ts'

/** Points of one entry: a larger fleet is asked in several. */
export const PROBED_MAX = 512

export const probeBodies = {
  'kill.probed': z.strictObject({
    statement: signedProbeSchema,
    /** Of which an answer is wanted. */
    points: z.array(z.string().max(64)).min(1).max(PROBED_MAX),
  }),
  'kill.probe_answered': z.strictObject({ statement: signedProbeSchema, answer: signedAckSchema }),
} as const
