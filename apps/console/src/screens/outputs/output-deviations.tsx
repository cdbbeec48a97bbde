/** Outputs that left without a valid attestation, each with who answers for it. @module */
import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { kindText } from './output-queries.ts'

const t = words.outputs
type Deviation =
  paths['/v1/outputs/deviations']['get']['responses'][200]['content']['application/json']['deviations'][number]

export function OutputDeviations() {
  const names = useNames()
  const found = useQuery({
    queryKey: ['outputs', 'deviations'],
    queryFn: () => said(api.GET('/v1/outputs/deviations')),
  })
  return (
    <Answer
      of={found}
      empty={({ total }) => total === 0}
      nothing={<Empty title={t.deviationsNone}>{t.deviationsNoneText}</Empty>}
    >
      {({ total, deviations }) => (
        <Stack gap="sm">
          <Text>{t.deviationsLead(count(total))}</Text>
          <Rows
            label={t.tabs.deviations}
            rows={deviations}
            columns={columns(names)}
            keyOf={({ output }) => output}
          />
        </Stack>
      )}
    </Answer>
  )
}

function columns(names: ReadonlyMap<string, string>): readonly Column<Deviation>[] {
  const nameOf = (id: string | null, otherwise: string) => (id === null ? otherwise : (names.get(id) ?? id))
  return [
    {
      name: t.kind,
      width: 'minmax(9rem, 1fr)',
      cell: ({ output, kind }) => (
        <TextLink to="/outputs/$id" params={{ id: output }}>
          {kindText(kind)}
        </TextLink>
      ),
    },
    { name: t.agent, width: 'minmax(9rem, 1fr)', cell: ({ agent }) => nameOf(agent, '–') },
    { name: t.released, width: '12rem', cell: ({ released }) => <Time at={released} /> },
    { name: t.owner, width: 'minmax(9rem, 1fr)', cell: ({ owner }) => nameOf(owner, t.nobody) },
  ]
}
