/** Directories that provision people and groups by SCIM: each has a token, which is shown once. spec/identity.md (IDN-14). @module */
import { Group, NumberInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ConfirmButton } from '../../parts/approve.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { SecretDialog } from '../../parts/secret.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'

const t = words.settings.directories
const KEY = ['scim-clients'] as const
const DAYS_MAX = 365

type Client =
  paths['/v1/scim/clients']['get']['responses'][200]['content']['application/json']['clients'][number]
type Given = paths['/v1/scim/clients']['post']['responses'][200]['content']['application/json']
type Asked = { readonly of: Client | null }

export function Directories({ names }: { names: ReadonlyMap<string, string> }) {
  const session = useSession()
  const refuse = whyNot(session, 'people.manage')
  const queries = useQueryClient()
  const clients = useQuery({
    queryKey: KEY,
    queryFn: () => said(api.GET('/v1/scim/clients')),
    enabled: refuse === null,
  })
  const [asked, setAsked] = useState<Asked | null>(null)
  const [given, setGiven] = useState<Given | null>(null)
  const again = () => void queries.invalidateQueries({ queryKey: KEY })
  const take = (its: Given) => {
    setAsked(null)
    setGiven(its)
    again()
  }
  return (
    <Section
      title={t.title}
      lead={refuse ?? t.lead}
      actions={
        <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => setAsked({ of: null })}>
          {t.add}
        </ActButton>
      }
    >
      {refuse === null && (
        <Answer of={clients}>
          {(data) => (
            <Listing
              label={t.title}
              rows={data.clients}
              columns={columns({ names, refuse, onRenew: (of) => setAsked({ of }), again })}
              keyOf={({ id }) => id}
              none={t.none}
              minWidth={700}
            />
          )}
        </Answer>
      )}
      {asked !== null && <AskToken of={asked.of} onGiven={take} onClose={() => setAsked(null)} />}
      {given !== null && (
        <SecretDialog
          title={t.token}
          text={t.tokenText}
          secrets={[
            [t.address, `${session.place.url}/scim/v2`],
            [t.token, given.token],
          ]}
          onClose={() => setGiven(null)}
        />
      )}
    </Section>
  )
}

interface Acts {
  readonly names: ReadonlyMap<string, string>
  readonly refuse: string | null
  readonly onRenew: (client: Client) => void
  readonly again: () => void
}

function columns({ names, refuse, onRenew, again }: Acts): readonly Cell<Client>[] {
  return [
    { name: t.name, cell: ({ id, name }) => <Id of={id} name={name} /> },
    { name: t.by, cell: ({ person }) => names.get(person) ?? person },
    { name: t.until, cell: ({ expires }) => <Time at={expires} /> },
    {
      name: words.settings.actions,
      cell: (client) => (
        <Group gap="xs" wrap="nowrap">
          <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => onRenew(client)}>
            {t.renew}
          </ActButton>
          <ConfirmButton
            label={t.remove}
            title={`${t.remove}: ${client.name}`}
            consequences={t.removeText}
            whyNot={refuse}
            run={() =>
              said(api.POST('/v1/scim/clients/{id}/remove', { params: { path: { id: client.id } } }))
            }
            onDone={again}
            danger
          />
        </Group>
      ),
    },
  ]
}

/** @param of whose token takes the place of the one before; null: of one that is new */
function AskToken({
  of,
  onGiven,
  onClose,
}: {
  of: Client | null
  onGiven: (given: Given) => void
  onClose: () => void
}) {
  const [name, setName] = useState('')
  const [days, setDays] = useState<number | string>(90)
  const asked = useMutation({
    mutationFn: () =>
      of === null
        ? said(api.POST('/v1/scim/clients', { body: { name: name.trim(), days: Number(days) } }))
        : said(
            api.POST('/v1/scim/clients/{id}/renew', {
              params: { path: { id: of.id } },
              body: { days: Number(days) },
            }),
          ),
    onSuccess: onGiven,
  })
  return (
    <FormDialog
      title={of === null ? t.add : `${t.renew}: ${of.name}`}
      lead={of === null ? t.addText : t.renewText}
      submit={of === null ? t.add : t.renew}
      pending={asked.isPending}
      error={asked.error}
      ready={(of !== null || name.trim() !== '') && Number(days) >= 1}
      onSubmit={() => asked.mutate()}
      onClose={onClose}
    >
      {of === null && (
        <TextInput
          label={t.name}
          description={t.nameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={256}
          required
          data-autofocus
        />
      )}
      <NumberInput
        label={t.days}
        description={t.daysHint}
        value={days}
        onChange={setDays}
        min={1}
        max={DAYS_MAX}
        required
      />
    </FormDialog>
  )
}
