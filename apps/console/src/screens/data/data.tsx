/** Data: tools by their labels, what waits, flows, memory domains. @module */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Page } from '../../parts/page.tsx'
import { ShowTabs } from '../../parts/tabs.tsx'
import { words } from '../../words/words.ts'
import { ToolChanges } from './changes.tsx'
import { Domains } from './domains.tsx'
import { Flows } from './flows.tsx'
import { LabelProposals } from './label-proposals.tsx'
import { changesQuery, proposalsQuery } from './queries.ts'
import { Tools } from './tools.tsx'

const t = words.data
const SHOWN = ['tools', 'changes', 'labels', 'flows', 'domains'] as const

export function Data() {
  const { show } = useSearch({ from: '/inside/data' })
  const navigate = useNavigate({ from: '/data' })
  const shown = SHOWN.find((name) => name === show) ?? 'tools'
  const changes = useQuery(changesQuery)
  const proposals = useQuery(proposalsQuery)
  const waiting = { changes: changes.data?.changes.length, labels: proposals.data?.proposals.length }
  return (
    <Page title={t.title} lead={t.lead}>
      <ShowTabs
        label={t.tabsLabel}
        tabs={SHOWN.map((name) => ({
          name,
          label: t.tabs[name],
          count: name === 'changes' || name === 'labels' ? waiting[name] : undefined,
        }))}
        shown={shown}
        onShow={(name) => void navigate({ search: name === 'tools' ? {} : { show: name } })}
      />
      {shown === 'tools' && <Tools />}
      {shown === 'changes' && <ToolChanges />}
      {shown === 'labels' && <LabelProposals />}
      {shown === 'flows' && <Flows />}
      {shown === 'domains' && <Domains />}
    </Page>
  )
}
