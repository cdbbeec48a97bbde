/**
 * Narrowing: whether a child lies within its parent. spec/grants.md (NRW-5 to NRW-8), spec/delegation.md (NRW-3).
 * Sound: what cannot be shown to lie within does not, and the answer says which member it was.
 * @module
 */
import { isAbove } from '../core/label.ts'
import { periodWithin } from '../core/period.ts'
import { globWithin, resourceWithin } from './glob.ts'
import { acceptsAbsence, isAmong, ruleAccepts, type Grant, type Limit, type Rule } from './grant.ts'
import { patternWithin } from './pattern.ts'

/** Why a child does not lie within its parent. */
export interface Outside {
  /** Where in the grant, e.g. `constraints.path`. */
  readonly member: string
  /** For the person who wrote the grant. */
  readonly why: string
}

/** Whether every call that `child` allows, `parent` allows too, with limits at least as tight. */
export function grantWithin(child: Grant, parent: Grant): boolean {
  return outsideOf(child, parent) === null
}

/** @returns the first member that is not within, or null. NRW-5. */
export function outsideOf(child: Grant, parent: Grant): Outside | null {
  if (child.server !== parent.server) return { member: 'server', why: 'another server' }
  if (!child.actions.every((action) => isAmong(parent.actions, action)))
    return { member: 'actions', why: 'an action that the parent has not' }
  return (
    resourcesOutside(child, parent) ??
    constraintsOutside(child, parent) ??
    limitsOutside(child, parent) ??
    subsetOutside('categories', child.categories, parent.categories) ??
    subsetOutside('purposes', child.purposes, parent.purposes) ??
    clearanceOutside(child, parent) ??
    boundOutside(child, parent) ??
    (parent.ask === true && child.ask !== true
      ? { member: 'ask', why: 'the parent asks a person for each call' }
      : null)
  )
}

function resourcesOutside(child: Grant, parent: Grant): Outside | null {
  const { resources: outer } = parent
  if (outer === undefined) return null
  const inside = child.resources?.every((glob) => outer.some((within) => resourceWithin(glob, within)))
  return inside === true
    ? null
    : { member: 'resources', why: 'not shown to lie within one of the resources of the parent' }
}

function constraintsOutside(child: Grant, parent: Grant): Outside | null {
  for (const [argument, rule] of Object.entries(parent.constraints ?? {})) {
    const rules = child.constraints ?? {}
    const own = Object.hasOwn(rules, argument) ? rules[argument] : undefined
    const why = own === undefined ? 'the parent constrains it' : ruleOutside(own, rule)
    if (why !== null) return { member: `constraints.${argument}`, why }
  }
  return null
}

/** Whether every value that `child` accepts, `parent` accepts, and absence too. NRW-6. */
export function ruleWithin(child: Rule, parent: Rule): boolean {
  return ruleOutside(child, parent) === null
}

function ruleOutside(child: Rule, parent: Rule): string | null {
  if (acceptsAbsence(child) && !acceptsAbsence(parent)) return 'it may be absent, for the parent it may not'
  if (child.forbidden === true) return null
  if (parent.forbidden === true) return 'the parent forbids it'
  if (child.in !== undefined) {
    // A finite set is decided by its members: those that the child's other bounds exclude do not count.
    const accepted = child.in.filter((value) => ruleAccepts(child, value))
    return accepted.every((value) => ruleAccepts(parent, value)) ? null : 'a value that the parent refuses'
  }
  if (parent.in !== undefined) return 'cannot be decided: the parent lists its values, so list them here too'
  return (
    globOutside(child.glob, parent.glob) ??
    patternOutside(child.pattern, parent.pattern) ??
    (parent.min === undefined || (child.min !== undefined && child.min >= parent.min)
      ? null
      : 'less than the least of the parent') ??
    (parent.max === undefined || (child.max !== undefined && child.max <= parent.max)
      ? null
      : 'more than the most of the parent')
  )
}

function globOutside(child: string | undefined, parent: string | undefined): string | null {
  if (parent === undefined) return null
  if (child === undefined)
    return 'cannot be decided: the parent has a glob, so give a glob or values here too'
  return globWithin(child, parent) ? null : 'not shown to lie within the glob of the parent'
}

function patternOutside(child: string | undefined, parent: string | undefined): string | null {
  if (parent === undefined) return null
  if (child === undefined)
    return 'cannot be decided: the parent has a pattern, so give a pattern or values here too'
  switch (patternWithin(child, parent)) {
    case 'within':
      return null
    case 'outside':
      return 'matches what the pattern of the parent does not'
    case 'unknown':
      return 'cannot be decided within the bound of NRW-8: give a simpler pattern, or the values'
  }
}

/** A cap over a longer period caps every shorter one in it. */
function limitsOutside(child: Grant, parent: Grant): Outside | null {
  for (const limit of parent.limits ?? []) {
    const covers = (own: Limit): boolean =>
      own.measure === limit.measure &&
      own.unit === limit.unit &&
      periodWithin(own.per, limit.per) &&
      own.max <= limit.max
    if (!(child.limits ?? []).some(covers))
      return { member: `limits.${limit.measure}`, why: `no limit at least as tight per ${limit.per}` }
  }
  return null
}

function subsetOutside(
  member: string,
  child: readonly string[] | undefined,
  parent: readonly string[] | undefined,
): Outside | null {
  if (parent === undefined) return null
  const inside = child?.every((term) => parent.includes(term))
  return inside === true ? null : { member, why: 'more than the parent has' }
}

function clearanceOutside({ clearance: own }: Grant, { clearance: outer }: Grant): Outside | null {
  if (outer === undefined) return null
  return own !== undefined && !isAbove(own, outer)
    ? null
    : { member: 'clearance', why: 'higher than that of the parent' }
}

function boundOutside({ bound: own }: Grant, { bound: outer }: Grant): Outside | null {
  const inside = outer === undefined ? own === undefined : own !== undefined && own <= outer
  return inside
    ? null
    : { member: 'bound', why: 'longer than that of the parent, or given where it has none' }
}

/** The bounds of a delegation that narrow besides its grants. Seconds. */
export interface Bounds {
  readonly nbf: number
  readonly exp: number
  readonly aud: readonly string[]
  readonly depth: number
  readonly depth_max: number
}

/** NRW-3. */
export function boundsWithin(child: Bounds, parent: Bounds): boolean {
  return (
    child.nbf >= parent.nbf &&
    child.exp <= parent.exp &&
    child.aud.every((audience) => parent.aud.includes(audience)) &&
    child.depth === parent.depth + 1 &&
    child.depth <= parent.depth_max &&
    child.depth_max <= parent.depth_max
  )
}
