/** How fresh a point's knowledge of revocations was, as its receipts say it. spec/enforcement.md. @module */
import { z } from 'zod'

export const freshnessSchema = z.strictObject({
  /** Epoch and last contiguous frame of the revocation stream, and the heartbeat's time and age. */
  epoch: z.int().positive(),
  head: z.int().nonnegative(),
  t: z.int().nonnegative(),
  age_ms: z.number().nonnegative(),
})
