/** One incident: where it stands, what people said of it, and what the log has about it. spec/incidents.md. @module */
import { Grid, Paper, Stack, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { useNames } from '../../parts/names.ts'
import { Page } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { Subject } from '../../parts/subject.tsx'
import { Id, Pairs, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { AssignDialog, ContainDialog, WriteDialog } from './incident-dialogs.tsx'
import { Notes } from './incident-notes.tsx'
import { Progress } from './incident-progress.tsx'
import { IncidentTimeline } from './incident-timeline.tsx'
import { incidentQuery, type IncidentView } from './incident-queries.ts'

const t = words.incidents

export function Incident() {
  const { id } = useParams({ from: '/inside/incidents/$id' })
  const incident = useQuery(incidentQuery(id))
  return <Answer of={incident}>{(data) => <IncidentPage incident={data} />}</Answer>
}

type Open = 'contain' | 'write' | 'assign' | 'close' | null

function IncidentPage({ incident }: { incident: IncidentView }) {
  const queries = useQueryClient()
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  const title = incident.title ?? t.untitled
  const params = { path: { id: incident.id } }
  return (
    <Page
      title={title}
      lead={<Id of={incident.id} />}
      actions={<Actions incident={incident} onOpen={setOpen} />}
    >
      <Progress of={incident} />
      <Grid>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <About of={incident} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Notes of={incident.notes} />
        </Grid.Col>
      </Grid>
      <IncidentTimeline id={incident.id} />
      {open === 'contain' && <ContainDialog id={incident.id} onClose={close} />}
      {open === 'write' && <WriteDialog id={incident.id} onClose={close} />}
      {open === 'assign' && <AssignDialog id={incident.id} onClose={close} />}
      {open === 'close' && (
        <GestureDialog
          title={t.close}
          consequences={t.closeText(title)}
          ask={() => said(api.GET('/v1/incidents/{id}/closing', { params }))}
          askKey={['incident', incident.id, 'closing']}
          take={(body) => said(api.POST('/v1/incidents/{id}/close', { params, body }))}
          names={{ [incident.id]: title }}
          onDone={() => void queries.invalidateQueries({ queryKey: ['incidents'] })}
          onClose={close}
        />
      )}
    </Page>
  )
}

function Actions({ incident, onOpen }: { incident: IncidentView; onOpen: (open: Open) => void }) {
  const session = useSession()
  const over = incident.status === 'closed' ? t.isClosed : null
  const works = over ?? whyNot(session, 'alerts.work')
  const missing = (['contained', 'cause', 'lessons'] as const).filter((step) => incident[step] === null)
  const needs = missing.length === 0 ? null : t.needs(missing.map((step) => t.steps[step].toLowerCase()))
  return (
    <>
      <ActButton variant="default" whyNot={works} onClick={() => onOpen('assign')}>
        {t.assign}
      </ActButton>
      <ActButton variant="default" whyNot={works} onClick={() => onOpen('write')}>
        {t.write}
      </ActButton>
      <ActButton
        variant="default"
        whyNot={over ?? (incident.contained === null ? works : t.isContained)}
        onClick={() => onOpen('contain')}
      >
        {t.contain}
      </ActButton>
      <ActButton whyNot={over ?? needs ?? whyNot(session, 'second.person')} onClick={() => onOpen('close')}>
        {t.close}
      </ActButton>
    </>
  )
}

function About({ of }: { of: IncidentView }) {
  const names = useNames()
  const nameOf = (id: string) => names.get(id) ?? id
  return (
    <Paper withBorder p="md" component="section" h="100%">
      <Stack gap="sm">
        <Title order={2}>{t.about}</Title>
        <Pairs
          of={[
            [t.status, <State key="status" of={of.status} />],
            [t.severity, <State key="severity" of={of.severity} />],
            [t.kind, t.kinds[of.kind]],
            [t.agent, of.agent === null ? t.noAgent : <Subject key="agent" of={of.agent} names={names} />],
            [t.opener, nameOf(of.opener)],
            [t.opened, <Time key="opened" at={of.opened} />],
            [t.owner, of.owner === null ? t.nobody : nameOf(of.owner)],
            [
              t.alerts,
              of.alerts.length === 0 ? (
                t.alertsNone
              ) : (
                <Stack key="alerts" gap={2}>
                  {of.alerts.map((alert) => (
                    <Subject key={alert} of={alert} names={names} />
                  ))}
                </Stack>
              ),
            ],
          ]}
        />
      </Stack>
    </Paper>
  )
}
