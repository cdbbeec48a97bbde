/** One data subject: what they agreed to, who used their data, what they asked for, and how far a withdrawal has reached. @module */
import { Group, List, SimpleGrid, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ConfirmButton } from '../../parts/approve.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Page } from '../../parts/page.tsx'
import { SecretDialog } from '../../parts/secret.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { termLabel } from '../../parts/terms.ts'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { AddRequest } from './add-request.tsx'
import { Cascades } from './cascades.tsx'
import { ConsentList } from './consent-list.tsx'
import { Disclosures } from './disclosures.tsx'
import { Objection } from './objection.tsx'
import { cascadesQuery, subjectQuery, type SubjectView } from './queries.ts'
import { RequestList } from './requests.tsx'

const t = words.consents

export function Subject() {
  const { id } = useParams({ from: '/inside/consents/$id' })
  const subject = useQuery(subjectQuery(id))
  return <Answer of={subject}>{(data) => <SubjectPage subject={data} />}</Answer>
}

type Open = 'object' | 'request' | 'link' | null

function SubjectPage({ subject }: { subject: SubjectView }) {
  const refuse = whyNot(useSession(), 'privacy.work')
  const queries = useQueryClient()
  const [open, setOpen] = useState<Open>(null)
  const id = subject.subject
  const close = () => setOpen(null)
  const again = () => {
    void queries.invalidateQueries({ queryKey: subjectQuery(id).queryKey })
    void queries.invalidateQueries({ queryKey: cascadesQuery(id).queryKey })
  }
  const act = (label: string, name: Open) => (
    <ActButton variant="default" whyNot={refuse} onClick={() => setOpen(name)}>
      {label}
    </ActButton>
  )
  return (
    <Page
      title={t.subject}
      lead={<Id of={id} />}
      actions={
        <>
          {act(t.link, 'link')}
          {act(t.addRequest, 'request')}
          {act(t.object, 'object')}
        </>
      }
    >
      <ConsentList consents={subject.consents} refuse={refuse} onDone={again} />
      <Cascades subject={id} />
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <KnownBy subject={subject} refuse={refuse} onDone={again} />
        <Objections subject={subject} />
      </SimpleGrid>
      <Section title={t.requests}>
        <RequestList requests={subject.requests} refuse={refuse} onDone={again} />
      </Section>
      <Disclosures of={subject.disclosures} />
      {open === 'object' && (
        <Objection subject={id} consents={subject.consents} onDone={again} onClose={close} />
      )}
      {open === 'request' && <AddRequest subject={id} onDone={again} onClose={close} />}
      {open === 'link' && <OwnPage subject={id} onClose={close} />}
    </Page>
  )
}

function KnownBy({
  subject: { subject: id, identifiers, jurisdiction, hasPasskey },
  refuse,
  onDone,
}: {
  subject: SubjectView
  refuse: string | null
  onDone: () => void
}) {
  return (
    <Section title={t.who}>
      <Pairs
        of={[
          [t.jurisdiction, jurisdiction],
          [t.hasPasskey, hasPasskey ? words.values.yes : words.values.no],
          ...identifiers.map(
            ({ entry, system, value }) =>
              [
                system ?? t.identifier,
                <Group key={entry} gap="xs">
                  {value}
                  <ConfirmButton
                    label={t.removeIdentifier}
                    consequences={t.removeIdentifierText}
                    whyNot={refuse}
                    run={() =>
                      said(
                        api.POST('/v1/data-subjects/{id}/identifiers/remove', {
                          params: { path: { id } },
                          body: { entry },
                        }),
                      )
                    }
                    onDone={onDone}
                  />
                </Group>,
              ] as const,
          ),
        ]}
      />
    </Section>
  )
}

function Objections({ subject: { objections } }: { subject: SubjectView }) {
  return (
    <Section title={t.objections}>
      {objections.length === 0 ? (
        <Text c="dimmed">{t.noObjections}</Text>
      ) : (
        <List size="sm">
          {objections.map(({ entry, time, purposes }) => (
            <List.Item key={entry}>
              <Time at={time} />: {purposes === null ? t.everyPurpose : purposes.map(termLabel).join(', ')}
            </List.Item>
          ))}
        </List>
      )}
    </Section>
  )
}

/** A link that is as good as the person: shown once, after what it opens was said. */
function OwnPage({ subject: id, onClose }: { subject: string; onClose: () => void }) {
  const made = useMutation({
    mutationFn: () => said(api.POST('/v1/data-subjects/{id}/links', { params: { path: { id } } })),
  })
  if (made.data !== undefined)
    return (
      <SecretDialog
        title={t.linkTitle}
        text={t.linkText}
        secrets={[[t.link, made.data.url]]}
        onClose={onClose}
      />
    )
  return (
    <FormDialog
      title={t.link}
      lead={t.linkText}
      submit={t.link}
      pending={made.isPending}
      error={made.error}
      onSubmit={() => made.mutate()}
      onClose={onClose}
    />
  )
}
