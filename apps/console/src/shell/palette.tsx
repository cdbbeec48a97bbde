/** The command palette: screens and most of their parts, agents by name, and whatever an identifier is of. Ctrl K opens it. @module */
import '@mantine/spotlight/styles.css'
import { Spotlight, type SpotlightActionData } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ArrowRight, Bot, CornerDownRight, Search } from 'lucide-react'
import { useState } from 'react'
import { agentNamesQuery } from '../parts/names.ts'
import { words } from '../words/words.ts'
import { placeOf, PLACES } from './places.ts'
import { SCREENS } from './screens.ts'

/** Every screen, before anything is typed, and more. */
const SHOWN_MAX = 20

export default function Palette() {
  const [query, setQuery] = useState('')
  const navigate = useNavigate()
  const agents = useQuery({ ...agentNamesQuery, enabled: query !== '' })
  const own = placeOf(query)
  const actions: SpotlightActionData[] = [
    ...(own === null
      ? []
      : [
          {
            id: 'own',
            label: words.shell.paletteOpen(query.trim()),
            keywords: query,
            leftSection: <ArrowRight size={17} aria-hidden />,
            onClick: () => void navigate({ to: own }),
          },
        ]),
    ...SCREENS.map(({ to, label, icon: Icon }) => ({
      id: to,
      label,
      leftSection: <Icon size={17} aria-hidden />,
      onClick: () => void navigate({ to }),
    })),
    ...(query === '' ? [] : PLACES).map(({ to, show, label, of }) => ({
      id: `${to} ${show}`,
      label,
      description: of,
      leftSection: <CornerDownRight size={17} aria-hidden />,
      onClick: () => void navigate({ to, search: show === undefined ? {} : { show } }),
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
