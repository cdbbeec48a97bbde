/** The first person sets the installation up, and whoever was invited joins: both make a passkey with a secret. @module */
import { Alert, Button, Stack, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Fingerprint } from 'lucide-react'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { faultText } from '../../gesture/fault-text.ts'
import { assertion, gestureOver } from '../../gesture/passkey.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Registration } from '../../parts/registration.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { enrol, type Enrolled } from '../../session/enrol.ts'
import { words } from '../../words/words.ts'
import { Door } from './door.tsx'

const t = words.door.join

export function Join() {
  const [secret, setSecret] = useState(() => location.hash.slice(1))
  const [name, setName] = useState('')
  const door = useQuery({ queryKey: ['door'], queryFn: () => said(api.POST('/v1/session/challenge')) })
  const made = useMutation({
    mutationFn: async () => {
      const { place, person } = await said(
        api.POST('/v1/session/invitation', { body: { secret: secret.trim() } }),
      )
      return enrol(place, { secret: secret.trim(), person, name: name.trim() })
    },
    onSuccess: () => history.replaceState(null, '', location.pathname),
  })
  if (door.isError)
    return (
      <Door title={t.title} lead="">
        <Failed error={door.error} again={() => void door.refetch()} />
      </Door>
    )
  if (door.data === undefined)
    return (
      <Door title={t.title} lead="">
        <Loading rows={3} />
      </Door>
    )
  if (made.data !== undefined) return <Enter enrolled={made.data} secret={secret.trim()} />
  return (
    <Door title={t.title} lead={t.lead}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (secret.trim() !== '' && name.trim() !== '') made.mutate()
        }}
      >
        <Stack>
          <TextInput
            label={t.secret}
            description={t.secretHint}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            required
            maxLength={128}
          />
          <TextInput
            label={t.name}
            description={t.nameHint}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            autoComplete="name"
            required
            maxLength={128}
          />
          {made.isError && (
            <Alert color="red" role="alert">
              {faultText(made.error)}
            </Alert>
          )}
          <ActButton
            whyNot={secret.trim() === '' || name.trim() === '' ? t.missing : null}
            onClick={() => made.mutate()}
            loading={made.isPending}
            leftSection={<Fingerprint size={18} aria-hidden />}
          >
            {t.make}
          </ActButton>
          <TextLink to="/sign-in" search={{}} size="sm">
            {words.door.signIn.title}
          </TextLink>
        </Stack>
      </form>
    </Door>
  )
}

/**
 * Signs in by the new passkey. Who is alone goes on to endorse themselves: the first person (PPL-6), or the only one, whom the
 * machine invited again (PPL-13). Who is recovered by others waits for them.
 */
function Enter({ enrolled, secret }: { enrolled: Enrolled; secret: string }) {
  const navigate = useNavigate()
  const { first, recovers, credential_id } = enrolled
  const entered = useMutation({
    mutationFn: async () => {
      const door = await said(api.POST('/v1/session/challenge'))
      if (recovers === 'alone') {
        const asked = await said(api.POST('/v1/recovery/endorsement', { body: { secret } }))
        const parts = await gestureOver(door.place, [credential_id], asked)
        await said(api.POST('/v1/recovery/endorse', { body: { ...parts, secret } }))
      }
      const answer = await assertion(door.place, door.challenge, [credential_id])
      await said(api.POST('/v1/session/passkey', { body: { challenge: door.challenge, ...answer } }))
      if (!first) return
      const params = { path: { id: enrolled.person } }
      const asked = await said(api.GET('/v1/people/{id}/endorsement', { params }))
      const body = await gestureOver(door.place, [credential_id], asked)
      await said(api.POST('/v1/people/{id}/endorse', { params, body }))
    },
    onSuccess: () => navigate({ to: '/' }),
  })
  if (recovers === 'by_another')
    return (
      <Door title={t.done} lead={t.waitLead}>
        <Registration of={enrolled} />
        <TextLink to="/sign-in" search={{}} size="sm">
          {words.door.signIn.title}
        </TextLink>
      </Door>
    )
  return (
    <Door title={t.done} lead={recovers === 'alone' ? t.aloneLead : first ? t.endorseLead : t.doneLead}>
      {!first && recovers === undefined && <Registration of={enrolled} />}
      {entered.isError && (
        <Alert color="red" role="alert">
          {faultText(entered.error)}
        </Alert>
      )}
      <Button
        size="md"
        leftSection={<Fingerprint size={20} aria-hidden />}
        loading={entered.isPending}
        onClick={() => entered.mutate()}
      >
        {first || recovers === 'alone' ? t.endorse : words.door.signIn.passkey}
      </Button>
    </Door>
  )
}
