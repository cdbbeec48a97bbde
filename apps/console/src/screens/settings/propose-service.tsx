/** Proposing an account for a program. @module */
import { MultiSelect, NumberInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { isNetwork } from '../../../../../src/core/networks.ts'
import { SERVICE_ROLE_NAMES, SERVICE_ROLES } from '../../../../../src/core/roles.ts'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { useSession } from '../../session/session.ts'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import type { Person } from './people.tsx'

const t = words.settings.programs

/** As the register has them. */
const NETWORKS_MAX = 16
const DAYS_MAX = 366
const DAYS = 90

export function ProposeService({ people, onClose }: { people: readonly Person[]; onClose: () => void }) {
  const queries = useQueryClient()
  const me = useSession().person
  const choices = [
    me,
    ...people.filter(({ id, status, endorsed }) => status === 'enrolled' && endorsed && id !== me.id),
  ].map(({ id, name }) => ({ value: id, label: name ?? id }))
  const [name, setName] = useState('')
  const [purpose, setPurpose] = useState('')
  const [owner, setOwner] = useState<string | null>(me.id)
  const [chosen, setChosen] = useState<string[]>([])
  const [networks, setNetworks] = useState<string[]>([])
  const [days, setDays] = useState<number | string>(DAYS)
  const roles = SERVICE_ROLE_NAMES.filter((role) => chosen.includes(role))
  const wrong = networks.filter((network) => !isNetwork(network))
  const isWhole =
    name.trim() !== '' &&
    purpose.trim() !== '' &&
    owner !== null &&
    roles.length > 0 &&
    wrong.length === 0 &&
    typeof days === 'number'
  const proposed = useMutation({
    mutationFn: async () =>
      isWhole &&
      said(
        api.POST('/v1/service-accounts', {
          body: { name: name.trim(), purpose: purpose.trim(), owner, roles, networks, days },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['service-accounts'] })
      onClose()
    },
  })
  return (
    <FormDialog
      title={t.propose}
      lead={t.proposeText}
      submit={t.propose}
      pending={proposed.isPending}
      error={proposed.error}
      ready={isWhole}
      onSubmit={() => proposed.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t.name}
        description={t.nameHint}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={64}
        required
      />
      <Textarea
        label={t.purpose}
        value={purpose}
        onChange={(event) => setPurpose(event.currentTarget.value)}
        maxLength={512}
        autosize
        required
      />
      <Select
        label={t.owner}
        description={t.ownerHint}
        data={choices}
        value={owner}
        onChange={setOwner}
        searchable
        limit={SELECT_MAX}
        required
      />
      <MultiSelect
        label={t.roles}
        data={SERVICE_ROLE_NAMES.map((role) => ({ value: role, label: `${role}: ${SERVICE_ROLES[role]}` }))}
        value={chosen}
        onChange={setChosen}
        required
      />
      <TagsInput
        label={t.networks}
        description={t.networksHint}
        value={networks}
        onChange={setNetworks}
        maxTags={NETWORKS_MAX}
        error={wrong.length > 0 && wrong.join(', ')}
      />
      <NumberInput
        label={t.days}
        description={t.daysHint}
        value={days}
        onChange={setDays}
        min={1}
        max={DAYS_MAX}
        allowDecimal={false}
        required
      />
    </FormDialog>
  )
}
