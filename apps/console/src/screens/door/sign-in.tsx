/** Signing in: by passkey, or by the ticket of a link (`#ticket=…`, which no server sees in a request line). @module */
import { Alert, Button, Divider, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Building2, Fingerprint } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { faultText } from '../../gesture/fault-text.ts'
import { assertion } from '../../gesture/passkey.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import { words } from '../../words/words.ts'
import { Door } from './door.tsx'

const TICKET = /^#ticket=([\w-]+)$/

export function SignIn() {
  const { to, page } = useSearch({ from: '/sign-in' })
  const queries = useQueryClient()
  const navigate = useNavigate()
  const ticket = useRef(TICKET.exec(location.hash)?.[1])
  const enter = async () => {
    queries.clear()
    if (page !== undefined) return location.assign(page)
    await navigate({ href: `/console${to ?? '/'}`, replace: true })
  }
  const door = useQuery({ queryKey: ['door'], queryFn: () => said(api.POST('/v1/session/challenge')) })
  const byPasskey = useMutation({
    mutationFn: async () => {
      const { place, challenge } = await said(api.POST('/v1/session/challenge'))
      const answer = await assertion(place, challenge, [])
      await said(api.POST('/v1/session/passkey', { body: { challenge, ...answer } }))
    },
    onSuccess: enter,
  })
  const byTicket = useMutation({
    mutationFn: (secret: string) => said(api.POST('/v1/session/ticket', { body: { ticket: secret } })),
    onSuccess: enter,
  })
  const redeem = byTicket.mutate
  useEffect(() => {
    const secret = ticket.current
    if (secret === undefined) return
    ticket.current = undefined
    history.replaceState(null, '', location.pathname + location.search)
    redeem(secret)
  }, [redeem])
  const error = byTicket.error ?? byPasskey.error
  if (door.isError)
    return (
      <Door title={words.door.signIn.title} lead="">
        <Failed error={door.error} again={() => void door.refetch()} />
      </Door>
    )
  if (door.data === undefined || byTicket.isPending)
    return (
      <Door title={words.door.signIn.title} lead={words.door.signIn.ticket}>
        <Loading rows={2} />
      </Door>
    )
  return (
    <Door title={words.door.signIn.title} lead={words.door.signIn.lead(door.data.place.origin)}>
      {error !== null && (
        <Alert color="red" role="alert">
          {faultText(error)}
        </Alert>
      )}
      <Button
        size="md"
        leftSection={<Fingerprint size={20} aria-hidden />}
        loading={byPasskey.isPending}
        onClick={() => byPasskey.mutate()}
      >
        {words.door.signIn.passkey}
      </Button>
      <ByProvider to={to ?? '/'} />
      <Divider />
      <Text size="sm" c="dimmed">
        {words.door.signIn.invited}
      </Text>
      <Text size="sm" c="dimmed">
        {words.door.signIn.lost}
      </Text>
      <Text size="sm" c="dimmed">
        {words.door.signIn.firstTime}{' '}
        <TextLink to="/join" inherit underline="always">
          {words.door.signIn.setUp}
        </TextLink>
      </Text>
    </Door>
  )
}

/** The company's own door, where there is one: by it people look, and stop. Their passkey authorizes. */
function ByProvider({ to }: { to: string }) {
  const provider = useQuery({
    queryKey: ['provider'],
    queryFn: () => said(api.GET('/v1/session/provider')),
    retry: false,
  })
  const issuer = provider.data?.issuer ?? null
  if (issuer === null) return null
  return (
    <Button
      component="a"
      variant="default"
      size="md"
      leftSection={<Building2 size={20} aria-hidden />}
      href={`/auth/oidc/start?return=${encodeURIComponent(`/console${to}`)}`}
    >
      {words.door.signIn.provider(new URL(issuer).host)}
    </Button>
  )
}
