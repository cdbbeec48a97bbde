/** People: who is here, what they hold, what each role may do. @module */
import { Badge, Group, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton, ReasonButton } from '../../parts/approve.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { ShowTabs } from '../../parts/tabs.tsx'
import { Id, State } from '../../parts/values.tsx'
import { useSession, whyNot, type Session } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { peopleQuery } from '../../parts/names.ts'
import { SettingsPage } from './frame.tsx'
import { Invite } from './invite.tsx'
import { Matrix } from './matrix.tsx'
import { OwnPasskeys, PasskeysOf } from './passkeys.tsx'
import { ProposeRole } from './propose-role.tsx'
import { Recover } from './recover.tsx'
import { Roles, rolesQuery, type RoleView } from './roles.tsx'

const t = words.settings.people

export type Person =
  paths['/v1/people']['get']['responses'][200]['content']['application/json']['people'][number]
const SHOWN = ['people', 'passkeys', 'roles', 'matrix'] as const

export function People() {
  const session = useSession()
  const { show } = useSearch({ from: '/inside/settings/people' })
  const navigate = useNavigate({ from: '/settings/people' })
  const shown = SHOWN.find((name) => name === show) ?? 'people'
  const people = useQuery(peopleQuery)
  const roles = useQuery(rolesQuery)
  const [open, setOpen] = useState<'invite' | 'role' | null>(null)
  const waiting = {
    people: people.data?.people.filter(waits).length,
    passkeys: 0,
    roles: roles.data?.roles.filter(({ status }) => status === 'waiting').length,
    matrix: 0,
  }
  return (
    <SettingsPage
      part="people"
      actions={
        <>
          <ActButton variant="default" whyNot={whyNot(session, 'own')} onClick={() => setOpen('role')}>
            {t.proposeRole}
          </ActButton>
          <ActButton whyNot={whyNot(session, 'people.manage')} onClick={() => setOpen('invite')}>
            {t.invite}
          </ActButton>
        </>
      }
    >
      <ShowTabs
        within
        label={t.tabsLabel}
        tabs={SHOWN.map((name) => ({ name, label: t.tabs[name], count: waiting[name] }))}
        shown={shown}
        onShow={(name) => void navigate({ search: name === 'people' ? {} : { show: name } })}
      />
      {shown === 'people' && (
        <Answer
          of={people}
          empty={(data) => data.people.length === 0}
          nothing={<Empty title={t.none}>{t.noneText}</Empty>}
        >
          {(data) => <List people={data.people} roles={roles.data?.roles ?? []} />}
        </Answer>
      )}
      {shown === 'passkeys' && <OwnPasskeys />}
      {shown === 'roles' && <Roles people={people.data?.people ?? []} />}
      {shown === 'matrix' && <Matrix />}
      {open === 'invite' && <Invite onClose={() => setOpen(null)} />}
      {open === 'role' && <ProposeRole people={people.data?.people ?? []} onClose={() => setOpen(null)} />}
    </SettingsPage>
  )
}

/** For somebody to endorse it: a registration, or one anew. */
function waits({ status, endorsed, recovery }: Person): boolean {
  return status === 'enrolled' && (!endorsed || recovery?.state === 'registered')
}

function List({ people, roles }: { people: readonly Person[]; roles: readonly RoleView[] }) {
  const session = useSession()
  const queries = useQueryClient()
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['people'] })
    void queries.invalidateQueries({ queryKey: ['session'] })
  }
  const columns: readonly Cell<Person>[] = [
    {
      name: t.name,
      cell: ({ id, name }) => (
        <Group gap="xs">
          <Id of={id} name={name ?? t.erased} />
          {id === session.person.id && (
            <Badge variant="light" tt="none">
              {t.you}
            </Badge>
          )}
        </Group>
      ),
    },
    { name: words.settings.status, cell: ({ status }) => <State of={status} /> },
    { name: t.endorsed, cell: (person) => <Endorsed person={person} /> },
    { name: t.roles, cell: ({ id }) => <HeldBy roles={roles} person={id} /> },
    {
      name: words.settings.actions,
      cell: (person) => <Actions person={person} session={session} onDone={again} />,
    },
  ]
  return (
    <Section title={t.tabs.people}>
      <Listing
        label={t.tabs.people}
        rows={people}
        columns={columns}
        keyOf={({ id }) => id}
        none={t.none}
        minWidth={1000}
      />
    </Section>
  )
}

function Endorsed({ person: { status, endorsed, recovery } }: { person: Person }) {
  if (recovery !== null && status === 'enrolled')
    return (
      <State
        of="waiting"
        label={recovery.state === 'registered' ? t.recoveryRegistered : t.recoveryInvited}
      />
    )
  if (endorsed) return <State of="active" label={t.endorsedYes} />
  return status === 'enrolled' ? <State of="waiting" label={t.endorsedNo} /> : t.notYet
}

function HeldBy({ roles, person }: { roles: readonly RoleView[]; person: string }) {
  const held = roles.filter(({ status, holding }) => status === 'in_force' && holding.person === person)
  if (held.length === 0) return <Text c="dimmed">{t.noRoles}</Text>
  return (
    <Group gap={4}>
      {held.map(({ id, holding }) => (
        <Badge key={id} variant="default" tt="none">
          {holding.kind === 'role' ? holding.role : `${holding.custody.replaceAll('_', ' ')}: ${holding.of}`}
        </Badge>
      ))}
    </Group>
  )
}

function Actions({ person, session, onDone }: { person: Person; session: Session; onDone: () => void }) {
  const { id, status, endorsed } = person
  const [showsPasskeys, setShowsPasskeys] = useState(false)
  const name = person.name ?? t.erased
  const params = { path: { id } }
  const gone = status === 'left' ? t.hasLeft : null
  const byMachine = person.recovery !== null && person.recovery.inviter === null
  const isEndorsed = waits(person) ? null : endorsed ? t.alreadyEndorsed : t.notEnrolled
  return (
    <Group gap="xs" wrap="nowrap">
      <GestureButton
        label={t.endorse}
        title={`${t.endorse}: ${name}`}
        consequences={t.endorseText(name)}
        whyNot={gone ?? isEndorsed ?? (byMachine ? null : whyNot(session, 'people.endorse'))}
        ask={() => said(api.GET('/v1/people/{id}/endorsement', { params }))}
        askKey={['endorse', id]}
        take={(body) => said(api.POST('/v1/people/{id}/endorse', { params, body }))}
        names={{ [id]: name, [session.person.id]: session.person.name ?? session.person.id }}
        onDone={onDone}
      />
      <ActButton
        size="xs"
        variant="default"
        whyNot={whyNot(session, 'people.manage')}
        onClick={() => setShowsPasskeys(true)}
      >
        {t.passkeys(person.passkeys)}
      </ActButton>
      {showsPasskeys && <PasskeysOf id={id} name={name} onClose={() => setShowsPasskeys(false)} />}
      <Recover person={person} onDone={onDone} />
      <ReasonButton
        label={t.leave}
        title={`${t.leave}: ${name}`}
        consequences={t.leaveText(name)}
        whyNot={gone ?? whyNot(session, 'people.manage')}
        run={(reason) => said(api.POST('/v1/people/{id}/leave', { params, body: { reason } }))}
        usual={t.leaveReasons}
        onDone={onDone}
        danger
      />
    </Group>
  )
}
