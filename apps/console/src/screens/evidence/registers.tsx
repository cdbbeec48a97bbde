/** The registers of evidence, one at a time; which one, and which of its rows, is in the address. @module */
import { Tabs } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { words } from '../../words/words.ts'
import { EvidencePage } from './frame.tsx'
import { DoneAlone } from './registers/alone.tsx'
import { Breaches } from './registers/breaches.tsx'
import { Deficiencies } from './registers/deficiencies.tsx'
import { Emergencies } from './registers/emergencies.tsx'
import { Evaluations } from './registers/evaluations.tsx'
import { Reviews } from './registers/reviews.tsx'
import { Sources } from './registers/sources.tsx'
import { Vendors } from './registers/vendors.tsx'

const t = words.evidence.registers
const VIEWS = {
  deficiencies: Deficiencies,
  evaluations: Evaluations,
  reviews: Reviews,
  reconciliations: Sources,
  vendors: Vendors,
  breaches: Breaches,
  emergency: Emergencies,
  alone: DoneAlone,
} as const
type View = keyof typeof VIEWS
const NAMES = Object.keys(VIEWS) as View[]

export function Registers() {
  const { show, id } = useSearch({ from: '/inside/evidence/registers' })
  const navigate = useNavigate({ from: '/evidence/registers' })
  const view = NAMES.find((name) => name === show) ?? 'deficiencies'
  const Shown = VIEWS[view]
  return (
    <EvidencePage at="registers">
      <Tabs
        value={view}
        onChange={(to) => void navigate({ search: { show: to ?? undefined } })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {NAMES.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t.names[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={view}>
          <Shown id={id} />
        </Tabs.Panel>
      </Tabs>
    </EvidencePage>
  )
}
