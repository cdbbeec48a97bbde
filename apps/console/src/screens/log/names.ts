/** Names beside identifiers of people and agents: nobody signs them, and the log does not have them. @module */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { agentNamesQuery, peopleQuery } from '../../parts/names.ts'

export type Names = ReadonlyMap<string, string>

export function useNames(): Names {
  const people = useQuery(peopleQuery)
  const agents = useQuery(agentNamesQuery)
  return useMemo(() => {
    const names = new Map<string, string>()
    for (const { id, name } of people.data?.people ?? []) if (name !== null) names.set(id, name)
    for (const { id, name } of agents.data?.agents ?? []) names.set(id, name)
    return names
  }, [people.data, agents.data])
}
