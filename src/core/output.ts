/**
 * Outputs that leave: in which forms they are digested, in which roles a human stands behind one, and what an
 * organisation asks for each kind. spec/attestation.md (ATT-3, ATT-9, ATT-18).
 * @module
 */
import { z } from 'zod'

/** Highest first. */
export const ROLES = ['authored', 'supervised', 'directed'] as const
export type Role = (typeof ROLES)[number]

export const FORMS = ['file', 'stream', 'text', 'json', 'git', 'mail'] as const
export type Form = (typeof FORMS)[number]

/** Whether `role` is at least `minimum`. */
export function isAtLeast(role: Role, minimum: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(minimum)
}

/** Kinds of one policy, tools of one kind, reviewers of one kind. */
const KINDS_MAX = 32
const TOOLS_MAX = 32
const REVIEWERS_MAX = 64

/** ATT-10: per mille. */
export const HUMAN_SHARE = 500
/** ATT-23: of what a person reads at 1,500 characters a minute, a quarter. */
export const VIEW_MS_PER_1000 = 10_000

const id = z.string().min(1).max(64)
const name = z.string().min(1).max(128)

/** ATT-18. What outputs of a kind are called: one word, so that an instruction can name it. */
export const kindName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/)

const kindSchema = z.strictObject({
  kind: kindName,
  /** A call of one of these releases an output of this kind. */
  tools: z.array(z.strictObject({ server: name, tool: name })).max(TOOLS_MAX),
  minimum: z.enum(ROLES),
  /** `gate`: held until attested. `cover`: let go and counted. */
  release: z.enum(['gate', 'cover']),
  human_share: z.int().min(1).max(1000).exactOptional(),
  view_ms_per_1000: z.int().nonnegative().exactOptional(),
  /** Who may review: authorized by standing here, trained until then. */
  reviewers: z.array(z.strictObject({ person: id, trained_until: z.iso.datetime() })).max(REVIEWERS_MAX),
  /** The person who answers for outputs that leave without an attestation. */
  owner: id,
})
export type OutputKind = z.infer<typeof kindSchema>

export const outputPolicySchema = z.strictObject({
  v: z.literal(1),
  /** `independent`: who set the task does not review. `after`: may, and the attestation says so. */
  separation: z.enum(['independent', 'after']),
  kinds: z
    .array(kindSchema)
    .min(1)
    .max(KINDS_MAX)
    .refine((all) => new Set(all.map(({ kind }) => kind)).size === all.length, 'a kind occurs twice'),
})
export type OutputPolicy = z.infer<typeof outputPolicySchema>
