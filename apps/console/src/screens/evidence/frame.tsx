/** What all screens of evidence share: their title, and the way from one to the other. @module */
import { Box, Group } from '@mantine/core'
import type { ReactNode } from 'react'
import { ButtonLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { words } from '../../words/words.ts'

const t = words.evidence
const PLACES = [
  ['period', '/evidence'],
  ['readiness', '/evidence/readiness'],
  ['packs', '/evidence/packs'],
  ['previews', '/evidence/previews'],
  ['registers', '/evidence/registers'],
] as const
export type Place = (typeof PLACES)[number][0]

export function EvidencePage({
  at,
  title = t.places[at],
  lead = t.leads[at],
  actions,
  children,
}: {
  at: Place
  title?: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <>
      <Box component="nav" aria-label={t.navigation} mb="md" className="no-print">
        <Group gap={4}>
          {PLACES.map(([place, to]) => (
            <ButtonLink
              key={place}
              to={to}
              size="compact-sm"
              variant={place === at ? 'light' : 'subtle'}
              color={place === at ? 'blue' : 'gray'}
              {...(place === at ? { 'aria-current': 'page' as const } : {})}
            >
              {t.places[place]}
            </ButtonLink>
          ))}
        </Group>
      </Box>
      <Page title={title} lead={lead} actions={actions}>
        {children}
      </Page>
    </>
  )
}
