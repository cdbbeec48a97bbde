/** Bodies of the entries about erasure, holds and what was handed out. spec/erasure.md, spec/log.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)
const count = z.int().nonnegative()

/** Why something was done, in a word: entries hold no free text about people (ERA-12). */
export const REASON_CODE = /^[a-z][a-z0-9_-]{0,63}$/

/** Why a subject may be erased (ERA-5): closed, because it stays in the log. */
export const ERASURE_BASES = [
  'request',
  'consent_withdrawn',
  'objection',
  'unlawful',
  'retention',
  'legal_duty',
] as const

/** Who asked for an erasure, by gesture (ERA-5). */
const asked = {
  act: z.strictObject({
    act: z.literal('subject.erase'),
    subject: id,
    basis: z.enum(ERASURE_BASES),
    approver: id,
  }),
  gesture: gestureSchema,
  acted_alone: z.boolean(),
}

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

/** Who had a range pruned, and exactly what of it (RET-1). */
const pruneAct = z.strictObject({
  act: z.literal('log.prune'),
  /** Indices of entries, from the first of a bundle to the end of another. */
  from: count,
  to: z.int().positive(),
  /** Every entry of the range is older. */
  before: z.iso.datetime(),
  /** SHA-256 of the map of what goes (RET-5). */
  map: digest,
  /** Whether the person decided that it goes although no pack that was handed out has it. */
  unreported: z.boolean(),
  approver: id,
})

export const erasureBodies = {
  /** Appended and published before anything of the range is removed. */
  'log.pruned': z.strictObject({
    act: pruneAct,
    gesture: gestureSchema,
    /** A published tree that has the whole range: the hashes that stay prove it. */
    checkpoint: z.strictObject({ size: z.int().positive(), root: digest }),
    pruned_n: count,
    kept_n: count,
    /** Entries of the packs that have what goes. */
    packs: z.array(count).max(256).readonly(),
  }),
  /** The tombstone (ERA-6): with the gesture, or for what a hold had deferred the entry that has it (ERA-9). */
  'subject.erased': z.union([
    z.strictObject({ ...asked, fields_n: count, packs_n: count }),
    z.strictObject({ deferred: count, fields_n: count, packs_n: count }),
  ]),
  'erasure.deferred': z.strictObject({ ...asked, holds: z.array(id).min(1).max(64).readonly() }),
  /** Of one subject, or of `*`. The reason is committed to. */
  'hold.placed': z.strictObject({ target: id }),
  'hold.lifted': z.strictObject({
    act: z.strictObject({ act: z.literal('hold.lift'), hold: id, approver: id }),
    gesture: gestureSchema,
  }),
  /** Personal data was shown to somebody (ERA-11). */
  'field.opened': z.strictObject({ entry: count, field: z.string().min(1).max(64) }),
  /** Somebody's words about an earlier entry, committed to (ERA-12). */
  'note.added': z.strictObject({ entry: count }),
  /** A pack was made, to be handed out (ERA-8). Half-open; `size` of the tree; hex SHA-256 of the manifest. */
  'evidence.built': z.strictObject({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    size: z.int().positive(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
} as const
