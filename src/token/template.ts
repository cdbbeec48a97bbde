/**
 * Templates: the most that a delegation to an agent of a class may be. spec/grants.md (TPL-1, TPL-3).
 * Sound as narrowing is: what cannot be shown to lie within does not, and the answer says which member it was.
 * Not checked here: that the people named are registered, and that the template is in force.
 * @module
 */
import { z } from 'zod'
import { canonicalize, type JsonValue } from '../core/json.ts'
import { GRANTS_MAX, HOPS_MAX, LIFE_MAX_S } from './constants.ts'
import { grantSchema, type Grant } from './grant.ts'
import { outsideOf, type Outside } from './within.ts'

/** The class whose template is for every class without one of its own. */
export const ANY_CLASS = '*'
/** People besides the principal who may stand behind one delegation (DLG-1). */
export const APPROVERS_MAX = 15

/** M of N people, by their `per_` identifiers. */
export const approversSchema = z
  .strictObject({
    m: z.int().min(1).max(APPROVERS_MAX),
    of: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(APPROVERS_MAX)
      .refine((people) => new Set(people).size === people.length, 'a person occurs twice'),
  })
  .refine(({ m, of }) => m <= of.length, 'more approvals than people')

const templateGrant = grantSchema.refine(
  (grant) => grant.from === undefined,
  'a grant of a template has no parent',
)

export const templateSchema = z.strictObject({
  class: z.string().min(1).max(64),
  ttl_s_max: z.int().positive().max(LIFE_MAX_S),
  depth_max: z.int().min(0).max(HOPS_MAX),
  /** Null: any grant. */
  grants: z.array(templateGrant).max(GRANTS_MAX).nullable(),
  /** Null: nobody besides the principal. */
  approvals: approversSchema.nullable(),
})

export type Approvers = z.infer<typeof approversSchema>
export type Template = z.infer<typeof templateSchema>

/** TPL-3, but for {@link undecidableGrant}. */
export function readTemplate(
  value: unknown,
): { readonly ok: true; readonly template: Template } | { readonly ok: false; readonly why: string } {
  const parsed = templateSchema.safeParse(value)
  if (parsed.success) return { ok: true, template: parsed.data }
  const where = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'template'}: ${message}`)
  return { ok: false, why: where.join('; ') }
}

/** The first grant of which not even itself can be shown to lie within, so that no delegation could be. TPL-3. */
export function undecidableGrant(template: Template): Outside | null {
  for (const [i, grant] of (template.grants ?? []).entries()) {
    const outside = outsideOf(grant, grant)
    if (outside !== null) return { member: `grants.${i}.${outside.member}`, why: outside.why }
  }
  return null
}

/** Of a root, what a template bounds. */
export interface Offered {
  /** Of the agent. */
  readonly class: string
  /** `exp - nbf`, seconds. */
  readonly ttl_s: number
  readonly depth_max: number
  readonly grants: readonly Grant[]
  /** The root's `quorum`, by people instead of handles. */
  readonly approvers: Approvers | null
}

/** @returns the first member that is not within the template, or null. TPL-1. */
export function outsideTemplate(root: Offered, template: Template): Outside | null {
  if (template.class !== ANY_CLASS && template.class !== root.class)
    return { member: 'class', why: `it is for agents of class ${template.class}` }
  if (root.ttl_s > template.ttl_s_max)
    return { member: 'ttl_s', why: `longer than ${template.ttl_s_max} seconds` }
  if (root.depth_max > template.depth_max)
    return { member: 'depth_max', why: `handed on more often than ${template.depth_max} times` }
  return grantsOutside(root.grants, template.grants) ?? approversOutside(root.approvers, template.approvals)
}

function grantsOutside(grants: readonly Grant[], bounds: readonly Grant[] | null): Outside | null {
  if (bounds === null) return null
  for (const [i, grant] of grants.entries()) {
    const outside = outsideAll(grant, bounds)
    if (outside !== null) return { member: `grants.${i}${outside.member}`, why: outside.why }
  }
  return null
}

/** Of several reasons, that of a bound for the same server and actions helps most. */
function nearness({ member }: Outside): number {
  if (member === 'server') return 0
  return member === 'actions' ? 1 : 2
}

function outsideAll(grant: Grant, bounds: readonly Grant[]): Outside | null {
  let nearest: Outside | null = null
  for (const bound of bounds) {
    const outside = outsideOf(grant, bound)
    if (outside === null) return null
    if (nearest === null || nearness(outside) > nearness(nearest)) nearest = outside
  }
  return nearest === null
    ? { member: '', why: 'the template has no grants' }
    : { member: `.${nearest.member}`, why: nearest.why }
}

function approversOutside(approvers: Approvers | null, wanted: Approvers | null): Outside | null {
  if (wanted === null) return null
  if ((approvers?.m ?? 0) < wanted.m)
    return { member: 'quorum.m', why: `fewer than ${wanted.m} approvals asked for` }
  return approvers?.of.every((person) => wanted.of.includes(person)) === true
    ? null
    : { member: 'quorum.of', why: 'somebody may approve whom the template does not name' }
}

/** A member that differs. Where one side has none of it (a grant, say), that side is absent. */
export interface TemplateChange {
  readonly member: string
  readonly was?: JsonValue
  readonly becomes?: JsonValue
}

/** What `next` changes of `was`: members as they stand, grants one by one unless any grant was or becomes allowed. */
export function templateChanges(was: Template, next: Template): TemplateChange[] {
  const members = (['class', 'ttl_s_max', 'depth_max', 'approvals'] as const).filter(
    (member) => canonicalize(was[member]) !== canonicalize(next[member]),
  )
  const changes = members.map((member) => ({ member, was: was[member], becomes: next[member] }))
  return [...changes, ...grantChanges(was.grants, next.grants)]
}

function grantChanges(was: readonly Grant[] | null, next: readonly Grant[] | null): TemplateChange[] {
  if (was === null || next === null) {
    return was === next ? [] : [{ member: 'grants', was, becomes: next }]
  }
  const has = (grants: readonly Grant[], grant: Grant): boolean =>
    grants.some((other) => canonicalize(other) === canonicalize(grant))
  return [
    ...was.filter((grant) => !has(next, grant)).map((grant) => ({ member: 'grants', was: grant })),
    ...next.filter((grant) => !has(was, grant)).map((grant) => ({ member: 'grants', becomes: grant })),
  ]
}
