/** What a poll answers with, for where streams do not pass. spec/revocation.md (REV-15). @module */
import { z } from 'zod'
import { signedFrameSchema, signedHeartbeatSchema, signedTimeSchema } from './frame.ts'
import { signedSnapshotSchema } from './snapshot.ts'

/** Frames of one answer: the next poll has more, and is made at once. */
export const POLL_FRAMES_MAX = 1_000

export const pollAnswerSchema = z.strictObject({
  /** When a nonce was sent. */
  time: signedTimeSchema.exactOptional(),
  /** When the frames asked for are no longer served one by one (REV-14). */
  snapshot: signedSnapshotSchema.exactOptional(),
  /** After the number asked for, or after the snapshot. */
  frames: z.array(signedFrameSchema).max(POLL_FRAMES_MAX),
  /** Null while the control plane cannot tell. */
  heartbeat: signedHeartbeatSchema.nullable(),
})

export type PollAnswer = z.infer<typeof pollAnswerSchema>
