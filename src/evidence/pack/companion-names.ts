/** Names of the files that a pack with a catalogue has besides. spec/report.md (RPT-1). @module */
import { DESCRIPTION_FILE } from '../companions/drafts/description.ts'
import { EARLIER_FILE, NARRATIVES_FILE } from '../companions/narratives/schema.ts'
import { SAMPLES_FILE } from '../report/samples.ts'
import { CATALOGUE_FILE } from '../controls/catalogue.ts'

export const REPORT_FILE = 'report.html'
/** Printed by a library: the only file of a pack that its verifier does not make again. */
export const PDF_FILE = 'report.pdf'
export const ARTICLE_14_FILE = 'article-14.html'
export const NARRATIVES_PAGE = 'narratives.html'
export const WALKTHROUGHS_PAGE = 'walkthroughs.html'
/** Management edits and signs them. */
export const DRAFT_PAGES = {
  assertion: 'drafts/assertion.html',
  system: 'drafts/system-description.html',
  userControls: 'drafts/user-entity-controls.html',
  subservice: 'drafts/subservice-organizations.html',
} as const
export const STACK_FILE = 'compliance-stack.html'

export const OSCAL_FILES = {
  catalog: 'oscal/catalog.json',
  component: 'oscal/component-definition.json',
  plan: 'oscal/assessment-plan.json',
  results: 'oscal/assessment-results.json',
  poam: 'oscal/poam.json',
} as const

const NAMES: ReadonlySet<string> = new Set([
  CATALOGUE_FILE,
  ...Object.values(OSCAL_FILES),
  REPORT_FILE,
  SAMPLES_FILE,
  PDF_FILE,
  ARTICLE_14_FILE,
  STACK_FILE,
  NARRATIVES_PAGE,
  WALKTHROUGHS_PAGE,
  NARRATIVES_FILE,
  EARLIER_FILE,
  DESCRIPTION_FILE,
  ...Object.values(DRAFT_PAGES),
])

export function isCompanion(file: string): boolean {
  return NAMES.has(file)
}
