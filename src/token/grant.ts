/**
 * Grants: the schema, and when one allows what a call does. spec/grants.md (GRT-1 to GRT-10).
 * @module
 */
import { z } from 'zod'
import { isAmbiguous } from '../core/fold.ts'
import { guardOf } from '../core/guard.ts'
import { canonicalize, type JsonObject, type JsonValue } from '../core/json.ts'
import { isAbove, LEVELS, type DataLabel } from '../core/label.ts'
import { PER } from '../core/period.ts'
import { LIMITS_MAX } from './constants.ts'
import { TokenError } from './errors.ts'
import { globMatches, isGlob, isResourceGlob, resourceMatches } from './glob.ts'
import { isMethodAction } from './method-action.ts'
import { isPattern, patternMatches } from './pattern.ts'

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const toolName = z.string().min(1).max(128)
/** Names that SD-JWT reserves; a constraint on them could be mistaken for a digest. */
const argument = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => name !== '_sd' && name !== '...' && name !== '__proto__', 'reserved name')

const distinct = (values: readonly unknown[]): boolean =>
  values.length < 2 || new Set(values).size === values.length

export const ruleSchema = z
  .strictObject({
    in: z
      .array(z.union([z.string().max(1024), z.number(), z.boolean()]))
      .min(1)
      .max(256)
      .refine(distinct, 'a value occurs twice')
      .exactOptional(),
    glob: z.string().max(1024).refine(isGlob, 'not a glob that can be matched (GRT-3)').exactOptional(),
    pattern: z
      .string()
      .max(512)
      .refine(isPattern, 'not a pattern that can be matched in bounded time (GRT-5)')
      .exactOptional(),
    min: z.number().exactOptional(),
    max: z.number().exactOptional(),
    required: z.boolean().exactOptional(),
    forbidden: z.literal(true).exactOptional(),
  })
  .refine((rule) => Object.keys(rule).length > 0, 'a rule needs a member')
  .refine(
    (rule) => rule.forbidden === undefined || Object.keys(rule).length === 1,
    '"forbidden" stands alone',
  )

export const limitSchema = z.strictObject({
  measure: z.string().min(1).max(64),
  unit: z.string().min(1).max(32),
  max: z.int().nonnegative(),
  /** LIM-1. */
  per: z.string().regex(PER),
})

const terms = z
  .array(z.string().min(1).max(256))
  .max(16)
  .refine(distinct, 'a term occurs twice')
  .meta({ uniqueItems: true })

export const grantSchema = z.strictObject({
  type: z.literal('tool'),
  /** Digest of the parent's grant: in every grant of a hop, in none of a root. */
  from: digest.exactOptional(),
  server: z.string().min(1).max(128),
  actions: z
    .array(toolName)
    .min(1)
    .max(128)
    .refine(distinct, 'an action occurs twice')
    .refine((names) => !names.includes('*') || names.length === 1, '"*" stands alone')
    .meta({ uniqueItems: true }),
  resources: z
    .array(z.string().max(1024).refine(isResourceGlob, 'not a glob of resources that can be matched (GRT-6)'))
    .min(1)
    .max(32)
    .refine(distinct, 'a resource occurs twice')
    .meta({ uniqueItems: true })
    .exactOptional(),
  constraints: z
    .record(argument, ruleSchema)
    .refine((rules) => Object.keys(rules).length <= 64, 'more than 64 arguments')
    .exactOptional(),
  limits: z
    .array(limitSchema)
    .max(LIMITS_MAX)
    .refine((limits) => distinct(limits.map(limitName)), 'a limit occurs twice')
    .exactOptional(),
  clearance: z.enum(LEVELS).exactOptional(),
  categories: terms.exactOptional(),
  purposes: terms.exactOptional(),
  /** Seconds (GRT-9). */
  bound: z.int().min(1).max(900).exactOptional(),
  /** A person decides on each call (GRT-10). */
  ask: z.literal(true).exactOptional(),
})

export type Rule = z.infer<typeof ruleSchema>
export type Limit = z.infer<typeof limitSchema>
export type Grant = z.infer<typeof grantSchema>

/** What every verification asks. */
export const isGrant = guardOf(grantSchema)

/** @throws {TokenError} `GRANT_INVALID`, with what does not fit */
export function checkedGrant(grant: unknown): Grant {
  const parsed = grantSchema.safeParse(grant)
  if (parsed.success) return parsed.data
  const where = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new TokenError('GRANT_INVALID', `a grant does not fit its schema at ${where.join('; ')}`)
}

/** What makes two limits the same limit with another maximum. */
export function limitName(limit: Pick<Limit, 'measure' | 'unit' | 'per'>): string {
  return canonicalize([limit.measure, limit.unit, limit.per])
}

