/** Which decisions are shown: agent, point, tool, reason, in whose name. They live in the address. @module */
import { Button, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, said } from '../../api/client.ts'
import { words } from '../../words/words.ts'
import { agentNamesQuery, peopleQuery, pointsQuery } from '../../parts/names.ts'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { UntilField } from '../../parts/until.tsx'
import type { Wanted } from './actions-query.ts'
import { explained, REASON_CODES } from './reasons.ts'

const t = words.activity
const CHOICE = { placeholder: t.any, searchable: true, limit: SELECT_MAX, clearable: true } as const

export function Filters({ wanted }: { wanted: Wanted }) {
  const navigate = useNavigate({ from: '/activity' })
  const agents = useQuery(agentNamesQuery).data?.agents ?? []
  const points = useQuery(pointsQuery).data?.points ?? []
  const people = useQuery(peopleQuery).data?.people ?? []
  const tools = useQuery({ queryKey: ['tools'], queryFn: () => said(api.GET('/v1/tools')) }).data?.tools ?? []
  const set = (change: Wanted) => void navigate({ search: (old) => ({ ...old, ...change }) })
  const byName = ({ id, name }: { id: string; name: string }) => ({ value: id, label: name })
  const tool = wanted.tool === undefined ? null : `${wanted.server ?? ''}\n${wanted.tool}`
  return (
    <>
      <Select
        label={t.agent}
        {...CHOICE}
        data={withOwn(agents.map(byName), wanted.agent)}
        value={wanted.agent ?? null}
        onChange={(agent) => set({ agent: agent ?? undefined })}
        w={{ base: '100%', xs: 160 }}
      />
      <Select
        label={t.point}
        {...CHOICE}
        data={withOwn(points.map(byName), wanted.point)}
        value={wanted.point ?? null}
        onChange={(point) => set({ point: point ?? undefined })}
        w={{ base: '100%', xs: 160 }}
      />
      <Select
        label={t.tool}
        {...CHOICE}
        data={withOwn(
          tools.map(({ server, tool: name }) => ({
            value: `${server}\n${name}`,
            label: `${server} / ${name}`,
          })),
          tool ?? undefined,
        )}
        value={tool}
        onChange={(one) => {
          const [server, name] = one?.split('\n') ?? []
          set({ server: server || undefined, tool: name })
        }}
        w={{ base: '100%', xs: 190 }}
      />
      <Select
        label={t.reason}
        {...CHOICE}
        data={withOwn(
          REASON_CODES.map((code) => ({ value: code, label: explained(code).what ?? code })),
          wanted.reason,
        )}
        value={wanted.reason ?? null}
        onChange={(reason) => set({ reason: reason ?? undefined })}
        w={{ base: '100%', xs: 190 }}
      />
      <Select
        label={t.person}
        {...CHOICE}
        data={withOwn(
          people.map(({ id, name }) => ({ value: id, label: name ?? id })),
          wanted.person,
        )}
        value={wanted.person ?? null}
        onChange={(person) => set({ person: person ?? undefined })}
        w={{ base: '100%', xs: 160 }}
      />
      {wanted.delegation !== undefined && (
        <Select
          label={t.delegation}
          data={[wanted.delegation]}
          value={wanted.delegation}
          onChange={(delegation) => set({ delegation: delegation ?? undefined })}
          clearable
          w={{ base: '100%', xs: 190 }}
        />
      )}
      <UntilField at={wanted.until} onChange={(until) => set({ until })} />
      {Object.values(wanted).some((one) => one !== undefined) && (
        <Button variant="subtle" onClick={() => void navigate({ search: {} })}>
          {t.clear}
        </Button>
      )}
    </>
  )
}

/** What the address names is shown, also where the list does not have it, or not yet. */
function withOwn(
  data: readonly { value: string; label: string }[],
  own: string | undefined,
): { value: string; label: string }[] {
  if (own === undefined || data.some(({ value }) => value === own)) return [...data]
  return [...data, { value: own, label: own.replace('\n', ' / ') }]
}
