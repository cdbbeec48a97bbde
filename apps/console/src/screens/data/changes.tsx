/** Pinned tools that a server lists with another definition: both side by side, and the gesture that pins the new one. @module */
import { Code, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { GestureButton } from '../../parts/approve.tsx'
import { Changes, changesOf } from '../../parts/changes.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { changesQuery, type ToolChange } from './queries.ts'

const t = words.data

export function ToolChanges() {
  const changes = useQuery(changesQuery)
  return (
    <Answer
      of={changes}
      empty={(data) => data.changes.length === 0}
      nothing={<Empty title={t.noChanges}>{t.noChangesText}</Empty>}
    >
      {(data) => (
        <Stack>
          {data.changes.map((change) => (
            <One key={change.id} change={change} />
          ))}
        </Stack>
      )}
    </Answer>
  )
}

function One({ change }: { change: ToolChange }) {
  const session = useSession()
  const names = useNames()
  const queries = useQueryClient()
  const { id, server, tool, was, becomes, proposer } = change
  const params = { path: { id } }
  const [before, after] = [definitionOf(was.definition), definitionOf(becomes.definition)]
  const about =
    before === null || after === null ? (
      <Text c="dimmed">{t.unknownDefinition}</Text>
    ) : (
      <Changes of={changesOf(before, after)} none={words.settings.policies.noChanges} />
    )
  return (
    <Section
      title={`${server}/${tool}`}
      lead={`${t.changeText} ${words.settings.proposer} ${names.get(proposer) ?? proposer}.`}
      actions={
        <GestureButton
          label={words.settings.approve}
          title={`${words.settings.approve}: ${server}/${tool}`}
          consequences={t.approveChange(`${server}/${tool}`)}
          about={about}
          look={{ size: 'sm', variant: 'filled' }}
          whyNot={whyNot(session, 'agents.approve')}
          ask={() => said(api.GET('/v1/tools/changes/{id}/approval', { params }))}
          askKey={['tool', id]}
          take={(body) => said(api.POST('/v1/tools/changes/{id}/approve', { params, body }))}
          names={Object.fromEntries(names)}
          onDone={() => {
            void queries.invalidateQueries({ queryKey: ['tools'] })
            void queries.invalidateQueries({ queryKey: ['labels'] })
          }}
        />
      }
    >
      <Title order={3}>{t.changes}</Title>
      {about}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Definition title={t.wasDefinition} of={was} />
        <Definition title={t.becomesDefinition} of={becomes} />
      </SimpleGrid>
    </Section>
  )
}

function Definition({ title, of }: { title: string; of: ToolChange['was'] }) {
  const definition = definitionOf(of.definition)
  return (
    <Stack gap={4}>
      <Title order={3}>{title}</Title>
      <Text className="mono" c="dimmed">
        {of.definition_hash}
      </Text>
      {definition === null ? (
        <Text c="dimmed">{t.unknownDefinition}</Text>
      ) : (
        <Code block className="wraps" tabIndex={0}>
          {JSON.stringify(definition, null, 2)}
        </Code>
      )}
    </Stack>
  )
}

function definitionOf(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
