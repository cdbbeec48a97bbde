/** Bodies of the entries about an auditor's preview. spec/entries.md, spec/preview.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { jwkSchema } from '../core/jwk.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
const index = z.int().nonnegative()
const criterion = z.string().regex(/^(CC|A|C|PI|P)[1-9]\.[1-9]$/)

/** Criteria of one preview: there are 61. */
export const PREVIEW_CRITERIA_MAX = 64
/** Longest identifier of what an auditor looks at, in characters. */
export const LOOKED_ID_MAX = 256

const LOOK_KINDS = [
  'overview',
  'test',
  'population',
  'download',
  'action',
  'entry',
  'requests',
  'comments',
] as const

export const ABOUT_KINDS = ['criterion', 'test', 'population', 'action', 'entry'] as const

const lookedId = z.string().min(1).max(LOOKED_ID_MAX)

/** What a request is about. */
export const aboutSchema = z.strictObject({ kind: z.enum(ABOUT_KINDS), id: lookedId })
export type About = z.infer<typeof aboutSchema>
/** What a comment is about. */
export const commentedSchema = z.strictObject({ kind: z.enum([...ABOUT_KINDS, 'request']), id: lookedId })
export type Commented = z.infer<typeof commentedSchema>

const scope = {
  period: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
  criteria: z.array(criterion).min(1).max(PREVIEW_CRITERIA_MAX),
  expires: z.iso.datetime(),
}
export const previewScopeSchema = z.strictObject(scope)
export type PreviewScope = z.infer<typeof previewScopeSchema>

/** PRV-4. */
export const holderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('key'), jwk: jwkSchema }),
  z.strictObject({
    kind: z.literal('passkey'),
    jwk: jwkSchema,
    amr: z.array(z.string().max(16)).min(1).max(8),
  }),
])
export type Holder = z.infer<typeof holderSchema>

export const OUTCOMES_OF_REQUESTS = ['provided', 'declined'] as const

export const previewBodies = {
  /** Commits to `auditor` and `firm`. */
  'preview.proposed': previewScopeSchema,
  'preview.granted': z.strictObject({
    act: z.strictObject({
      act: z.literal('preview.grant'),
      preview: id,
      /** Index of the `preview.proposed` entry, and what it says. */
      proposal: index,
      ...scope,
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'preview.invited': z.strictObject({}),
  'preview.enrolled': z.strictObject({ holder: holderSchema }),
  'preview.revoked': z.strictObject({ reason: z.string().regex(REASON_CODE) }),
  /** `size`: of the tree that the answer is made from. */
  'preview.looked': z.strictObject({ kind: z.enum(LOOK_KINDS), id: lookedId.nullable(), size: index }),
  /** Commits to `text`. */
  'preview.commented': z.strictObject({ about: commentedSchema }),
  'preview.exported': z.strictObject({
    size: index,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    entries_n: index,
  }),
  /** Commits to `text`. */
  'evidence_request.opened': z.strictObject({ request: id, about: aboutSchema.nullable() }),
  /** Commits to `answer`. */
  'evidence_request.answered': z.strictObject({ request: id, outcome: z.enum(OUTCOMES_OF_REQUESTS) }),
}