/** Whether the grant names the tool or the method. GRT-1, without the arguments. */
export function grantNames(grant: Grant, server: string, tool: string): boolean {
  return grant.server === server && isAmong(grant.actions, tool)
}

/** Whether `actions` cover `action`: all tools do not cover a method (MCP-7). */
export function isAmong(actions: readonly string[], action: string): boolean {
  return actions[0] === '*' ? !isMethodAction(action) : actions.includes(action)
}

/** GRT-5: of all values of a call that patterns are asked about, in UTF-16 code units. */
const PATTERN_CALL_UNITS_MAX = 16_384

function patternUnits(constraints: NonNullable<Grant['constraints']>, args: JsonObject): number {
  let units = 0
  for (const name of Object.keys(constraints)) {
    if (constraints[name]?.pattern === undefined || !Object.hasOwn(args, name)) continue
    const value = args[name]
    for (const item of Array.isArray(value) ? (value as readonly JsonValue[]) : [value])
      if (typeof item === 'string') units += item.length
  }
  return units
}

/** Whether every constraint is met. GRT-2. */
export function constraintsMet(grant: Grant, args: JsonObject): boolean {
  const { constraints } = grant
  if (constraints === undefined) return true
  if (patternUnits(constraints, args) > PATTERN_CALL_UNITS_MAX) return false
  const given = Object.keys(args)
  for (const name of Object.keys(constraints)) {
    const rule = constraints[name]
    if (rule === undefined || isAmbiguous(given, name)) return false
    if (!isMet(rule, Object.hasOwn(args, name) ? args[name] : undefined)) return false
  }
  return true
}

/**
 * Whether a call of which only these arguments are known could meet the constraints and resources: what a list may show
 * (MCP-9).
 */
export function couldBeMet(grant: Grant, known: JsonObject): boolean {
  for (const [name, value] of Object.entries(known)) {
    const { constraints = {} } = grant
    const rule = Object.hasOwn(constraints, name) ? constraints[name] : undefined
    if (rule !== undefined && !isMet(rule, value)) return false
  }
  const { uri } = known
  return typeof uri !== 'string' || resourcesFault(grant, [uri]) === null
}

function isMet(rule: Rule, value: JsonValue | undefined): boolean {
  if (value === undefined) return acceptsAbsence(rule)
  if (rule.forbidden === true) return false
  if (!Array.isArray(value)) return ruleAccepts(rule, value)
  return value.length > 0 && value.every((item: JsonValue) => ruleAccepts(rule, item))
}

export function acceptsAbsence(rule: Rule): boolean {
  return rule.forbidden === true || rule.required === false
}

/** Whether one value meets a rule: all members of the rule at once. */
export function ruleAccepts(rule: Rule, value: JsonValue): boolean {
  if (rule.forbidden === true) return false
  if (rule.in !== undefined && !rule.in.some((allowed) => allowed === value)) return false
  if (rule.glob !== undefined && !(typeof value === 'string' && globMatches(rule.glob, value))) return false
  if (rule.pattern !== undefined && !(typeof value === 'string' && patternMatches(rule.pattern, value)))
    return false
  if (rule.min !== undefined && !(typeof value === 'number' && value >= rule.min)) return false
  return rule.max === undefined || (typeof value === 'number' && value <= rule.max)
}

/** GRT-6. @param resources those of the call, as the tool's registration finds them; null when it does not say */
export function resourcesFault(
  grant: Grant,
  resources: readonly string[] | null,
): 'RESOURCE_UNKNOWN' | 'RESOURCE_NOT_GRANTED' | null {
  const { resources: granted } = grant
  if (granted === undefined) return null
  if (resources === null || resources.length === 0) return 'RESOURCE_UNKNOWN'
  const inside = resources.every((value) => granted.some((glob) => resourceMatches(glob, value)))
  return inside ? null : 'RESOURCE_NOT_GRANTED'
}

/** GRT-7. @param label null: unlabelled, so as strict as can be */
export function labelFault(
  grant: Grant,
  label: Pick<DataLabel, 'level' | 'categories'> | null,
): 'CLEARANCE_EXCEEDED' | 'CATEGORY_NOT_GRANTED' | null {
  const level = label?.level ?? 'restricted'
  if (grant.clearance !== undefined && isAbove(level, grant.clearance)) return 'CLEARANCE_EXCEEDED'
  const { categories } = grant
  if (categories === undefined) return null
  const inside = label !== null && label.categories.every((category) => categories.includes(category))
  return inside ? null : 'CATEGORY_NOT_GRANTED'
}
