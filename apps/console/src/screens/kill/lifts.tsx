/** What is in force and its lifts, gesture by gesture, and who may make them. spec/kill.md (KIL-4 to KIL-6, KIL-15). @module */
import { Group, List, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { useNames } from '../../parts/names.ts'
import { ReasonDialog } from '../../parts/reason-dialog.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { scopeText, switchQuery, type Lift, type Switch } from './kill-queries.ts'

const t = words.kill

/** What waits for a gesture stands first. */
export function Lifts() {
  const state = useQuery(switchQuery)
  return (
    <Answer of={state}>
      {(data) => (
        <Stack gap="lg">
          {data.lifts.length > 0 && <Waiting of={data} />}
          <InForce of={data} />
          {data.lifts.length === 0 && <Waiting of={data} />}
          <Roster of={data} />
        </Stack>
      )}
    </Answer>
  )
}

function InForce({ of }: { of: Switch }) {
  const session = useSession()
  const names = useNames()
  const [lifting, setLifting] = useState<readonly string[] | null>(null)
  const refuse = of.roster === null ? t.rosterNone : whyNot(session, 'kill')
  return (
    <Stack gap="sm" component="section">
      <Group justify="space-between">
        <Title order={2}>{t.inForce}</Title>
        {of.kills.length > 1 && (
          <ActButton
            size="xs"
            variant="default"
            whyNot={refuse}
            onClick={() => setLifting(of.kills.slice(0, 64).map(({ kill }) => kill.id))}
          >
            {t.lift} · {t.killsN(of.kills.length)}
          </ActButton>
        )}
      </Group>
      {of.kills.length === 0 && (
        <Text c="dimmed">
          {t.none}. {t.noneText}
        </Text>
      )}
      {of.kills.map(({ kill, by }) => (
        <Paper key={kill.id} withBorder p="md">
          <Group justify="space-between" gap="sm">
            <Stack gap={2}>
              <Text fw={600}>{scopeText(kill.scope, names)}</Text>
              <Text size="sm" c="dimmed" component="div">
                {kill.reason} · <Time at={kill.t} /> · {t.by} {t.bys[by]}
              </Text>
              <Id of={kill.id} />
            </Stack>
            <ActButton variant="default" whyNot={refuse} onClick={() => setLifting([kill.id])}>
              {t.lift}
            </ActButton>
          </Group>
        </Paper>
      ))}
      {lifting !== null && <BeginLift kills={lifting} onClose={() => setLifting(null)} />}
    </Stack>
  )
}

export function BeginLift({ kills, onClose }: { kills: readonly string[]; onClose: () => void }) {
  const queries = useQueryClient()
  const begun = useMutation({
    mutationFn: (reason: string) => said(api.POST('/v1/lifts', { body: { kills: [...kills], reason } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['kills'] })
      onClose()
    },
  })
  return (
    <ReasonDialog
      title={t.lift}
      consequences={t.liftText(t.killsN(kills.length))}
      usual={t.liftReasons}
      take={(reason) => begun.mutate(reason)}
      pending={begun.isPending}
      error={begun.error}
      onClose={onClose}
    />
  )
}

function Waiting({ of }: { of: Switch }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{t.lifts}</Title>
      {of.lifts.length === 0 && (
        <Text c="dimmed">
          {t.liftsNone}. {t.liftsNoneText}
        </Text>
      )}
      {of.lifts.map((lift) => (
        <WaitingLift key={lift.id} lift={lift} of={of} />
      ))}
    </Stack>
  )
}

export function WaitingLift({ lift, of }: { lift: Lift; of: Switch }) {
  const session = useSession()
  const queries = useQueryClient()
  const names = useNames()
  const [signing, setSigning] = useState(false)
  const params = { path: { id: lift.id } }
  const scopes = new Map(of.kills.map(({ kill }) => [kill.id, scopeText(kill.scope, names)]))
  const refuse = lift.made.includes(session.person.id) ? t.isSigned : whyNot(session, 'second.person')
  return (
    <Paper withBorder p="md">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Pairs
          of={[
            [t.liftedKills, lift.kills.map((id) => scopes.get(id) ?? id).join(', ')],
            [
              t.signedBy,
              lift.made.length === 0 ? t.nobody : lift.made.map((id) => names.get(id) ?? id).join(', '),
            ],
            [t.status, t.missing(lift.missing)],
            [t.expires, <Time key="expires" at={lift.expires} />],
          ]}
        />
        <ActButton whyNot={refuse} onClick={() => setSigning(true)}>
          {t.sign}
        </ActButton>
      </Group>
      {signing && (
        <GestureDialog
          title={t.sign}
          consequences={t.signText(lift.missing)}
          ask={() => said(api.GET('/v1/lifts/{id}', { params }))}
          askKey={['lift', lift.id]}
          take={(body) => said(api.POST('/v1/lifts/{id}/sign', { params, body }))}
          names={Object.fromEntries(scopes)}
          onDone={() => void queries.invalidateQueries({ queryKey: ['kills'] })}
          onClose={() => setSigning(false)}
        />
      )}
    </Paper>
  )
}

function Roster({ of: { roster, names } }: { of: Switch }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{t.roster}</Title>
      {roster === null ? (
        <Empty title={t.rosterNone}>{t.rosterNoneText}</Empty>
      ) : (
        <Paper withBorder p="md">
          <Stack gap="sm">
            <Text>{t.rosterText(roster.roster.m, roster.roster.people.length)}</Text>
            <Pairs
              of={[
                [
                  t.people,
                  <List key="people" listStyleType="none">
                    {roster.roster.people.map(({ rev }) => (
                      <List.Item key={rev}>
                        <Id of={rev} name={names[rev] ?? t.unknownPerson} />
                      </List.Item>
                    ))}
                  </List>,
                ],
                [t.seq, String(roster.roster.seq)],
                [t.since, <Time key="since" at={roster.roster.t} />],
              ]}
            />
          </Stack>
        </Paper>
      )}
    </Stack>
  )
}
