/** One entry: what it says, and its proof, verified here. @module */
import { Accordion, Code, Grid, Group, Paper, ScrollArea, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { api, said } from '../../api/client.ts'
import { JsonPairs } from '../../parts/json-pairs.tsx'
import { ButtonLink, TextLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { asEntry, meaningOf, saysOf, typeLabel, type ListedEntry } from './says.ts'
import { NotShown, useVerdict, VerdictPanel } from './verdict.tsx'

const t = words.log

export function Entry() {
  const { index } = useParams({ from: '/inside/log/$index' })
  const found = useQuery({
    queryKey: ['log', 'entry', index],
    queryFn: () => said(api.GET('/v1/log/entries/{index}', { params: { path: { index: index as never } } })),
    staleTime: 60_000,
  })
  // The index that was asked for: an answer about another entry does not hold.
  const verdict = useVerdict(['entry', index], found.data && { ...found.data, index: Number(index) })
  const at = Number(index)
  return (
    <Page
      title={t.entry(index)}
      lead={found.data && typeLabel(asEntry(found.data).entry.type)}
      actions={
        <>
          {at > 0 && (
            <ButtonLink
              variant="default"
              to="/log/$index"
              params={{ index: String(at - 1) }}
              leftSection={<ChevronLeft size={16} aria-hidden />}
            >
              {t.previous}
            </ButtonLink>
          )}
          {at + 1 < (found.data?.size ?? Infinity) && (
            <ButtonLink
              variant="default"
              to="/log/$index"
              params={{ index: String(at + 1) }}
              rightSection={<ChevronRight size={16} aria-hidden />}
            >
              {t.next}
            </ButtonLink>
          )}
        </>
      }
    >
      <Answer of={found}>
        {(data) => (
          <Grid>
            <Grid.Col span={{ base: 12, lg: 7 }}>
              <What entry={asEntry(data).entry} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, lg: 5 }}>
              <Stack>
                <Paper withBorder p="md" component="section">
                  <Stack gap="sm">
                    <Title order={2}>{t.proof}</Title>
                    <VerdictPanel of={verdict} />
                  </Stack>
                </Paper>
                <NotShown />
              </Stack>
            </Grid.Col>
          </Grid>
        )}
      </Answer>
    </Page>
  )
}

function What({ entry }: { entry: ListedEntry }) {
  const names = useNames()
  const { type, time, actor, subject, body, commitments } = entry
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="md">
        <Stack gap="sm">
          <Title order={2}>{t.what}</Title>
          <Text>{meaningOf(type)}</Text>
          {saysOf(entry) !== meaningOf(type) && <Text fw={600}>{saysOf(entry)}</Text>}
          <Pairs
            of={[
              [
                t.type,
                <Group key="type" gap="xs">
                  {typeLabel(type)}
                  <TextLink to="/log" search={{ type }} size="sm">
                    {t.all}
                  </TextLink>
                </Group>,
              ],
              [t.time, <Time key="time" at={time} />],
              [t.by, <Id key="actor" of={actor.id} name={names.get(actor.id) ?? actor.kind} />],
              ...(subject === undefined
                ? []
                : [[t.about, <Id key="subject" of={subject} name={names.get(subject)} />] as const]),
            ]}
          />
        </Stack>
        <Stack gap="sm">
          <Title order={2}>{t.body}</Title>
          {Object.keys(body).length === 0 ? (
            <Text c="dimmed">{t.emptyBody}</Text>
          ) : (
            <JsonPairs of={body} names={names} />
          )}
        </Stack>
        {commitments !== undefined && (
          <Stack gap="sm">
            <Title order={2}>{t.sealed}</Title>
            <Text size="sm" c="dimmed">
              {t.sealedText}
            </Text>
            <JsonPairs of={commitments} names={names} />
          </Stack>
        )}
        <Accordion variant="contained">
          <Accordion.Item value="raw">
            <Accordion.Control>{t.raw}</Accordion.Control>
            <Accordion.Panel>
              <ScrollArea.Autosize mah={420} type="auto">
                <Code block tabIndex={0}>
                  {JSON.stringify(entry, null, 2)}
                </Code>
              </ScrollArea.Autosize>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      </Stack>
    </Paper>
  )
}
