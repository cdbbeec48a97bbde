/**
 * Narrowing: whether a child lies within its parent. spec/delegation.md, Narrowing (NRW-2).
 * Sound: what cannot be shown to lie within does not.
 * @module
 */
import { globWithin } from './glob.ts'
import { limitName, ruleAccepts, type Grant, type Rule } from './grant.ts'

/** Whether every call that `child` allows, `parent` allows too, with limits at least as tight. */
export function grantWithin(child: Grant, parent: Grant): boolean {
  return (
    child.server === parent.server &&
    actionsWithin(child.actions, parent.actions) &&
    Object.entries(parent.constraints ?? {}).every(([argument, rule]) => {
      const own = child.constraints?.[argument]
      return own !== undefined && ruleWithin(own, rule)
    }) &&
    (parent.limits ?? []).every((limit) => {
      const own = child.limits?.find((candidate) => limitName(candidate) === limitName(limit))
      return own !== undefined && own.max <= limit.max
    })
  )
}

function actionsWithin(child: readonly string[], parent: readonly string[]): boolean {
  return parent[0] === '*' || child.every((action) => parent.includes(action))
}

/** Whether every value that `child` accepts, `parent` accepts. */
export function ruleWithin(child: Rule, parent: Rule): boolean {
  if (child.in !== undefined) {
    // A finite set is decided by its members: those that the child's other bounds exclude do not count.
    return child.in.filter((value) => ruleAccepts(child, value)).every((value) => ruleAccepts(parent, value))
  }
  if (parent.in !== undefined) return false
  if (parent.glob !== undefined && !(child.glob !== undefined && globWithin(child.glob, parent.glob)))
    return false
  if (parent.min !== undefined && !(child.min !== undefined && child.min >= parent.min)) return false
  return parent.max === undefined || (child.max !== undefined && child.max <= parent.max)
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
