/** What was pruned, what is held, who was erased. @module */
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { EntryLink } from './entry-link.tsx'
import { Erase } from './erase.tsx'
import { SettingsPage } from './frame.tsx'
import { Holds } from './holds.tsx'
import { PlanPruning } from './plan-pruning.tsx'

const t = words.settings.retention

type Erasure =
  paths['/v1/erasures']['get']['responses'][200]['content']['application/json']['erasures'][number]
type Pruning =
  paths['/v1/log/prunings']['get']['responses'][200]['content']['application/json']['prunings'][number]

export function Retention() {
  return (
    <SettingsPage part="retention">
      <Prunings />
      <Holds />
      <Erasures />
    </SettingsPage>
  )
}

function Prunings() {
  const prunings = useQuery({ queryKey: ['prunings'], queryFn: () => said(api.GET('/v1/log/prunings')) })
  return (
    <Section title={t.prunings} lead={t.pruningsText} actions={<PlanPruning />}>
      <Answer of={prunings}>
        {(data) => (
          <Listing<Pruning>
            label={t.prunings}
            rows={data.prunings}
            keyOf={({ entry }) => String(entry)}
            none={t.noPrunings}
            columns={[
              { name: words.settings.proposal, cell: ({ entry }) => <EntryLink of={entry} /> },
              { name: t.range, cell: ({ from, to }) => `${count(from)} – ${count(to)}` },
              { name: t.before, cell: ({ before }) => <Time at={before} /> },
              {
                name: t.state,
                cell: ({ state }) => <State of={state === 'done' ? 'active' : 'waiting'} label={state} />,
              },
            ]}
          />
        )}
      </Answer>
    </Section>
  )
}

function Erasures() {
  const names = useNames()
  const erasures = useQuery({ queryKey: ['erasures'], queryFn: () => said(api.GET('/v1/erasures')) })
  return (
    <Section title={t.erasures} lead={t.erasuresText} actions={<Erase />}>
      <Answer of={erasures}>
        {(data) => (
          <Listing<Erasure>
            label={t.erasures}
            rows={data.erasures}
            keyOf={({ subject, requested }) => `${subject} ${requested}`}
            none={t.noErasures}
            columns={[
              { name: t.subject, cell: ({ subject }) => <span className="mono">{subject}</span> },
              {
                name: t.state,
                cell: ({ state }) => <State of={state === 'erased' ? 'closed' : 'waiting'} label={state} />,
              },
              { name: t.basis, cell: ({ basis }) => basis.replaceAll('_', ' ') },
              {
                name: words.settings.people.approved,
                cell: ({ approver }) => names.get(approver) ?? approver,
              },
              { name: t.requested, cell: ({ requested }) => <Time at={requested} /> },
              {
                name: words.settings.proposal,
                cell: ({ erased, deferred }) => <EntryLink of={erased ?? deferred} />,
              },
              { name: t.packs, cell: ({ packs }) => packs.length },
            ]}
          />
        )}
      </Answer>
    </Section>
  )
}
