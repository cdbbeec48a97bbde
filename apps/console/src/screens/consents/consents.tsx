/** Consents: data subjects, what they ask for, and the grounds on which their data is used. @module */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Page } from '../../parts/page.tsx'
import { ShowTabs } from '../../parts/tabs.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { Bases } from './bases.tsx'
import { FindSubject } from './find-subject.tsx'
import { Managers } from './managers.tsx'
import { Notices } from './notices.tsx'
import { requestsQuery } from './queries.ts'
import { Register } from './register.tsx'
import { Requests } from './requests.tsx'

const t = words.consents
const SHOWN = ['find', 'register', 'requests', 'notices', 'bases', 'managers'] as const

export function Consents() {
  const refuse = whyNot(useSession(), 'privacy.work')
  const { show } = useSearch({ from: '/inside/consents' })
  const navigate = useNavigate({ from: '/consents' })
  const shown = SHOWN.find((name) => name === show) ?? 'find'
  const requests = useQuery({ ...requestsQuery, enabled: refuse === null })
  const open = requests.data?.requests.filter(({ status }) => status === 'open').length
  return (
    <Page title={t.title} lead={t.lead}>
      <ShowTabs
        label={t.tabsLabel}
        tabs={SHOWN.map((name) => ({
          name,
          label: t.tabs[name],
          count: name === 'requests' ? open : undefined,
        }))}
        shown={shown}
        onShow={(name) => void navigate({ search: name === 'find' ? {} : { show: name } })}
      />
      {shown === 'find' && <FindSubject />}
      {shown === 'register' && (refuse === null ? <Register /> : <Text c="dimmed">{refuse}</Text>)}
      {shown === 'requests' && (refuse === null ? <Requests /> : <Text c="dimmed">{refuse}</Text>)}
      {shown === 'notices' && <Notices />}
      {shown === 'bases' && <Bases />}
      {shown === 'managers' && <Managers />}
    </Page>
  )
}
