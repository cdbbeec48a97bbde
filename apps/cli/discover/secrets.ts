/**
 * Whether a configuration holds a secret: only that, and under which name. spec/inventory.md (DSC-1).
 * Invariant: no value leaves this module.
 * @module
 */
import type { Item } from '../../../src/log/inventory-bodies.ts'

const SECRET_NAME = /key|token|secret|passw|pwd|auth|cred|cookie|bearer|session|private|signature/i
/** How well-known tokens begin, whatever the variable is called. */
const SECRET_VALUE =
  /^(?:sk-|sk_|gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|ASIA|AIza|ya29\.|eyJ[\w-]+\.|Bearer\s|Basic\s|-----BEGIN)|^[\w-]*(?:authorization|api[-_]?key|token|secret|password|cookie)[\w-]*\s*[:=]\s*\S/i
/** What stands in for a value that is elsewhere. */
const REFERENCE =
  /^(?:[\w-]+\s*[:=]\s*)?(?:Bearer\s+|Basic\s+)?(?:\$\{[^}]*\}|\$[A-Za-z_]\w*|%\w+%|\{\{?[^}]*\}?\})$/

export interface Secrets {
  readonly secret: Item['secret']
  readonly names: readonly string[]
}

/** @param values variables or headers, as the configuration has them */
export function secretsOf(values: Readonly<Record<string, unknown>>): Secrets {
  const found = Object.entries(values).filter(
    ([name, value]) => SECRET_NAME.test(name) || (typeof value === 'string' && SECRET_VALUE.test(value)),
  )
  const inClear = found.some(
    ([, value]) => typeof value === 'string' && value !== '' && !REFERENCE.test(value),
  )
  return {
    secret: found.length === 0 ? 'none' : inClear ? 'static' : 'unknown',
    names: found.map(([name]) => name),
  }
}

/** Of a command line: `--token x`, `--token=x`, and tokens that stand there by themselves. */
export function secretsOfArgs(args: readonly string[]): Secrets {
  const values: Record<string, string> = {}
  for (const [i, arg] of args.entries()) {
    const isValue = /^--?[\w-]+$/.test(args[i - 1] ?? '') && !arg.startsWith('-')
    const flag = /^(--?[\w-]+)(?:=(.*))?$/s.exec(arg)
    if (flag?.[1] !== undefined) {
      const next = args[i + 1]
      const value = flag[2] ?? (next === undefined || next.startsWith('-') ? '' : next)
      if (value !== '') values[flag[1]] = value
    } else if (isValue) continue
    else if (SECRET_VALUE.test(arg)) values[`argument ${i + 1}`] = arg
    else if (URL.canParse(arg)) Object.assign(values, urlValues(arg))
  }
  return secretsOf(values)
}

export function secretsOfUrl(url: string): Secrets {
  return URL.canParse(url) ? secretsOf(urlValues(url)) : { secret: 'none', names: [] }
}

function urlValues(url: string): Record<string, string> {
  const { searchParams, password } = new URL(url)
  const values = Object.fromEntries([...searchParams].map(([name, value]) => [`?${name}`, value]))
  return password === '' ? values : { ...values, 'url password': password }
}

const RANK: readonly Item['secret'][] = ['none', 'federated', 'unknown', 'rotated', 'static']

/** What of several is the hardest to answer for. */
export function together(all: readonly Secrets[]): Secrets {
  const ranks = all.map(({ secret }) => RANK.indexOf(secret))
  return { secret: RANK[Math.max(0, ...ranks)] ?? 'unknown', names: all.flatMap(({ names }) => names) }
}
