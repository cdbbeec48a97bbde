/** Labels that wait, in words, each beside the one in force; approved by gesture. @module */
import { Box, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { labelRows } from '../../../../server/pages/labels.js'
import { api, said } from '../../api/client.ts'
import { GestureButton } from '../../parts/approve.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { proposalsQuery, type Proposal } from './queries.ts'

const t = words.data

export function LabelProposals() {
  const proposals = useQuery(proposalsQuery)
  return (
    <Answer
      of={proposals}
      empty={(data) => data.proposals.length === 0}
      nothing={<Empty title={t.noProposals}>{t.noProposalsText}</Empty>}
    >
      {(data) => (
        <Stack>
          {data.proposals.map((proposal) => (
            <One key={proposal.id} proposal={proposal} />
          ))}
        </Stack>
      )}
    </Answer>
  )
}

function One({ proposal: { id, proposer, labels } }: { proposal: Proposal }) {
  const session = useSession()
  const names = useNames()
  const queries = useQueryClient()
  const params = { path: { id } }
  const about = <Labels of={labels} />
  return (
    <Section
      title={labels.map(({ server, name }) => `${server}/${name}`).join(', ')}
      lead={`${words.settings.proposer} ${names.get(proposer) ?? proposer}`}
      actions={
        <GestureButton
          label={words.settings.approve}
          title={words.settings.approve}
          consequences={t.approveLabels(labels.length)}
          about={about}
          look={{ size: 'sm', variant: 'filled' }}
          whyNot={whyNot(session, 'policies.approve')}
          ask={() => said(api.GET('/v1/labels/proposals/{id}/approval', { params }))}
          askKey={['labels', id]}
          take={(body) => said(api.POST('/v1/labels/proposals/{id}/approve', { params, body }))}
          names={Object.fromEntries(names)}
          onDone={() => void queries.invalidateQueries({ queryKey: ['labels'] })}
        />
      }
    >
      {about}
    </Section>
  )
}

function Labels({ of }: { of: Proposal['labels'] }) {
  return (
    <Stack gap="sm">
      {of.map(({ tool, definition_hash, label, server, name, was }) => (
        <Box key={tool} className="nested">
          <Title order={3}>{`${server}/${name}`}</Title>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Lines title={words.settings.policies.becomes} of={linesOf(tool, definition_hash, label)} />
            <Lines title={t.was} of={was === null ? [t.wasNone] : linesOf(tool, definition_hash, was)} />
          </SimpleGrid>
        </Box>
      ))}
    </Stack>
  )
}

/** The words of the ceremony's page. */
function linesOf(tool: string, definition_hash: string, label: unknown): readonly string[] {
  const [row] = labelRows([{ tool, definition_hash, label }], new Map()) as { lines: readonly string[] }[]
  return row?.lines ?? []
}

function Lines({ title, of }: { title: string; of: readonly string[] }) {
  return (
    <Stack gap={2}>
      <Text size="sm" c="dimmed">
        {title}
      </Text>
      {of.map((line) => (
        <Text key={line} size="sm">
          {line}
        </Text>
      ))}
    </Stack>
  )
}
