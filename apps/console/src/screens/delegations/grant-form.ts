/** A grant while it is put together: what a person narrows, and the grant that comes of it. Pure. @module */
import type { Grant } from './chain-model.ts'

export const RULE_KINDS = ['in', 'glob', 'pattern', 'min', 'max', 'forbidden'] as const
export type RuleKind = (typeof RULE_KINDS)[number]
export const PERS = ['call', 'hour', 'day', 'delegation'] as const

export interface ConstraintForm {
  readonly argument: string
  readonly kind: RuleKind
  readonly value: string
}
export interface LimitForm {
  readonly measure: string
  readonly unit: string
  readonly per: string
  readonly max: number
}
export interface GrantForm {
  /** For lists: a grant has no name. */
  readonly key: number
  /** Of the template; null: the template bounds no grants. */
  readonly base: Grant | null
  readonly server: string
  readonly actions: readonly string[]
  readonly constraints: readonly ConstraintForm[]
  readonly limits: readonly LimitForm[]
  readonly ask: boolean
}

let last = 0

export function emptyForm(base: Grant | null): GrantForm {
  last += 1
  return {
    key: last,
    base,
    server: base?.server ?? '',
    actions: base?.actions ?? [],
    constraints: [],
    limits: base?.limits ?? [],
    ask: base?.ask === true,
  }
}

/** @returns null: something is missing still */
export function grantOf({ base, server, actions, constraints, limits, ask }: GrantForm): Grant | null {
  if (server === '' || actions.length === 0) return null
  const rules: Record<string, object> = { ...base?.constraints }
  for (const { argument, kind, value } of constraints) {
    const rule = ruleOf(kind, value)
    if (argument === '' || rule === null) return null
    rules[argument] = kind === 'forbidden' ? rule : { ...rules[argument], ...rule }
  }
  const { limits: _limits, constraints: _constraints, ask: _ask, ...rest } = base ?? {}
  return {
    ...rest,
    type: 'tool',
    server,
    actions: [...actions],
    ...(Object.keys(rules).length > 0 && { constraints: rules }),
    ...(limits.length > 0 && { limits: [...limits] }),
    ...(ask && { ask: true as const }),
  }
}

function ruleOf(kind: RuleKind, text: string): object | null {
  const value = text.trim()
  if (kind === 'forbidden') return { forbidden: true }
  if (value === '') return null
  if (kind === 'min' || kind === 'max')
    return Number.isFinite(Number(value)) ? { [kind]: Number(value) } : null
  return { [kind]: kind === 'in' ? listOf(value) : value }
}

/** Numbers and booleans as such; what stands in quotes is text, whatever it looks like. */
function listOf(text: string): (string | number | boolean)[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      if (/^".*"$/.test(part)) return part.slice(1, -1)
      if (part === 'true' || part === 'false') return part === 'true'
      return /^-?\d+(?:\.\d+)?$/.test(part) ? Number(part) : part
    })
}
