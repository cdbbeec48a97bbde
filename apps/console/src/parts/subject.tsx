/** What something is about: by its identifier, with its name, leading to its screen where there is one. @module */
import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { words } from '../words/words.ts'
import { TextLink } from './link.tsx'
import { Id } from './values.tsx'

export function Subject({
  of,
  names,
}: {
  of: string | null
  names: ReadonlyMap<string, string> | Readonly<Record<string, string>>
}) {
  if (of === null) return <Text span>{words.values.none}</Text>
  const name = names instanceof Map ? names.get(of) : (names as Readonly<Record<string, string>>)[of]
  return linkTo(of, name ?? of) ?? <Id of={of} name={name} />
}

function linkTo(id: string, text: string): ReactNode {
  switch (id.slice(0, 4)) {
    case 'agt_':
      return (
        <TextLink to="/agents/$id" params={{ id }}>
          {text}
        </TextLink>
      )
    case 'dlg_':
      return (
        <TextLink to="/delegations/$jti" params={{ jti: id }} className="mono">
          {text}
        </TextLink>
      )
    case 'apr_':
      return (
        <TextLink to="/approvals/$id" params={{ id }} className="mono">
          {text}
        </TextLink>
      )
    case 'out_':
      return (
        <TextLink to="/outputs/$id" params={{ id }} className="mono">
          {text}
        </TextLink>
      )
    case 'alt_':
      return (
        <TextLink to="/alerts/$id" params={{ id }} className="mono">
          {text}
        </TextLink>
      )
    case 'svc_':
      return (
        <TextLink to="/settings/programs" className="mono">
          {text}
        </TextLink>
      )
    case 'inc_':
      return (
        <TextLink to="/incidents/$id" params={{ id }} className="mono">
          {text}
        </TextLink>
      )
    default:
      return null
  }
}
