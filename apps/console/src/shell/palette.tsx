/** The command palette: screens, agents and delegations by name or identifier. Ctrl K opens it. @module */
import '@mantine/spotlight/styles.css'
import { Spotlight, type SpotlightActionData } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Bot, Search } from 'lucide-react'
import { useState } from 'react'
import { agentNamesQuery } from '../parts/names.ts'
import { words } from '../words/words.ts'
import { SCREENS } from './screens.ts'

const SHOWN_MAX = 12

export default function Palette() {
  const [query, setQuery] = useState('')
  const navigate = useNavigate()
  const agents = useQuery({ ...agentNamesQuery, enabled: query !== '' })
  const actions: SpotlightActionData[] = [
    ...SCREENS.map(({ to, label, icon: Icon }) => ({
      id: to,
      label,
      leftSection: <Icon size={17} aria-hidden />,
      onClick: () => void navigate({ to }),
    })),
    ...(agents.data?.agents ?? []).map(({ id, name }) => ({
      id,
      label: name,
      description: id,
      leftSection: <Bot size={17} aria-hidden />,
      onClick: () => void navigate({ to: '/agents/$id', params: { id } }),
    })),
  ]
  return (
    <Spotlight
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      limit={SHOWN_MAX}
      scrollable
      nothingFound={words.shell.paletteNone}
      searchProps={{
        leftSection: <Search size={17} aria-hidden />,
        placeholder: words.shell.paletteHint,
        'aria-label': words.shell.palette,
      }}
    />
  )
}
