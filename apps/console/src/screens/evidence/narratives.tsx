/** How controls work, in sentences that link to what they rest on; put before another person, who approves them. @module */
import { Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Empty } from '../../parts/states.tsx'
import { State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { EntryLink } from './bits.tsx'
import { useNames, useSeparated, type ControlOf, type Days, type Narrative } from './read.ts'

const t = words.evidence

export function Narratives({ controls, days }: { controls: readonly ControlOf[]; days: Days }) {
  const proposed = useQuery({ queryKey: ['narratives'], queryFn: () => said(api.GET('/v1/narratives')) })
  const told = controls.filter(({ narrative }) => narrative.length > 0)
  if (told.length === 0) return <Empty title={t.noNarratives}>{t.noNarrativesText}</Empty>
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t.narrativesLead}
      </Text>
      {told.map((control) => (
        <Told
          key={control.id}
          of={control}
          days={days}
          waiting={
            proposed.data?.narratives.find(
              (one) =>
                one.control === control.id &&
                one.approval === null &&
                one.digest === control.approved?.digest,
            ) ?? null
          }
          settled={proposed.data?.narratives.find(
            (one) =>
              one.control === control.id && one.approval !== null && one.digest === control.approved?.digest,
          )}
        />
      ))}
    </Stack>
  )
}

function Told({
  of,
  days,
  waiting,
  settled,
}: {
  of: ControlOf
  days: Days
  waiting: Narrative | null
  settled: Narrative | undefined
}) {
  return (
    <Paper withBorder p="md" component="article" aria-label={of.id}>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm" align="flex-start">
          <Title order={2}>
            {of.title}{' '}
            <Text span c="dimmed" className="mono">
              {of.id}
            </Text>
          </Title>
          <Standing of={of} waiting={waiting} settled={settled} />
        </Group>
        {of.narrative.map((sentence) => (
          <Sentence key={sentence.text} of={sentence} days={days} />
        ))}
        <Acts of={of} waiting={waiting} isSettled={settled !== undefined} />
      </Stack>
    </Paper>
  )
}

function Standing({
  of: { approved },
  waiting,
  settled,
}: {
  of: ControlOf
  waiting: Narrative | null
  settled: Narrative | undefined
}) {
  const names = useNames()
  if (approved?.approval?.current === true || settled !== undefined) {
    const approver = settled?.approver ?? approved?.approval?.approver ?? ''
    return <State of="approved" label={t.approvedBy(names.get(approver) ?? approver)} />
  }
  if (waiting !== null) return <State of="waiting" label={t.waitsForApproval} />
  return <State of="open" label={approved?.approval ? t.changedSince : t.notApproved} />
}

function Sentence({ of, days }: { of: ControlOf['narrative'][number]; days: Days }) {
  return (
    <Text size="sm">
      {of.text}{' '}
      {of.tests.map((number) => (
        <Text key={`t${number}`} span inherit>
          <TextLink
            to="/evidence/tests/$number"
            params={{ number: String(number) }}
            search={{ ...days }}
            inherit
            underline="always"
          >
            {t.test(number)}
          </TextLink>{' '}
        </Text>
      ))}
      {of.populations.map((name) => (
        <Text key={name} span inherit>
          <TextLink
            to="/evidence/populations/$name"
            params={{ name }}
            search={{ ...days }}
            inherit
            underline="always"
          >
            {name.replaceAll('_', ' ')}
          </TextLink>{' '}
        </Text>
      ))}
      {of.entries.slice(0, 6).map((index) => (
        <Text key={index} span inherit>
          <EntryLink index={index} isInText />{' '}
        </Text>
      ))}
    </Text>
  )
}

function Acts({ of, waiting, isSettled }: { of: ControlOf; waiting: Narrative | null; isSettled: boolean }) {
  const session = useSession()
  const isSeparated = useSeparated()
  const queries = useQueryClient()
  const [approving, setApproving] = useState(false)
  const again = () => void queries.invalidateQueries({ queryKey: ['narratives'] })
  const propose = useMutation({
    mutationFn: (digest: string) => said(api.POST('/v1/narratives', { body: { control: of.id, digest } })),
    onSuccess: again,
  })
  const digest = of.approved?.digest
  if (digest === undefined || isSettled || of.approved?.approval?.current === true) return null
  if (waiting === null)
    return (
      <Group gap="sm">
        <ActButton
          size="xs"
          variant="default"
          whyNot={whyNot(session, 'evidence.work')}
          loading={propose.isPending}
          onClick={() => propose.mutate(digest)}
        >
          {t.proposeNarrative}
        </ActButton>
        {propose.isError && (
          <Text size="sm" c="red" role="alert">
            {faultText(propose.error)}
          </Text>
        )}
      </Group>
    )
  const own = isSeparated && waiting.proposer === session.person.id
  const params = { path: { id: waiting.id } }
  return (
    <Group gap="sm">
      <ActButton
        size="xs"
        whyNot={own ? t.notOwnNarrative : whyNot(session, 'second.person')}
        onClick={() => setApproving(true)}
      >
        {t.approveNarrative}
      </ActButton>
      {approving && (
        <GestureDialog
          title={t.approveNarrative}
          consequences={t.approveNarrativeText(of.title)}
          ask={() => said(api.GET('/v1/narratives/{id}/approval', { params }))}
          askKey={['narrative', waiting.id]}
          take={(body) => said(api.POST('/v1/narratives/{id}/approve', { params, body }))}
          onDone={again}
          onClose={() => setApproving(false)}
        />
      )}
    </Group>
  )
}
