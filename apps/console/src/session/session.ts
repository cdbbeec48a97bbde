/** Who is signed in, and what they may do: one answer of the control plane, read again as screens change. @module */
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../api/client.ts'
import type { paths } from '../api/schema.d.ts'

export type Session = paths['/v1/session']['get']['responses'][200]['content']['application/json']

const READ_AGAIN_MS = 60_000

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: () => said(api.GET('/v1/session')),
  staleTime: READ_AGAIN_MS,
  refetchInterval: READ_AGAIN_MS,
  retry: false,
} as const

/** The session; only under the shell, which waits for it. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (data === undefined) throw new Error('nobody is signed in where a session was expected')
  return data
}

/**
 * Why the person may not do something, or null: they may. For the reason on a disabled button.
 * @param permission a name of src/core/permissions.ts
 */
export function whyNot(session: Session, permission: string): string | null {
  if (session.permissions.includes(permission)) return null
  return `Your roles do not allow this (${permission}). Ask an owner for one that does.`
}
