/**
 * Grants: the schema, and when a rule accepts an argument. spec/delegation.md, Grants (GRT-1 to GRT-4).
 * @module
 */
import { z } from 'zod'
import { canonicalize, type JsonObject, type JsonValue } from '../core/json.ts'
import { LIMITS_MAX } from './constants.ts'
import { globMatches, isGlob } from './glob.ts'

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const toolName = z.string().min(1).max(128)
/** Names that SD-JWT reserves; a constraint on them could be mistaken for a digest. */
const argument = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => name !== '_sd' && name !== '...' && name !== '__proto__', 'reserved name')

export const ruleSchema = z
  .strictObject({
    in: z
      .array(z.union([z.string().max(1024), z.number(), z.boolean()]))
      .min(1)
      .max(256)
      .exactOptional(),
    glob: z.string().max(1024).refine(isGlob, 'not a glob we match').exactOptional(),
    min: z.number().exactOptional(),
    max: z.number().exactOptional(),
  })
  .refine((rule) => Object.keys(rule).length > 0, 'a rule needs a member')

export const limitSchema = z.strictObject({
  measure: z.string().min(1).max(64),
  unit: z.string().min(1).max(32),
  max: z.int().nonnegative(),
  per: z.enum(['call', 'hour', 'day', 'delegation']),
})

export const grantSchema = z.strictObject({
  type: z.literal('tool'),
  /** Digest of the parent's grant: in every grant of a hop, in none of a root. */
  from: digest.exactOptional(),
  server: z.string().min(1).max(128),
  actions: z
    .array(toolName)
    .min(1)
    .max(128)
    .refine((names) => new Set(names).size === names.length, 'an action occurs twice')
    .refine((names) => !names.includes('*') || names.length === 1, '"*" stands alone'),
  constraints: z.record(argument, ruleSchema).exactOptional(),
  limits: z
    .array(limitSchema)
    .max(LIMITS_MAX)
    .refine((limits) => new Set(limits.map(limitName)).size === limits.length, 'a limit occurs twice')
    .exactOptional(),
})

export type Rule = z.infer<typeof ruleSchema>
export type Limit = z.infer<typeof limitSchema>
export type Grant = z.infer<typeof grantSchema>

/** What makes two limits the same limit with another maximum. */
export function limitName(limit: Pick<Limit, 'measure' | 'unit' | 'per'>): string {
  return canonicalize([limit.measure, limit.unit, limit.per])
}

/** Whether the grant names the tool. GRT-1, without the arguments. */
export function grantNames(grant: Grant, server: string, tool: string): boolean {
  return grant.server === server && (grant.actions[0] === '*' || grant.actions.includes(tool))
}

/** Whether every constraint is met. GRT-2: a constrained argument is present, and each element of a list complies. */
export function constraintsMet(grant: Grant, args: JsonObject): boolean {
  return Object.entries(grant.constraints ?? {}).every(([name, rule]) => {
    const value = Object.hasOwn(args, name) ? args[name] : undefined
    if (value === undefined) return false
    if (!Array.isArray(value)) return ruleAccepts(rule, value)
    return value.length > 0 && value.every((item: JsonValue) => ruleAccepts(rule, item))
  })
}

/** Whether one value meets a rule: all members of the rule at once. */
export function ruleAccepts(rule: Rule, value: JsonValue): boolean {
  if (rule.in !== undefined && !rule.in.some((allowed) => allowed === value)) return false
  if (rule.glob !== undefined && !(typeof value === 'string' && globMatches(rule.glob, value))) return false
  if (rule.min !== undefined && !(typeof value === 'number' && value >= rule.min)) return false
  return rule.max === undefined || (typeof value === 'number' && value <= rule.max)
}
