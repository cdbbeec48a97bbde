/** The log: its entries, and what is signed over them. @module */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Page } from '../../parts/page.tsx'
import { ShowTabs } from '../../parts/tabs.tsx'
import { words } from '../../words/words.ts'
import { Checkpoints } from './checkpoints.tsx'
import { Entries } from './entries.tsx'

const t = words.log

export function Log() {
  const { show } = useSearch({ from: '/inside/log' })
  const navigate = useNavigate({ from: '/log' })
  const shown = show === 'checkpoints' ? 'checkpoints' : 'entries'
  return (
    <Page title={t.title} lead={t.lead}>
      <ShowTabs
        label={t.tabsLabel}
        shown={shown}
        tabs={[
          { name: 'entries', label: t.tabs.entries },
          { name: 'checkpoints', label: t.tabs.checkpoints },
        ]}
        onShow={(name) => void navigate({ search: name === 'entries' ? {} : { show: name } })}
      />
      {shown === 'entries' ? <Entries /> : <Checkpoints />}
    </Page>
  )
}
