/** The review desk: the output as it leaves, what changed, what fed it; time in view; refuse, or attest by a gesture. @module */
import { Alert, Badge, Button, Grid, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Eye } from 'lucide-react'
import { useEffect, useState } from 'react'
import { StatementDialog } from '../../gesture/statement-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { KeyHelp } from '../../parts/key-help.tsx'
import { useKeys } from '../../parts/keys.ts'
import { ButtonLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { Pairs } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import type { Opened } from './output.tsx'
import { kindText, standingOf, type About } from './output-queries.ts'
import { attest, endOf, see, turnDown, type End } from './review-checks.ts'
import { ReviewedOutput, Sources } from './review-parts.tsx'

const t = words.outputs
const SEEN_EVERY_MS = 2_000

export function ReviewDesk({ about, opened }: { about: About; opened: Opened }) {
  const queries = useQueryClient()
  const [end, setEnd] = useState<End | null>(null)
  const finish = (to: End) => {
    setEnd(to)
    void queries.invalidateQueries({ queryKey: ['outputs'] })
  }
  if (end !== null) return <Ended end={end} />
  return <Desk about={about} opened={opened} onEnd={finish} />
}

function Ended({ end }: { end: End }) {
  const [title, text] = t.ends[end]
  return (
    <Page title={title} actions={<ButtonLink to="/outputs">{t.back}</ButtonLink>}>
      <Text role="status" data-end={end}>
        {text}
      </Text>
    </Page>
  )
}

function Desk({ about, opened, onEnd }: { about: About; opened: Opened; onEnd: (end: End) => void }) {
  const session = useSession()
  const navigate = useNavigate()
  const { output, names } = about
  const [asking, setAsking] = useState(false)
  const [refusing, setRefusing] = useState(false)
  const [changes, setChanges] = useState(false)
  const looked_ms = useLook(opened.review, onEnd)
  const refusal = useMutation({
    mutationFn: () => turnDown(opened.review),
    onSuccess: onEnd,
  })
  const refuse = whyNot(session, 'outputs.attest')
  const hasDraft = opened.view.difference.distance > 0
  useKeys({
    r: () => setRefusing(true),
    Escape: () => void navigate({ to: '/outputs' }),
    ...(hasDraft ? { d: () => setChanges(!changes) } : {}),
  })
  return (
    <Page
      title={t.reviewTitle(kindText(output.kind))}
      lead={
        <Group gap="xs">
          <Text span>{names[output.agent ?? output.registrar] ?? output.agent}</Text>
          <Looked ms={looked_ms} />
        </Group>
      }
      actions={
        <>
          <Button color="red" variant="outline" onClick={() => setRefusing(true)}>
            {t.refuse}
          </Button>
          <ActButton whyNot={refuse} onClick={() => setAsking(true)}>
            {t.attest}
          </ActButton>
        </>
      }
    >
      <Stack gap="md">
        <KeyHelp label={t.keys} keys={t.keysDesk.filter(([key]) => key !== 'd' || hasDraft)} />
        {(output.flagged > 0 || output.refusals > 0) && (
          <Alert color="yellow">{standingOf(output, session.now)}</Alert>
        )}
        <Grid>
          <Grid.Col span={{ base: 12, lg: 8 }}>
            <ReviewedOutput
              opened={opened}
              form={output.form}
              changes={changes}
              onChanges={() => setChanges(!changes)}
            />
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4 }}>
            <Sources view={opened.view} names={names} />
          </Grid.Col>
        </Grid>
      </Stack>
      {refusing && (
        <FormDialog
          title={t.refuseTitle}
          lead={t.refuseText}
          submit={t.refuse}
          danger
          pending={refusal.isPending}
          error={refusal.error}
          onSubmit={() => refusal.mutate()}
          onClose={() => setRefusing(false)}
        />
      )}
      {asking && (
        <AttestDialog about={about} review={opened.review} onEnd={onEnd} onClose={() => setAsking(false)} />
      )}
    </Page>
  )
}

/** Since when somebody looks at it, as the control plane counts. */
function Looked({ ms }: { ms: number }) {
  return (
    <Badge
      variant="light"
      color="gray"
      tt="none"
      size="lg"
      leftSection={<Eye size={14} aria-hidden />}
      title={t.lookingPaused}
      data-testid="looked"
    >
      {t.looked(`${Math.floor(ms / 1_000)} s`)}
    </Badge>
  )
}

/** Says that it is in view for as long as it is (ATT-22). */
function useLook(review: string, onEnd: (end: End) => void): number {
  const [ms, setMs] = useState(0)
  useEffect(() => {
    let isOver = false
    const timer = setInterval(() => {
      if (document.visibilityState !== 'visible' || !document.hasFocus()) return
      see(review).then(
        (counted) => !isOver && setMs(counted),
        (error: unknown) => {
          const end = endOf(error)
          if (!isOver && end !== null) onEnd(end)
        },
      )
    }, SEEN_EVERY_MS)
    return () => {
      isOver = true
      clearInterval(timer)
    }
    // One desk is one review: what ends it is not begun again for.
  }, [review])
  return ms
}

function AttestDialog({
  about,
  review,
  onEnd,
  onClose,
}: {
  about: About
  review: string
  onEnd: (end: End) => void
  onClose: () => void
}) {
  const session = useSession()
  const { output, subject, names } = about
  return (
    <StatementDialog
      title={t.attest}
      consequences={t.attestText(kindText(output.kind))}
      sign={async (): Promise<End> => {
        try {
          return await attest(session, about, review)
        } catch (error) {
          const end = endOf(error)
          if (end === null) throw error
          return end
        }
      }}
      onDone={onEnd}
      onClose={onClose}
    >
      <Pairs
        of={[
          ...subject.flatMap((one) => [
            [t.called, one.name] as const,
            [
              'SHA-256',
              <Text key={one.digest.sha256} className="mono" span>
                {one.digest.sha256}
              </Text>,
            ] as const,
          ]),
          [t.output, output.id],
          [t.registrar, names[output.registrar] ?? output.registrar],
        ]}
      />
    </StatementDialog>
  )
}
