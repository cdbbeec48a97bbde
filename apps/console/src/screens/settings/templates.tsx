/** Templates: what a class of agents may be given at most, and what a proposal changes of it. @module */
import { Grid, Group, Stack, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton } from '../../parts/approve.tsx'
import { Changes } from '../../parts/changes.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { SettingsPage } from './frame.tsx'
import { ProposeJson } from './propose-json.tsx'
import { TemplateWords } from './template-words.tsx'

const t = words.settings.templates

type Template =
  paths['/v1/templates']['get']['responses'][200]['content']['application/json']['templates'][number]

export function Templates() {
  const session = useSession()
  const queries = useQueryClient()
  const { id } = useSearch({ from: '/inside/settings/templates' })
  const [proposing, setProposing] = useState(false)
  const templates = useQuery({ queryKey: ['templates'], queryFn: () => said(api.GET('/v1/templates')) })
  const again = () => void queries.invalidateQueries({ queryKey: ['templates'] })
  const all = templates.data?.templates ?? []
  const picked = all.find((one) => one.id === id) ?? all.find(({ status }) => status === 'proposed') ?? all[0]
  return (
    <SettingsPage
      part="templates"
      actions={
        <ActButton whyNot={whyNot(session, 'policies.propose')} onClick={() => setProposing(true)}>
          {words.settings.propose}
        </ActButton>
      }
    >
      <Answer
        of={templates}
        empty={(data) => data.templates.length === 0}
        nothing={<Empty title={t.none}>{t.noneText}</Empty>}
      >
        {(data) => (
          <Grid>
            <Grid.Col span={{ base: 12, lg: 5 }}>
              <List templates={data.templates} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, lg: 7 }}>
              {picked !== undefined && <One key={picked.id} id={picked.id} onDone={again} />}
            </Grid.Col>
          </Grid>
        )}
      </Answer>
      {proposing && (
        <ProposeJson
          title={words.settings.propose}
          lead={t.proposeText}
          start={picked?.template ?? {}}
          propose={(template) => said(api.POST('/v1/templates', { body: template as never }))}
          onDone={again}
          onClose={() => setProposing(false)}
        />
      )}
    </SettingsPage>
  )
}

function List({ templates }: { templates: readonly Template[] }) {
  const names = useNames()
  return (
    <Section title={words.settings.parts.templates}>
      <Listing<Template>
        minWidth={420}
        label={words.settings.parts.templates}
        rows={templates}
        keyOf={({ id }) => id}
        none={t.none}
        columns={[
          {
            name: t.class,
            cell: ({ id, template }) => (
              <TextLink to="/settings/templates" search={{ id }}>
                {String(template['class'])}
              </TextLink>
            ),
          },
          { name: words.settings.status, cell: ({ status }) => <State of={status} /> },
          { name: words.settings.proposer, cell: ({ proposer }) => names.get(proposer) ?? proposer },
        ]}
      />
    </Section>
  )
}

function One({ id, onDone }: { id: string; onDone: () => void }) {
  const session = useSession()
  const names = useNames()
  const params = { path: { id } }
  const template = useQuery({
    queryKey: ['templates', id],
    queryFn: () => said(api.GET('/v1/templates/{id}', { params })),
  })
  return (
    <Answer of={template}>
      {(data) => {
        const kind = String(data.template['class'])
        const changes = <Changes of={data.changes} none={t.nothing} />
        return (
          <Section
            title={kind}
            lead={
              <Group gap="xs">
                <State of={data.status} />
                <TextLink to="/log/$index" params={{ index: String(data.proposal) }} size="sm">
                  {words.log.entry(String(data.proposal))}
                </TextLink>
              </Group>
            }
            actions={
              data.status === 'proposed' && (
                <GestureButton
                  label={words.settings.approve}
                  title={`${words.settings.approve}: ${kind}`}
                  consequences={t.approveText(kind)}
                  about={changes}
                  look={{ size: 'sm', variant: 'filled' }}
                  whyNot={whyNot(session, 'policies.approve')}
                  ask={() => said(api.GET('/v1/templates/{id}/approval', { params }))}
                  askKey={['template', id]}
                  take={(body) => said(api.POST('/v1/templates/{id}/approve', { params, body }))}
                  names={Object.fromEntries(names)}
                  onDone={onDone}
                />
              )
            }
          >
            {data.status === 'proposed' && (
              <Stack gap="xs">
                <Title order={3}>{t.changes}</Title>
                {changes}
              </Stack>
            )}
            <Title order={3}>{t.what}</Title>
            <TemplateWords template={data.template} names={names} />
          </Section>
        )
      }}
    </Answer>
  )
}
