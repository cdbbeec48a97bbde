/** Proposing that somebody holds a role, or has custody of a thing that lies under the installation. @module */
import { SegmentedControl, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  CUSTODIES,
  CUSTODY_NAMES,
  ROLE_NAMES,
  ROLES,
  type Custody,
  type Role,
} from '../../../../../src/core/roles.ts'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { useSession } from '../../session/session.ts'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import type { Person } from './people.tsx'

const t = words.settings.people

export function ProposeRole({ people, onClose }: { people: readonly Person[]; onClose: () => void }) {
  const queries = useQueryClient()
  const me = useSession().person
  // Who holds no role yet sees nobody else, and may ask for one of their own.
  const choices = [me, ...people.filter(({ id, status }) => status !== 'left' && id !== me.id)].map(
    ({ id, name }) => ({ value: id, label: name ?? id }),
  )
  const [kind, setKind] = useState<'role' | 'custody'>('role')
  const [person, setPerson] = useState<string | null>(null)
  const [role, setRole] = useState<Role | null>(null)
  const [custody, setCustody] = useState<Custody | null>(null)
  const [of, setOf] = useState('')
  const holding =
    person === null
      ? null
      : kind === 'role'
        ? role && ({ kind, person, role } as const)
        : custody && of.trim() !== '' && ({ kind, person, custody, of: of.trim() } as const)
  const proposed = useMutation({
    mutationFn: async () => holding && said(api.POST('/v1/roles', { body: holding })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['roles'] })
      onClose()
    },
  })
  return (
    <FormDialog
      title={t.proposeRole}
      submit={t.proposeRole}
      pending={proposed.isPending}
      error={proposed.error}
      ready={Boolean(holding)}
      onSubmit={() => proposed.mutate()}
      onClose={onClose}
    >
      <SegmentedControl
        aria-label={t.kind}
        value={kind}
        onChange={(value) => setKind(value === 'custody' ? 'custody' : 'role')}
        data={[
          { value: 'role', label: t.kinds.role },
          { value: 'custody', label: t.kinds.custody },
        ]}
      />
      <Select
        label={t.person}
        data={choices}
        value={person}
        onChange={setPerson}
        searchable
        limit={SELECT_MAX}
        required
      />
      {kind === 'role' ? (
        <Select
          label={t.role}
          description={role === null ? undefined : ROLES[role]}
          data={ROLE_NAMES}
          value={role}
          onChange={(value) => setRole(ROLE_NAMES.find((name) => name === value) ?? null)}
          required
        />
      ) : (
        <>
          <Select
            label={t.custody}
            data={CUSTODY_NAMES.map((name) => ({ value: name, label: CUSTODIES[name] }))}
            value={custody}
            onChange={(value) => setCustody(CUSTODY_NAMES.find((name) => name === value) ?? null)}
            required
          />
          <TextInput
            label={t.thing}
            description={t.thingHint}
            value={of}
            onChange={(event) => setOf(event.currentTarget.value)}
            maxLength={128}
            required
          />
        </>
      )}
    </FormDialog>
  )
}
