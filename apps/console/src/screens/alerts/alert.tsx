/** One alert: what it says, what it rests on, and what people did about it. spec/alerts.md. @module */
import { Alert as Notice, Grid, Paper, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { EntryList } from '../../parts/entry-list.tsx'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Page } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { Subject } from '../../parts/subject.tsx'
import { Id, Pairs, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { OpenIncident } from '../incidents/open-incident.tsx'
import { AcknowledgeDialog, CloseDialog } from './alert-dialogs.tsx'
import type { AlertView } from './alert-queries.ts'
import { saysOf } from './says.ts'
import { Standing } from './alerts.tsx'

const t = words.alerts

export function Alert() {
  const { id } = useParams({ from: '/inside/alerts/$id' })
  const alert = useQuery({
    queryKey: ['alerts', 'one', id],
    queryFn: () => said(api.GET('/v1/alerts/{id}', { params: { path: { id } } })),
  })
  return <Answer of={alert}>{(data) => <AlertPage alert={data} />}</Answer>
}

type Open = 'take' | 'close' | 'incident' | null

function AlertPage({ alert }: { alert: AlertView }) {
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  const says = saysOf(alert, useNames())
  return (
    <Page title={says} lead={<Id of={alert.id} />} actions={<Actions alert={alert} onOpen={setOpen} />}>
      {alert.canary && <Notice color="blue">{t.canary}</Notice>}
      <Grid>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Found alert={alert} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Handling alert={alert} />
        </Grid.Col>
      </Grid>
      <Paper withBorder p="md" component="section">
        <Stack gap="sm">
          <Title order={2}>{t.entries}</Title>
          {alert.entries.length === 0 ? (
            <Text c="dimmed">{t.entriesNone}</Text>
          ) : (
            <EntryList of={alert.entries} label={t.entries} />
          )}
        </Stack>
      </Paper>
      {open === 'take' && <AcknowledgeDialog id={alert.id} onClose={close} />}
      {open === 'close' && <CloseDialog id={alert.id} onClose={close} />}
      {open === 'incident' && (
        <OpenIncident
          from={{
            alerts: [alert.id],
            entries: [...new Set([...alert.entries.slice(0, 63), alert.entry])],
            severity: alert.severity,
            title: says,
            agent: alert.subject?.startsWith('agt_') === true ? alert.subject : null,
          }}
          onClose={close}
        />
      )}
    </Page>
  )
}

function Actions({ alert, onOpen }: { alert: AlertView; onOpen: (open: Open) => void }) {
  const session = useSession()
  const refuse = whyNot(session, 'alerts.work')
  return (
    <>
      <ActButton variant="default" whyNot={refuse} onClick={() => onOpen('incident')}>
        {t.open}
      </ActButton>
      <ActButton
        variant="default"
        whyNot={alert.status === 'closed' ? t.isClosed : refuse}
        onClick={() => onOpen('close')}
      >
        {t.close}
      </ActButton>
      <ActButton
        whyNot={alert.status === 'closed' ? t.isClosed : alert.status === 'acknowledged' ? t.isTaken : refuse}
        onClick={() => onOpen('take')}
      >
        {t.take}
      </ActButton>
    </>
  )
}

function Found({ alert }: { alert: AlertView }) {
  const names = useNames()
  const session = useSession()
  return (
    <Paper withBorder p="md" component="section" h="100%">
      <Stack gap="sm">
        <Title order={2}>{t.detail}</Title>
        <Pairs
          of={[
            [t.severity, <State key="severity" of={alert.severity} label={t.severities[alert.severity]} />],
            [t.status, <Standing key="status" of={alert} now={session.now} />],
            [t.about, <Subject key="about" of={alert.subject} names={names} />],
            ...Object.entries(alert.detail)
              .filter(([, value]) => value !== alert.subject)
              .map(([name, value]) => [label(name), <Value key={name} of={value} names={names} />] as const),
            [t.first, <Time key="first" at={alert.first} />],
            [t.last, <Time key="last" at={alert.last} />],
            [t.count, count(alert.count)],
            [
              t.entry,
              <TextLink key="entry" to="/log/$index" params={{ index: String(alert.entry) }}>
                {alert.entry}
              </TextLink>,
            ],
            [
              t.code,
              <Text key="code" span className="mono">
                {alert.rule}
              </Text>,
            ],
          ]}
        />
      </Stack>
    </Paper>
  )
}

function label(name: string): string {
  const text = name.replaceAll('_', ' ')
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

const IDENTIFIER = /^[a-z]{3}_[0-9a-z]{20,}$/
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

function Value({ of, names }: { of: string | number; names: ReadonlyMap<string, string> }) {
  if (typeof of === 'number') return count(of)
  if (RFC3339.test(of)) return <Time at={of} />
  return IDENTIFIER.test(of) ? <Subject of={of} names={names} /> : of
}

function Handling({ alert }: { alert: AlertView }) {
  const names = useNames()
  const nameOf = (id: string | null) => (id === null ? '–' : (names.get(id) ?? id))
  return (
    <Paper withBorder p="md" component="section" h="100%">
      <Stack gap="sm">
        <Title order={2}>{t.handling}</Title>
        <Pairs
          of={[
            [t.due, <Time key="due" at={alert.triage_until} />],
            ...(alert.escalated === 0 ? [] : [[t.escalated, t.escalatedN(alert.escalated)] as const]),
            [t.taken, alert.acknowledged === null ? '–' : <Time key="taken" at={alert.acknowledged} />],
            [t.takenBy, nameOf(alert.taker)],
            [t.triage, alert.triage === null ? '–' : t.triages[alert.triage]],
            [t.closed, alert.closed === null ? '–' : <Time key="closed" at={alert.closed} />],
            [t.disposition, alert.disposition === null ? '–' : t.dispositions[alert.disposition]],
            [t.policy, alert.policy === null ? t.policyPackaged : String(alert.policy)],
          ]}
        />
      </Stack>
    </Paper>
  )
}
