/** One output: how it stands; and the review desk over it. spec/outputs.md (OUT-10, OUT-11). @module */
import { Alert, Grid, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ButtonLink, TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Page } from '../../parts/page.tsx'
import { Seen } from '../../parts/seen.tsx'
import { Answer } from '../../parts/states.tsx'
import { Subject } from '../../parts/subject.tsx'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { kindText, outputQuery, standingOf, type About } from './output-queries.ts'
import { endOf, isContent, type End } from './review-checks.ts'
import { ReviewDesk } from './review-desk.tsx'

const t = words.outputs

export function Output() {
  const { id } = useParams({ from: '/inside/outputs/$id' })
  const output = useQuery(outputQuery(id))
  return <Answer of={output}>{(about) => <OutputPage key={id} about={about} />}</Answer>
}

function OutputPage({ about }: { about: About }) {
  const { output } = about
  const desk = useMutation({ mutationFn: () => openDesk(about) })
  if (desk.data !== undefined && typeof desk.data === 'object')
    return <ReviewDesk about={about} opened={desk.data} />
  const end: End | null = desk.isError ? endOf(desk.error) : typeof desk.data === 'string' ? desk.data : null
  return (
    <Page
      title={kindText(output.kind)}
      lead={<Id of={output.id} />}
      actions={<Actions about={about} isBusy={desk.isPending} onReview={() => desk.mutate()} />}
    >
      {end !== null && (
        <Alert color="yellow" title={t.ends[end][0]} role="alert">
          {t.ends[end][1]}
        </Alert>
      )}
      {desk.isError && end === null && (
        <Alert color="red" role="alert">
          {desk.error.message}
        </Alert>
      )}
      {output.seed !== null && <Alert color="blue">{t.seeds[output.seed]}</Alert>}
      <Grid>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <How about={about} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <What about={about} />
        </Grid.Col>
      </Grid>
    </Page>
  )
}

/** Opens the desk; what cannot be looked at is said instead. */
async function openDesk({ output, subject }: About) {
  const { review } = await said(api.POST('/v1/outputs/{id}/reviews', { params: { path: { id: output.id } } }))
  const view = await said(api.GET('/v1/reviews/{id}', { params: { path: { id: review } } }))
  if (view.content === null) return 'erased' as const
  if (!(await isContent(view.content, subject))) return 'mismatch' as const
  return { review, view, content: view.content }
}

export type Opened = Exclude<Awaited<ReturnType<typeof openDesk>>, string>

function Actions({ about, isBusy, onReview }: { about: About; isBusy: boolean; onReview: () => void }) {
  const session = useSession()
  const { output } = about
  const isOver = output.released !== null || output.attestation !== null || output.seed !== null
  return (
    <>
      <ButtonLink to="/outputs" variant="default" leftSection={<ArrowLeft size={16} aria-hidden />}>
        {t.back}
      </ButtonLink>
      <ActButton
        whyNot={isOver ? t.cannotReview : whyNot(session, 'outputs.attest')}
        loading={isBusy}
        onClick={onReview}
      >
        {t.review}
      </ActButton>
    </>
  )
}

function How({ about: { output, names } }: { about: About }) {
  const session = useSession()
  const isOver = output.released !== null || output.attestation !== null
  return (
    <Paper withBorder p="md" component="section" h="100%">
      <Stack gap="sm">
        <Title order={2}>{t.about}</Title>
        <Pairs
          of={[
            ...(isOver ? [] : [[t.standing, standingOf(output, session.now)] as const]),
            [t.agent, <Subject key="agent" of={output.agent ?? output.registrar} names={names} />],
            [t.registered, <Time key="registered" at={output.registered} />],
            [t.released, output.released === null ? t.notReleased : <Time key="left" at={output.released} />],
            [t.role, output.role === null ? t.notAttested : t.roles[output.role]],
            [t.attestation, output.attestation === null ? '–' : <Id key="att" of={output.attestation} />],
            [
              t.asks,
              output.asks === null
                ? t.asksNothing
                : t.asksText(t.roles[output.asks.minimum], output.asks.release),
            ],
            ...(output.refusals === 0 ? [] : [[t.refusals, t.times(output.refusals)] as const]),
          ]}
        />
        {!isOver && (
          <Text size="sm" c="dimmed">
            {t.reviewText}
          </Text>
        )}
      </Stack>
    </Paper>
  )
}

function What({ about: { output, subject, names } }: { about: About }) {
  const known = useNames()
  return (
    <Paper withBorder p="md" component="section" h="100%">
      <Stack gap="sm">
        <Title order={2}>{t.digests}</Title>
        <Pairs
          of={[
            [t.kind, kindText(output.kind)],
            ...subject.flatMap((one) => [
              [t.called, <Seen key={`${one.name}-name`} of={one.name} />] as const,
              ['SHA-256', <Id key={`${one.name}-sha`} of={one.digest.sha256} />] as const,
            ]),
            [t.system, output.system === null ? '–' : (known.get(output.system) ?? output.system)],
            [t.registrar, <Id key="registrar" of={output.registrar} name={names[output.registrar]} />],
          ]}
        />
        <Group>
          <TextLink to="/outputs" search={{ show: 'all' }} size="sm">
            {t.tabs.all}
          </TextLink>
        </Group>
      </Stack>
    </Paper>
  )
}
