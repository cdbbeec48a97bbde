/** How the permission matrix writes operations of the API down. @module */
import type { Role } from './roles.ts'

export interface Permission {
  readonly name: string
  /** What it lets somebody do, after "may". */
  readonly what: string
  /** `anybody`: also who holds none. */
  readonly roles: readonly Role[] | 'anybody'
  /** `METHOD /path`, as `/openapi.json` names them. */
  readonly operations: readonly string[]
}

/**
 * Operations in words: paths below `/v1/`, unless they begin with a slash, after the method that they are asked for by.
 * `APPROVE` is what one person proposes and another approves: `GET …/approval` and `POST …/approve`.
 */
export function operations(words: string): string[] {
  let method = ''
  return words
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      if (/^[A-Z]+$/.test(word)) {
        method = word
        return []
      }
      const path = word.startsWith('/') ? word : `/v1/${word}`
      return method === 'APPROVE' ? [`GET ${path}/approval`, `POST ${path}/approve`] : [`${method} ${path}`]
    })
}
