/** The kill switch: stop, drill, lift, look back. spec/kill.md. @module */
import { Alert, Button, Group, Stack, Tabs, Text } from '@mantine/core'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { OctagonX } from 'lucide-react'
import { ApiFault } from '../../api/client.ts'
import { useNow } from '../../parts/clock.ts'
import { useNames } from '../../parts/names.ts'
import { Page } from '../../parts/page.tsx'
import { NotYet, Stale, useFault } from '../../parts/states.tsx'
import { Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { DrillPage } from './drill-page.tsx'
import { Drills } from './drills.tsx'
import { KillHistory } from './kill-history.tsx'
import { KillProgress } from './kill-progress.tsx'
import { scopeText, switchQuery, type SignedKill, type Switch } from './kill-queries.ts'
import { Lifts } from './lifts.tsx'
import { Pull } from './pull.tsx'

const t = words.kill
const TABS = ['stop', 'lifts', 'drills', 'history'] as const

export function Kill() {
  const { mode, kill, drill } = useSearch({ from: '/inside/kill' })
  const navigate = useNavigate({ from: '/kill' })
  const tab = TABS.find((one) => one === mode) ?? 'stop'
  const state = useQuery(switchQuery)
  return (
    <Page title={t.title} lead={t.lead}>
      <InForceNow of={state} />
      <Tabs
        value={tab}
        onChange={(to) => void navigate({ search: to === null || to === 'stop' ? {} : { mode: to } })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t.tabs[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="stop">
          <Stack gap="lg">
            {kill !== undefined && <KillProgress id={kill} />}
            <Pull roster={state.data?.roster ?? undefined} isKnown={state.data !== undefined} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="drills">{drill === undefined ? <Drills /> : <DrillPage id={drill} />}</Tabs.Panel>
        <Tabs.Panel value="lifts">
          <Lifts />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <KillHistory />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

/** What was asked every few seconds is old by then, whether a request has failed or just does not end. */
const OLD_MS = 15_000

/** That nothing is stopped is not to be read from an empty place. */
function InForceNow({ of }: { of: UseQueryResult<Switch> }) {
  const now = useNow()
  const fault = useFault(of)
  const again = () => void of.refetch()
  if (of.data === undefined)
    return (
      <Stack gap="xs">
        <NotYet error={fault} again={again} rows={1} />
        {fault !== null && <Text size="sm">{t.notKnown}</Text>}
      </Stack>
    )
  const { kills } = of.data
  const isOld = fault !== null || now - of.dataUpdatedAt > OLD_MS
  const late = fault ?? new ApiFault('OFFLINE', words.shell.noAnswer, 0)
  return (
    <>
      {isOld && <Stale at={of.dataUpdatedAt} error={late} again={again} />}
      {isOld && kills.length === 0 && <Text size="sm">{t.noneThen}</Text>}
      {kills.length > 0 && <InForce kills={kills} />}
    </>
  )
}

/** Kills that are named; all are counted. */
const NAMED_MAX = 5

function InForce({ kills }: { kills: readonly SignedKill[] }) {
  const names = useNames()
  const navigate = useNavigate({ from: '/kill' })
  return (
    <Alert
      color="red"
      variant="filled"
      icon={<OctagonX aria-hidden />}
      title={t.inForceN(kills.length)}
      role="alert"
    >
      <Stack gap={4}>
        {kills.slice(-NAMED_MAX).map(({ kill }) => (
          <Group key={kill.id} gap="xs">
            <Text size="sm" fw={600}>
              {scopeText(kill.scope, names)}
            </Text>
            <Text size="sm" component="div">
              {kill.reason} · <Time at={kill.t} ago />
            </Text>
            <Button
              size="compact-xs"
              variant="white"
              color="red"
              onClick={() => void navigate({ search: { kill: kill.id } })}
            >
              {t.progress}
            </Button>
          </Group>
        ))}
        {kills.length > NAMED_MAX && <Text size="sm">{t.andMore(count(kills.length - NAMED_MAX))}</Text>}
        <Group mt={4}>
          <Button
            size="compact-sm"
            variant="white"
            color="red"
            onClick={() => void navigate({ search: { mode: 'lifts' } })}
          >
            {t.tabs.lifts}
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}
