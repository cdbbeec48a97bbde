/** Who is in: what they hold, their account at the identity provider, and the ways out. @module */
import { ActionIcon, Menu, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleUser, Clock, Link2, LogOut, Unlink } from 'lucide-react'
import { api, said } from '../api/client.ts'
import { faultText } from '../gesture/fault-text.ts'
import { useSession } from '../session/session.ts'
import { words } from '../words/words.ts'
import { chooseUtc, isUtc } from './zone.ts'

/** What was read belongs to who was in. The page is loaded anew, so that nothing of it is left in memory. */
export function leave(back: boolean): void {
  const here = location.pathname.replace(/^\/console/, '') + location.search
  location.assign(back ? `/console/sign-in?to=${encodeURIComponent(here)}` : '/console/sign-in')
}

export function Account() {
  const { person, roles, roles_decide, session, provider } = useSession()
  const out = async (everywhere: boolean) => {
    await api.POST('/v1/session/end', { body: { everywhere } })
    leave(false)
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" aria-label={words.shell.account}>
          <CircleUser size={17} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {person.name ?? person.id}
          {roles_decide && <Text size="xs">{words.shell.roles(roles)}</Text>}
        </Menu.Label>
        {provider !== null && <Provider {...provider} />}
        <Menu.Item leftSection={<Clock size={15} aria-hidden />} onClick={() => chooseUtc(!isUtc())}>
          {isUtc() ? words.shell.zoneOwn : words.shell.zoneUtc}
        </Menu.Item>
        <Menu.Item
          leftSection={<LogOut size={15} aria-hidden />}
          onClick={() => void (session.by === 'oidc' ? outAtProvider() : out(false))}
        >
          {words.shell.signOut}
        </Menu.Item>
        <Menu.Item onClick={() => void out(true)}>{words.shell.signOutEverywhere}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** IDN-7: who came in by the provider goes out there too, where it has a way out. */
async function outAtProvider(): Promise<void> {
  const answer = await fetch('/auth/oidc/logout', { method: 'POST' })
  const { url } = (await answer.json()) as { url: string | null }
  if (url === null) leave(false)
  else location.assign(url)
}

/** IDN-9: connected by who has the passkey, and by nobody else. */
function Provider({ issuer, connected }: { issuer: string; connected: boolean }) {
  const { session } = useSession()
  const queries = useQueryClient()
  const { host } = new URL(issuer)
  const change = useMutation({
    mutationFn: async () => {
      if (connected) return void (await said(api.POST('/v1/session/disconnect', { body: {} })))
      const back = location.pathname + location.search
      const { url } = await said(api.POST('/v1/session/connect', { body: { return: back } }))
      location.assign(url)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['session'] }),
  })
  const t = words.shell.provider
  const isRefused = !connected && session.by !== 'passkey'
  return (
    <>
      <Menu.Item
        closeMenuOnClick={false}
        leftSection={connected ? <Unlink size={15} aria-hidden /> : <Link2 size={15} aria-hidden />}
        disabled={isRefused}
        onClick={() => change.mutate()}
      >
        {connected ? t.disconnect(host) : t.connect(host)}
        {isRefused && <Text size="xs">{t.passkeyFirst}</Text>}
        {change.error !== null && (
          <Text size="xs" c="red" role="alert">
            {faultText(change.error)}
          </Text>
        )}
      </Menu.Item>
      <Menu.Divider />
    </>
  )
}
