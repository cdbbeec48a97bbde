/** What people call what identifiers mean: people, agents, points and systems. Nobody signs a name. @module */
import { useQueries } from '@tanstack/react-query'
import { api, said } from '../api/client.ts'

/** Names change rarely. */
const FRESH_MS = 60_000

export const peopleQuery = { queryKey: ['people'], queryFn: () => said(api.GET('/v1/people')) } as const
/** What agents are called: of thousands, far less than all of them. */
export const agentNamesQuery = {
  queryKey: ['agents', 'names'],
  queryFn: () => said(api.GET('/v1/agent-names')),
} as const
export const agentsQuery = { queryKey: ['agents'], queryFn: () => said(api.GET('/v1/agents')) } as const
export const pointsQuery = { queryKey: ['points'], queryFn: () => said(api.GET('/v1/points')) } as const
export const systemsQuery = { queryKey: ['systems'], queryFn: () => said(api.GET('/v1/systems')) } as const

export type Names = ReadonlyMap<string, string>

/** By identifier, and people by the handles of delegations too; empty while it is not known. */
export function useNames(): Names {
  return useQueries({
    queries: [
      { ...peopleQuery, staleTime: FRESH_MS },
      { ...agentNamesQuery, staleTime: FRESH_MS },
      { ...pointsQuery, staleTime: FRESH_MS },
      { ...systemsQuery, staleTime: FRESH_MS },
    ],
    combine: ([people, agents, points, systems]) => {
      const persons = people.data?.people ?? []
      const handles = persons.flatMap(({ rev, name }) => (rev === null ? [] : [{ id: rev, name }]))
      const all = [
        ...persons,
        ...handles,
        ...(agents.data?.agents ?? []),
        ...(points.data?.points ?? []),
        ...(systems.data?.systems ?? []),
      ]
      return new Map(all.flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const])))
    },
  })
}
