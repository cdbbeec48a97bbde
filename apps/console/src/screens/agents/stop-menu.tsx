/**
 * The ways to stop an agent, in one menu that says what each comes to: until it is lifted, isolated, for good. What
 * somebody may not do stands there with the reason, to the keyboard and a screen reader as well.
 * @module
 */
import { Button, Menu, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { switchQuery } from '../kill/kill-queries.ts'

const t = words.agents.stop

export function StopMenu({
  agent,
  mayIsolate,
  onIsolate,
  onRevoke,
}: {
  agent: string
  /** Why not, or null. */
  mayIsolate: string | null
  onIsolate: () => void
  onRevoke: () => void
}) {
  const session = useSession()
  const navigate = useNavigate()
  const [isOpen, setOpen] = useState(false)
  const kills = useQuery({ ...switchQuery, refetchInterval: false, enabled: isOpen })
  const pause = () => void navigate({ to: '/kill', search: { scope: 'agent', of: agent } })
  return (
    <Menu position="bottom-end" width={340} opened={isOpen} onChange={setOpen}>
      <Menu.Target>
        <Button color="red" variant="outline" rightSection={<ChevronDown size={16} aria-hidden />}>
          {t.label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Way
          name={t.pause}
          text={t.pauseText(kills.data?.roster?.roster.m)}
          reason={whyNot(session, 'kill')}
          onClick={pause}
        />
        <Way name={t.isolate} text={t.isolateText} reason={mayIsolate} onClick={onIsolate} />
        <Way name={t.revoke} text={t.revokeText} reason={whyNot(session, 'stop')} onClick={onRevoke} />
      </Menu.Dropdown>
    </Menu>
  )
}

/** One that cannot be chosen can be reached all the same: its reason is read there. */
function Way({
  name,
  text,
  reason,
  onClick,
}: {
  name: string
  text: string
  reason: string | null
  onClick: () => void
}) {
  const off = reason !== null
  return (
    <Menu.Item
      closeMenuOnClick={!off}
      {...(off && { 'aria-disabled': true })}
      onClick={() => {
        if (!off) onClick()
      }}
    >
      <Text size="sm" fw={600} {...(off ? { c: 'dimmed' } : {})}>
        {name}
      </Text>
      <Text size="xs" c="dimmed">
        {text}
      </Text>
      {off && <Text size="xs">{reason}</Text>}
    </Menu.Item>
  )
}
