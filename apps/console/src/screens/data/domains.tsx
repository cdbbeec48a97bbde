/** Memory domains: what each agent has read in its turn, and clearing one once its memory was wiped. @module */
import { Badge, Group, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { GestureButton } from '../../parts/approve.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { termLabel } from '../../parts/terms.ts'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { Level } from './tools.tsx'

const t = words.data

type Domain = paths['/v1/domains']['get']['responses'][200]['content']['application/json']['domains'][number]

export function Domains() {
  const session = useSession()
  const names = useNames()
  const queries = useQueryClient()
  const domains = useQuery({
    queryKey: ['domains'],
    queryFn: () => said(api.GET('/v1/domains')),
    refetchInterval: 15_000,
  })
  const again = () => void queries.invalidateQueries({ queryKey: ['domains'] })
  return (
    <Answer
      of={domains}
      empty={(data) => data.domains.length === 0}
      nothing={<Empty title={t.noDomains}>{t.noDomainsText}</Empty>}
    >
      {(data) => (
        <Section title={t.tabs.domains} lead={t.domainsText}>
          <Listing<Domain>
            label={t.tabs.domains}
            rows={data.domains}
            keyOf={({ agent }) => agent}
            none={t.noDomains}
            columns={[
              {
                name: t.agent,
                cell: ({ agent }) => (
                  <TextLink to="/agents/$id" params={{ id: agent }}>
                    {names.get(agent) ?? agent}
                  </TextLink>
                ),
              },
              { name: t.turn, cell: ({ turn }) => turn },
              { name: t.heldBy, cell: ({ point }) => point ?? <Text c="dimmed">{t.nobody}</Text> },
              { name: t.taint, cell: ({ taint }) => <Taint of={taint} /> },
              {
                name: words.settings.actions,
                cell: ({ agent }) => (
                  <GestureButton
                    label={t.clear}
                    title={`${t.clear}: ${names.get(agent) ?? agent}`}
                    consequences={t.clearText(names.get(agent) ?? agent)}
                    whyNot={whyNot(session, 'second.person')}
                    ask={() =>
                      said(api.GET('/v1/domains/{id}/clearing', { params: { path: { id: agent } } }))
                    }
                    askKey={['domain', agent]}
                    take={(body) =>
                      said(api.POST('/v1/domains/{id}/clear', { params: { path: { id: agent } }, body }))
                    }
                    names={Object.fromEntries(names)}
                    onDone={again}
                  />
                ),
              },
            ]}
          />
        </Section>
      )}
    </Answer>
  )
}

function Taint({ of: { level, integrity, categories } }: { of: Domain['taint'] }) {
  return (
    <Group gap={4}>
      <Level of={level} />
      <Badge variant="default" tt="none" fw={400}>
        {t[integrity]}
      </Badge>
      {categories.map((category) => (
        <Badge key={category} variant="default" tt="none" fw={400}>
          {termLabel(category)}
        </Badge>
      ))}
    </Group>
  )
}
