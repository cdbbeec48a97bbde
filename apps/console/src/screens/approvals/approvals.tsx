/** Calls that wait for a person, by keyboard or mouse; what was decided, and how much people are asked. @module */
import { Tabs } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Page } from '../../parts/page.tsx'
import { words } from '../../words/words.ts'
import { ApprovalHistory } from './approval-history.tsx'
import { ApprovalLoad } from './approval-load.tsx'
import { ApprovalQueue } from './approval-queue.tsx'

const t = words.approvals
const TABS = ['waiting', 'history', 'load'] as const

export function Approvals() {
  const { show } = useSearch({ from: '/inside/approvals' })
  const navigate = useNavigate({ from: '/approvals' })
  const tab = TABS.find((one) => one === show) ?? 'waiting'
  return (
    <Page title={t.title} lead={t.lead}>
      <Tabs
        value={tab}
        onChange={(to) => void navigate({ search: to === 'waiting' || to === null ? {} : { show: to } })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t.tabs[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="waiting">
          <ApprovalQueue />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <ApprovalHistory />
        </Tabs.Panel>
        <Tabs.Panel value="load">
          <ApprovalLoad />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
