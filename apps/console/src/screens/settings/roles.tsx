/** Roles and custody: what waits, what is in force, what was taken away. @module */
import { Group, Switch } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { GestureButton, ReasonButton } from '../../parts/approve.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import type { Person } from './people.tsx'

const t = words.settings.people

export type RoleView =
  paths['/v1/roles']['get']['responses'][200]['content']['application/json']['roles'][number]

export const rolesQuery = { queryKey: ['roles'], queryFn: () => said(api.GET('/v1/roles')) } as const

const ORDER = ['waiting', 'in_force', 'removed']

export function Roles({ people }: { people: readonly Person[] }) {
  const roles = useQuery(rolesQuery)
  const [withRemoved, setWithRemoved] = useState(false)
  const names = new Map(people.map(({ id, name }) => [id, name ?? id]))
  return (
    <Answer
      of={roles}
      empty={(data) => data.roles.length === 0}
      nothing={<Empty title={t.noRole}>{t.noRoleText}</Empty>}
    >
      {(data) => (
        <Section title={t.tabs.roles}>
          <Switch
            label={t.showRemoved}
            checked={withRemoved}
            onChange={(event) => setWithRemoved(event.currentTarget.checked)}
          />
          <Listing
            label={t.tabs.roles}
            rows={data.roles
              .filter(({ status }) => withRemoved || status !== 'removed')
              .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))}
            columns={columns(names)}
            keyOf={({ id }) => id}
            none={t.noRole}
            minWidth={860}
          />
        </Section>
      )}
    </Answer>
  )
}

function columns(names: ReadonlyMap<string, string>): readonly Cell<RoleView>[] {
  const nameOf = (id: string | null) => (id === null ? t.preset : (names.get(id) ?? id))
  return [
    { name: t.person, cell: ({ holding }) => nameOf(holding.person) },
    { name: t.holds, cell: ({ holding }) => heldName(holding) },
    { name: words.settings.status, cell: ({ status }) => <State of={status} /> },
    { name: words.settings.proposer, cell: ({ proposer }) => nameOf(proposer) },
    { name: t.when, cell: ({ proposed }) => <Time at={proposed} ago /> },
    {
      name: t.approved,
      cell: ({ approver, status }) => (approver === null && status === 'waiting' ? '–' : nameOf(approver)),
    },
    { name: words.settings.actions, cell: (role) => <Actions role={role} names={names} /> },
  ]
}

function heldName(holding: RoleView['holding']): string {
  return holding.kind === 'role' ? holding.role : `${holding.custody.replaceAll('_', ' ')}: ${holding.of}`
}

function Actions({ role, names }: { role: RoleView; names: ReadonlyMap<string, string> }) {
  const session = useSession()
  const queries = useQueryClient()
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['roles'] })
    void queries.invalidateQueries({ queryKey: ['session'] })
  }
  if (role.status === 'removed') return null
  const params = { path: { id: role.id } }
  const [name, what] = [names.get(role.holding.person) ?? role.holding.person, heldName(role.holding)]
  return (
    <Group gap="xs" wrap="nowrap">
      {role.status === 'waiting' && (
        <GestureButton
          label={words.settings.approve}
          title={`${words.settings.approve}: ${name}, ${what}`}
          consequences={t.approveRole(name, what)}
          whyNot={whyNot(session, 'roles.approve')}
          ask={() => said(api.GET('/v1/roles/{id}/approval', { params }))}
          askKey={['role', role.id]}
          take={(body) => said(api.POST('/v1/roles/{id}/approve', { params, body }))}
          names={Object.fromEntries(names)}
          onDone={again}
        />
      )}
      <ReasonButton
        label={t.removeRole}
        title={`${t.removeRole}: ${name}, ${what}`}
        consequences={t.removeText(name, what)}
        whyNot={whyNot(session, 'people.manage')}
        run={(reason) => said(api.POST('/v1/roles/{id}/remove', { params, body: { reason } }))}
        usual={t.removeReasons}
        onDone={again}
        danger
      />
    </Group>
  )
}
