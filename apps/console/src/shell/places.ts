/** Where the command palette leads besides the screens: their parts, and whatever an identifier is of. @module */
import { words } from '../words/words.ts'

export interface Place {
  readonly label: string
  /** The screen that it is a part of. */
  readonly of: string
  readonly to: string
  /** The tab. */
  readonly show?: string
}

const { nav } = words

type Parts = Readonly<Record<string, string>>

const partsOf = (of: string, to: (name: string) => string, parts: Parts): Place[] =>
  Object.entries(parts).map(([name, label]) => ({ label, of, to: to(name) }))

const tabsOf = (of: string, to: string, tabs: Parts): Place[] =>
  Object.entries(tabs).map(([show, label]) => ({ label, of, to, show }))

export const PLACES: readonly Place[] = [
  { label: words.delegations.authorize, of: nav.delegations, to: '/delegations/new' },
  ...tabsOf(nav.approvals, '/approvals', words.approvals.tabs),
  ...tabsOf(nav.outputs, '/outputs', words.outputs.tabs),
  ...tabsOf(nav.data, '/data', words.data.tabs),
  ...tabsOf(nav.consents, '/consents', words.consents.tabs),
  ...partsOf(
    nav.evidence,
    (name) => `/evidence${name === 'period' ? '' : `/${name}`}`,
    words.evidence.places,
  ),
  ...partsOf(nav.settings, (name) => `/settings/${name}`, words.settings.parts),
]

/** By the prefix of an identifier: the page of what it is of. */
const PAGES: Readonly<Record<string, string>> = {
  act: '/activity',
  agt: '/agents',
  alt: '/alerts',
  apr: '/approvals',
  dlg: '/delegations',
  dsb: '/consents',
  inc: '/incidents',
  out: '/outputs',
  prv: '/evidence/previews',
  smp: '/evidence/samples',
}
const IDENTIFIER = /^([a-z]{3})_[0-9a-z]{10,40}$/
const INDEX = /^\d{1,15}$/

/** Of an identifier, or of the index of an entry, as it was typed; null: it is neither. */
export function placeOf(typed: string): string | null {
  const text = typed.trim()
  if (INDEX.test(text)) return `/log/${Number(text)}`
  const page = PAGES[IDENTIFIER.exec(text)?.[1] ?? '']
  return page === undefined ? null : `${page}/${text}`
}
