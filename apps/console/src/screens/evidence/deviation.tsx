/** A deviation: where it stands in the log, what management says of it, and the two things to do about it. @module */
import { Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Pairs, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { EntryLink, EntryLinks } from './bits.tsx'
import { EvaluateDialog, SignEvaluation } from './evaluate.tsx'
import { useSeparated, type Deviation, type Evaluation } from './read.ts'
import { OpenDeficiency } from './registers/open-deficiency.tsx'

const t = words.evidence

export function DeviationCard({
  n,
  of,
  criteria,
  evaluations,
}: {
  n: number
  of: Deviation
  criteria: readonly string[]
  evaluations: readonly Evaluation[]
}) {
  const session = useSession()
  const queries = useQueryClient()
  const [open, setOpen] = useState<'evaluate' | 'deficiency' | Evaluation | null>(null)
  const again = () => void queries.invalidateQueries({ queryKey: ['evaluations'] })
  const waiting = evaluations.filter(({ signed }) => signed === null)
  const refuse = whyNot(session, 'evidence.work')
  return (
    <Paper withBorder p="md" component="article" aria-label={t.deviationN(n)}>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm" align="flex-start">
          <Title order={3}>{t.deviationN(n)}</Title>
          <State of={of.evaluation === null ? 'open' : 'closed'} label={evaluated(of, waiting)} />
        </Group>
        <Text>{of.message}</Text>
        <Pairs
          of={[
            [t.entries, <EntryLinks key="entries" of={of.entries} />],
            [
              t.code,
              <Text key="code" span className="mono">
                {of.code}
              </Text>,
            ],
            [
              t.deviationId,
              <Text key="id" span className="mono">
                {of.id}
              </Text>,
            ],
          ]}
        />
        {of.evaluation !== null && <Signed of={of.evaluation} />}
        {waiting.map((one) => (
          <Waiting key={one.id} of={one} onSign={() => setOpen(one)} />
        ))}
        <Group gap="sm">
          <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => setOpen('evaluate')}>
            {t.evaluate}
          </ActButton>
          <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => setOpen('deficiency')}>
            {t.openDeficiency}
          </ActButton>
        </Group>
      </Stack>
      {open === 'evaluate' && (
        <EvaluateDialog deviation={of.id} onDone={again} onClose={() => setOpen(null)} />
      )}
      {open === 'deficiency' && (
        <OpenDeficiency
          deviation={of.id}
          criteria={criteria}
          entries={of.entries}
          onClose={() => setOpen(null)}
        />
      )}
      {open !== null && typeof open === 'object' && (
        <SignEvaluation of={open} onDone={again} onClose={() => setOpen(null)} />
      )}
    </Paper>
  )
}

function evaluated(of: Deviation, waiting: readonly Evaluation[]): string {
  if (of.evaluation !== null) return t.evaluated
  return waiting.length > 0 ? t.evaluationWaits : t.notEvaluated
}

function Signed({ of }: { of: NonNullable<Deviation['evaluation']> }) {
  return (
    <Paper bg="var(--mantine-color-default-hover)" p="sm">
      <Stack gap="xs">
        <Text size="sm" fw={600}>
          {t.managementSays} <Time at={of.signed} /> <EntryLink index={of.entry} />
          {of.acted_alone ? ` ${t.alone}` : ''}
        </Text>
        <Pairs
          of={[
            [t.cause, of.cause],
            [t.extent, of.extent],
            [t.compensating, of.compensating ?? words.values.none],
            [t.effect, of.effect],
            [
              t.remediation,
              of.remediation === null ? (
                words.values.none
              ) : (
                <TextLink
                  key="remediation"
                  to="/evidence/registers"
                  search={{ show: 'deficiencies', id: of.remediation }}
                >
                  {of.remediation}
                </TextLink>
              ),
            ],
          ]}
        />
      </Stack>
    </Paper>
  )
}

function Waiting({ of, onSign }: { of: Evaluation; onSign: () => void }) {
  const session = useSession()
  const isSeparated = useSeparated()
  const refuse =
    isSeparated && of.proposer === session.person.id ? t.notOwnEvaluation : whyNot(session, 'second.person')
  return (
    <Group gap="sm" justify="space-between">
      <Text size="sm">
        {t.draftWaits}: {of.said.cause}
      </Text>
      <ActButton size="xs" whyNot={refuse} onClick={onSign}>
        {t.sign}
      </ActButton>
    </Group>
  )
}
