/** What the log says of an anchor: the body of `log.anchored` and a line of `anchor/index`. spec/witness.md, ANC-3. @module */
import { z } from 'zod'
import { TIME_S_MAX } from '../core/time.ts'

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

const anchored = {
  kind: z.enum(['cosignature', 'timestamp', 'mail']),
  /** A name that was chosen to stand in the log: never an address. */
  by: z.string().max(256),
  size: z.int().nonnegative(),
  /** When the tree existed, as the token says; for a mail, when the server took it. Seconds since 1970. */
  at: z.int().nonnegative().max(TIME_S_MAX),
  /** Of the token, which holds a signature: nobody guesses it. */
  sha256: digest,
}

export const anchoredSchema = z.strictObject({ ...anchored, root: digest })
/** Nobody signs the index: a time in it is one that can be written, up to the year 9999. */
export const indexLineSchema = z.strictObject({ ...anchored, at: anchored.at.max(253_402_300_799) })
export type AnchoredBody = z.infer<typeof anchoredSchema>
export type IndexLine = z.infer<typeof indexLineSchema>

/** One token may have several lines: a checkpoint that was mailed to two addresses. */
export function keyOf({ kind, by, size, at, sha256 }: IndexLine): string {
  return JSON.stringify([kind, by, size, at, sha256])
}
