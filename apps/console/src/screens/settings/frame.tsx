/** The frame of the settings: which part is open, and the way to the others. @module */
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Page } from '../../parts/page.tsx'
import { ShowTabs } from '../../parts/tabs.tsx'
import { words } from '../../words/words.ts'

const t = words.settings

export const PARTS = ['people', 'programs', 'keys', 'policies', 'templates', 'channels', 'retention'] as const
export type Part = (typeof PARTS)[number]

export function SettingsPage({
  part,
  actions,
  children,
}: {
  part: Part
  actions?: ReactNode
  children: ReactNode
}) {
  const navigate = useNavigate()
  return (
    <Page title={t.parts[part]} lead={t.about[part]} actions={actions}>
      <ShowTabs
        label={t.label}
        tabs={PARTS.map((name) => ({ name, label: t.parts[name] }))}
        shown={part}
        onShow={(name) => void navigate({ to: `/settings/${name}` })}
      />
      {children}
    </Page>
  )
}
