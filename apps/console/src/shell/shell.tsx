/** The frame around every screen: navigation, who is in, what holds for the whole installation. @module */
import {
  ActionIcon,
  Alert,
  AppShell,
  Burger,
  Button,
  Group,
  Kbd,
  NavLink,
  ScrollArea,
  Stack,
  Text,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Moon, Search, ShieldCheck } from 'lucide-react'
import { lazy, Suspense, useEffect } from 'react'
import { signedOut } from '../api/client.ts'
import { Loading } from '../parts/states.tsx'
import { useSession } from '../session/session.ts'
import { words } from '../words/words.ts'
import { Account, leave } from './account.tsx'
import { openPalette } from './palette-open.ts'
import { SCREENS } from './screens.ts'
import { Waiting } from './waiting.tsx'

const Palette = lazy(() => import('./palette.tsx'))

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure()
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(close, [path, close])
  useSignedOut()
  return (
    <AppShell
      header={{ height: 54 }}
      navbar={{ width: 214, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip" href="#content">
        {words.shell.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={words.shell.open}
              aria-expanded={opened}
            />
            <ShieldCheck size={22} aria-hidden />
            <Text fw={700}>Countersign</Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Button
              variant="default"
              size="xs"
              leftSection={<Search size={14} aria-hidden />}
              rightSection={<Kbd size="xs">Ctrl K</Kbd>}
              onClick={openPalette}
              visibleFrom="xs"
            >
              {words.shell.palette}
            </Button>
            <ActionIcon
              variant="default"
              onClick={openPalette}
              hiddenFrom="xs"
              aria-label={words.shell.palette}
            >
              <Search size={16} aria-hidden />
            </ActionIcon>
            <ThemeButton />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={words.shell.navigation}>
        <ScrollArea>
          {SCREENS.map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={label}
              leftSection={<Icon size={17} aria-hidden />}
              active={isAt(path, to)}
              aria-current={isAt(path, to) ? 'page' : undefined}
            />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Stack gap="md" maw={1480} mx="auto">
          <Banners />
          <Content />
        </Stack>
      </AppShell.Main>
      <Suspense fallback={null}>
        <Palette />
      </Suspense>
    </AppShell>
  )
}

function Content() {
  const { person } = useSession()
  if (!person.endorsed) return <Waiting />
  return (
    <Suspense fallback={<Loading />}>
      <Outlet />
    </Suspense>
  )
}

function isAt(path: string, to: string): boolean {
  return to === '/' ? path === '/' || path === '/console' : path === to || path.startsWith(`${to}/`)
}

function useSignedOut(): void {
  useEffect(() => {
    const out = () => leave(true)
    signedOut.addEventListener('out', out)
    return () => signedOut.removeEventListener('out', out)
  }, [])
}

function Banners() {
  const { roles_decide, person, place } = useSession()
  return (
    <>
      {place.simulated && (
        <Alert color="grape" role="note" p="xs">
          {words.shell.simulated}
        </Alert>
      )}
      {person.endorsed && !roles_decide && (
        <Alert color="yellow" role="note" p="xs" className="no-print">
          {words.shell.rolesOpen}
        </Alert>
      )}
    </>
  )
}

function ThemeButton() {
  const { toggleColorScheme } = useMantineColorScheme()
  return (
    <ActionIcon variant="default" onClick={toggleColorScheme} aria-label={words.shell.theme}>
      <Moon size={16} aria-hidden />
    </ActionIcon>
  )
}
