/** Packs: built by the control plane, logged and signed; and verified in this browser. @module */
import { Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Download, PackagePlus, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { api, ApiFault, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Answer, Empty, NotYet } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { EntryLink } from './bits.tsx'
import { EvidencePage } from './frame.tsx'
import { givenBody, GivenFields, NOTHING_GIVEN } from './given.tsx'
import { PeriodPicker } from './period.tsx'
import { periodOf, useDays, useNames, type Days, type PackJob, type PackList, type Period } from './read.ts'
import { Separately, VerifyPanel, type Chosen } from './verify-panel.tsx'

const t = words.evidence.packs
/** While a pack is being built, in milliseconds. */
const LOOK_EVERY_MS = 700
const isOver = ({ now }: PackJob): boolean => now.state === 'done' || now.state === 'failed'

export function Packs() {
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const packs = useQuery({
    queryKey: ['packs'],
    queryFn: () => said(api.GET('/v1/evidence/packs')),
    refetchInterval: ({ state }) => (state.data?.jobs.every(isOver) === false ? LOOK_EVERY_MS : false),
  })
  return (
    <EvidencePage at="packs">
      <Build jobs={packs.data?.jobs ?? []} />
      <Answer of={packs}>
        {({ jobs }) =>
          jobs.length > 0 && (
            <Stack gap="sm" component="section">
              <Title order={2}>{t.yours}</Title>
              {jobs.map((job) => (
                <Job key={job.id} of={job} onVerify={setChosen} />
              ))}
            </Stack>
          )
        }
      </Answer>
      <VerifyPanel built={chosen} />
      <Separately />
      {packs.data !== undefined && <Recorded of={packs.data.packs} />}
    </EvidencePage>
  )
}

function Build({ jobs }: { jobs: readonly PackJob[] }) {
  const { days, log, error, again } = useDays()
  const [picked, setPicked] = useState<Days | null>(null)
  const [given, setGiven] = useState(NOTHING_GIVEN)
  const session = useSession()
  const queries = useQueryClient()
  const begun = useMutation({
    mutationFn: async (period: Period) => {
      const body = { ...period, ...(await givenBody(given)) }
      return said(api.POST('/v1/evidence/packs', { body }))
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['packs'] }),
  })
  const of = picked ?? days
  const refuse = whyNot(session, 'evidence.work') ?? (jobs.every(isOver) ? null : t.oneAtATime)
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.build}</Title>
        <Text size="sm">{t.buildText}</Text>
        {of === null ? (
          <NotYet error={error} again={again} rows={1} />
        ) : (
          <>
            <PeriodPicker days={of} log={log} onChange={setPicked} />
            <GivenFields
              of={given}
              kept={jobs.filter(({ now }) => now.state === 'done')}
              onChange={setGiven}
            />
            <Group>
              <ActButton
                whyNot={refuse}
                loading={begun.isPending}
                leftSection={<PackagePlus size={18} aria-hidden />}
                onClick={() => begun.mutate(periodOf(of))}
              >
                {t.buildNow}
              </ActButton>
            </Group>
          </>
        )}
        {begun.isError && (
          <Text c="red" role="alert">
            {faultText(begun.error)}
          </Text>
        )}
      </Stack>
    </Paper>
  )
}

function Job({ of, onVerify }: { of: PackJob; onVerify: (chosen: Chosen) => void }) {
  const { now, period } = of
  const name = t.packOf(period.from.slice(0, 10), period.to.slice(0, 10))
  return (
    <Paper withBorder p="md" component="article" aria-label={name}>
      <Stack gap="xs">
        <Group justify="space-between" gap="sm">
          <Title order={3}>{name}</Title>
          <State of={LOOKS[now.state]} label={t.states[now.state]} />
        </Group>
        {now.state === 'failed' && (
          <Text size="sm" role="alert">
            {now.message}
          </Text>
        )}
        {now.state === 'reading' && (
          <>
            <Text size="sm" role="status">
              {t.bundles(now.done, now.of)}
            </Text>
            <Progress value={(now.done / Math.max(1, now.of)) * 100} aria-label={t.progress} />
          </>
        )}
        {(now.state === 'waiting' || now.state === 'computing' || now.state === 'signing') && (
          <Progress value={100} animated aria-label={t.progress} />
        )}
        {now.state === 'done' && <Done id={of.id} name={name} now={now} onVerify={onVerify} />}
      </Stack>
    </Paper>
  )
}

const LOOKS = {
  waiting: 'waiting',
  reading: 'waiting',
  computing: 'waiting',
  signing: 'waiting',
  done: 'active',
  failed: 'refused',
} as const

function Done({
  id,
  name,
  now,
  onVerify,
}: {
  id: string
  name: string
  now: Extract<PackJob['now'], { state: 'done' }>
  onVerify: (chosen: Chosen) => void
}) {
  const { pack, entry } = now
  const href = `/v1/evidence/packs/${encodeURIComponent(id)}/file`
  return (
    <>
      <Text size="sm">
        {t.summary(count(pack.entries), count(pack.bytes), pack.tests.deviations ?? 0)} {t.loggedAs}{' '}
        <EntryLink index={entry} />. {t.pack[pack.state]}
      </Text>
      {pack.limitations.map(({ point, until, wanted }) => (
        <Text key={point} size="sm">
          {t.limitation(point, until, wanted)}
        </Text>
      ))}
      <Text size="xs" c="dimmed" className="mono">
        {t.sha256} {pack.sha256}
      </Text>
      <Group gap="sm">
        <Button
          component="a"
          href={href}
          download={`${name}.zip`}
          size="xs"
          variant="default"
          leftSection={<Download size={16} aria-hidden />}
        >
          {t.download}
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<ShieldCheck size={16} aria-hidden />}
          onClick={() => onVerify({ name: `${name}.zip`, bytes: () => bytesOf(href) })}
        >
          {t.verifyThis}
        </Button>
      </Group>
    </>
  )
}

async function bytesOf(href: string): Promise<ArrayBuffer> {
  const answer = await fetch(href)
  if (!answer.ok) throw new ApiFault(`HTTP_${answer.status}`, t.gone, answer.status)
  return answer.arrayBuffer()
}

function Recorded({ of }: { of: PackList['packs'] }) {
  const names = useNames()
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{t.recorded}</Title>
      <Text size="sm" c="dimmed">
        {t.recordedText}
      </Text>
      {of.length === 0 ? (
        <Empty title={t.none}>{t.noneText}</Empty>
      ) : (
        <Rows
          label={t.recorded}
          rows={of}
          keyOf={({ entry }) => String(entry)}
          columns={[
            { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
            { name: t.from, width: 'minmax(12.5rem, 1fr)', cell: ({ from }) => <Time at={from} /> },
            { name: t.to, width: 'minmax(12.5rem, 1fr)', cell: ({ to }) => <Time at={to} /> },
            { name: t.by, width: 'minmax(8rem, 1fr)', cell: ({ person }) => names.get(person) ?? person },
            { name: t.tree, width: '6rem', cell: ({ size }) => count(size) },
            {
              name: t.manifest,
              width: 'minmax(10rem, 2fr)',
              cell: ({ sha256 }) => (
                <span className="mono" title={sha256}>
                  {sha256}
                </span>
              ),
            },
          ]}
        />
      )}
    </Stack>
  )
}
