/** Service accounts: programs that ask the API. Who answers for each, what it may do, until when. @module */
import { Badge, Group, Switch, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ConfirmButton, GestureButton, ReasonButton } from '../../parts/approve.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { SecretDialog } from '../../parts/secret.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Id, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { peopleQuery } from '../../parts/names.ts'
import { Directories } from './directories.tsx'
import { SettingsPage } from './frame.tsx'
import { ProposeService } from './propose-service.tsx'

const t = words.settings.programs

type Account =
  paths['/v1/service-accounts']['get']['responses'][200]['content']['application/json']['accounts'][number]
type Names = ReadonlyMap<string, string>
/** What is shown once: to whom, and what to type there. */
interface Invitation {
  readonly name: string
  readonly command: string
}

const KEY = ['service-accounts'] as const
const REFETCH_MS = 15_000
const ORDER = ['waiting', 'approved', 'active', 'expired', 'disabled', 'retired']
const OVER: ReadonlySet<string> = new Set(['expired', 'disabled', 'retired'])

export function Programs() {
  const session = useSession()
  const people = useQuery(peopleQuery)
  const accounts = useQuery({
    queryKey: KEY,
    queryFn: () => said(api.GET('/v1/service-accounts')),
    refetchInterval: REFETCH_MS,
  })
  const [proposing, setProposing] = useState(false)
  const [invitation, setInvitation] = useState<Invitation | null>(null)
  const names = new Map((people.data?.people ?? []).map(({ id, name }) => [id, name ?? id]))
  return (
    <SettingsPage
      part="programs"
      actions={
        <ActButton whyNot={whyNot(session, 'agents.propose')} onClick={() => setProposing(true)}>
          {t.propose}
        </ActButton>
      }
    >
      <Answer
        of={accounts}
        empty={(data) => data.accounts.length === 0}
        nothing={<Empty title={t.none}>{t.noneText}</Empty>}
      >
        {(data) => <List accounts={data.accounts} names={names} onInvited={setInvitation} />}
      </Answer>
      <Directories names={names} />
      {proposing && <ProposeService people={people.data?.people ?? []} onClose={() => setProposing(false)} />}
      {invitation !== null && (
        <SecretDialog
          title={t.invite}
          text={t.inviteText(invitation.name)}
          secrets={[[t.command, invitation.command]]}
          onClose={() => setInvitation(null)}
        />
      )}
    </SettingsPage>
  )
}

function List({
  accounts,
  names,
  onInvited,
}: {
  accounts: readonly Account[]
  names: Names
  onInvited: (invitation: Invitation) => void
}) {
  const [withOver, setWithOver] = useState(false)
  return (
    <Section title={t.accounts}>
      <Switch
        label={t.showOver}
        checked={withOver}
        onChange={(event) => setWithOver(event.currentTarget.checked)}
      />
      <Listing
        label={t.accounts}
        rows={accounts
          .filter(({ status }) => withOver || !OVER.has(status))
          .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))}
        columns={columns(names, onInvited)}
        keyOf={({ id }) => id}
        none={t.noneStands}
        minWidth={900}
      />
    </Section>
  )
}

function columns(names: Names, onInvited: (invitation: Invitation) => void): readonly Cell<Account>[] {
  return [
    { name: t.name, cell: ({ id, name }) => <Id of={id} name={name} /> },
    { name: words.settings.status, cell: ({ status }) => <State of={status} /> },
    { name: t.owner, cell: ({ owner }) => names.get(owner) ?? owner },
    { name: t.roles, cell: ({ roles }) => <RoleBadges of={roles} /> },
    { name: t.until, cell: ({ expires }) => <Time at={expires} /> },
    {
      name: t.used,
      cell: ({ used }) => (used === null ? <Text c="dimmed">{t.never}</Text> : <Time at={used} ago />),
    },
    {
      name: words.settings.actions,
      cell: (account) => <Actions account={account} names={names} onInvited={onInvited} />,
    },
  ]
}

function RoleBadges({ of }: { of: readonly string[] }) {
  return (
    <Group gap={4}>
      {of.map((role) => (
        <Badge key={role} variant="default" tt="none">
          {role}
        </Badge>
      ))}
    </Group>
  )
}

function Actions({
  account,
  names,
  onInvited,
}: {
  account: Account
  names: Names
  onInvited: (invitation: Invitation) => void
}) {
  const session = useSession()
  const queries = useQueryClient()
  const { id, name, status, roles, owner } = account
  const again = () => void queries.invalidateQueries({ queryKey: KEY })
  if (OVER.has(status)) return null
  const params = { path: { id } }
  const isEnrollable = status === 'active' ? t.hasKey : status === 'waiting' ? t.notApproved : null
  const isOwner = owner === session.person.id ? null : t.notOwner
  return (
    <Group gap="xs" wrap="nowrap">
      {status === 'waiting' && (
        <GestureButton
          label={words.settings.approve}
          title={`${words.settings.approve}: ${name}`}
          consequences={t.approveText(name, roles.join(', '))}
          whyNot={whyNot(session, 'roles.approve')}
          ask={() => said(api.GET('/v1/service-accounts/{id}/approval', { params }))}
          askKey={['service-account', id]}
          take={(body) => said(api.POST('/v1/service-accounts/{id}/approve', { params, body }))}
          names={Object.fromEntries(names)}
          onDone={again}
        />
      )}
      {status !== 'waiting' && (
        <ConfirmButton
          label={t.invite}
          title={`${t.invite}: ${name}`}
          consequences={t.inviteAsk}
          whyNot={isEnrollable ?? isOwner ?? whyNot(session, 'agents.propose')}
          run={async () => {
            const { secret } = await said(api.POST('/v1/service-accounts/{id}/invite', { params }))
            const { url } = session.place
            const command = `countersign service-account enroll --url ${url} --secret ${secret} -o DIR`
            onInvited({ name, command })
          }}
          onDone={again}
        />
      )}
      <ReasonButton
        label={t.disable}
        title={`${t.disable}: ${name}`}
        consequences={t.disableText(name)}
        whyNot={whyNot(session, 'stop')}
        run={(reason) => said(api.POST('/v1/service-accounts/{id}/disable', { params, body: { reason } }))}
        usual={t.disableReasons}
        onDone={again}
        danger
      />
    </Group>
  )
}
