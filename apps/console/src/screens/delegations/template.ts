/** The template that bounds delegations to a class of agents, and where a delegation is narrower than it. @module */
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { Grant } from './chain-model.ts'
import { rowsOf } from './grant-view.tsx'

export interface Template {
  readonly class: string
  readonly ttl_s_max: number
  readonly depth_max: number
  /** Null: any grant. */
  readonly grants: readonly Grant[] | null
  readonly approvals: { readonly m: number; readonly of: readonly string[] } | null
}

/** The one in force for the class, or for every class; undefined while it is read. */
export function useTemplate(kind: string | undefined): Template | undefined {
  const templates = useQuery({
    queryKey: ['templates'],
    queryFn: () => said(api.GET('/v1/templates')),
    enabled: kind !== undefined,
  }).data?.templates
  if (kind === undefined || templates === undefined) return undefined
  // As the register read it (src/token/template.ts).
  const inForce = templates
    .filter(({ status }) => status === 'active')
    .map(({ template }) => template as unknown as Template)
  return inForce.find((one) => one.class === kind) ?? inForce.find((one) => one.class === '*')
}

/** By the label of the row that says it: the lines of the template, where they differ. */
export function narrowed(grant: Grant, base: Grant | null): Readonly<Record<string, readonly string[]>> {
  if (base === null) return {}
  const was = new Map(rowsOf(base).map(({ label, lines }) => [label, lines]))
  return Object.fromEntries(
    rowsOf(grant).flatMap(({ label, lines }) => {
      const before = was.get(label) ?? []
      return before.join('\n') === lines.join('\n') ? [] : [[label, before]]
    }),
  )
}
