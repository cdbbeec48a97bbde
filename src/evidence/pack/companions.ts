/**
 * The files of a pack that are made from its catalogue, results and populations: report, OSCAL, Article 14 file,
 * compliance stack. Builder and verifier make the same bytes. spec/report.md (RPT-1).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64, utf8 } from '../../core/encoding.ts'
import { canonicalBytes, type JsonObject } from '../../core/json.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { article14Document } from '../companions/article-14.ts'
import { assertionDocument } from '../companions/drafts/assertion.ts'
import { DESCRIPTION_FILE, readDescription, type Description } from '../companions/drafts/description.ts'
import { subserviceDocument, userControlsDocument } from '../companions/drafts/others.ts'
import { systemDocument } from '../companions/drafts/system.ts'
import { narrativesDocument } from '../companions/narratives/document.ts'
import { narrativesFile } from '../companions/narratives/file.ts'
import {
  assertEarlier,
  EARLIER_FILE,
  NARRATIVES_FILE,
  readNarratives,
  type NarrativesFile,
} from '../companions/narratives/schema.ts'
import { narrativesOf } from '../companions/narratives/narratives.ts'
import { walkthroughsDocument } from '../companions/walkthroughs/document.ts'
import { stackDocument } from '../companions/stack.ts'
import { CATALOGUE_FILE } from '../controls/catalogue.ts'
import type { Catalogue } from '../controls/schema.ts'
import type { History } from '../history.ts'
import { oscalPlan, oscalResults } from '../oscal/assessment.ts'
import { oscalCatalog, oscalComponent } from '../oscal/catalog.ts'
import { aboutPack, catalogueParts, packParts } from '../oscal/parts.ts'
import { oscalPoam } from '../oscal/poam.ts'
import { describedLog, describePopulation } from '../populations/description.ts'
import type { Population } from '../populations/population.ts'
import type { Period } from '../populations/populations.ts'
import { htmlOf } from '../report/html.ts'
import type { PackMade, ReportedTest, ReportInput } from '../report/input.ts'
import { reportDocument, samplesDocument } from '../report/report.ts'
import { SAMPLES_FILE } from '../report/samples.ts'
import type { Sample } from '../samples/samples.ts'
import type { Evaluations } from '../tests/evaluated.ts'
import type { ProvenAllows } from '../verify/allows.ts'
import { StoryBook } from '../verify/story.ts'
import {
  ARTICLE_14_FILE,
  DRAFT_PAGES,
  NARRATIVES_PAGE,
  OSCAL_FILES,
  REPORT_FILE,
  STACK_FILE,
  WALKTHROUGHS_PAGE,
} from './companion-names.ts'
import type { PackFiles } from './files.ts'

export interface CompanionSource {
  readonly generator: string
  readonly period: Period
  readonly start: Checkpoint | null
  readonly end: Checkpoint
  readonly catalogue: Catalogue
  readonly tests: readonly ReportedTest[]
  readonly populations: readonly Population[]
  readonly history: History
  readonly allows: ProvenAllows
  readonly samples: readonly Sample[]
  /** By identifier of the deviation, of whatever period. */
  readonly evaluations: Evaluations
  /** Null: nobody signed it. */
  readonly made: PackMade | null
  /** Of the pack: entries are read from it. */
  readonly files: Pick<PackFiles, 'has' | 'get'>
}

export function reportInput(source: CompanionSource): ReportInput {
  const { history, period, end, start, files, allows, catalogue, tests, generator, made } = source
  const log = describedLog(source)
  return {
    origin: end.origin,
    simulated: history.created?.entry.body.simulated ?? false,
    generator,
    made,
    period,
    log: { start: start?.size ?? null, end: end.size, root: base64(end.root) },
    catalogue,
    tests,
    populations: source.populations.map((population) => ({
      ...describePopulation(population, log, tests),
      rows: () => population.rows,
      alike: population.alike,
    })),
    history,
    samples: source.samples,
    evaluations: source.evaluations,
    description: descriptionOf(source),
    earlier: earlierOf(source),
    stories: (actions) => {
      const book = new StoryBook(history, allows, actions)
      return actions.map((action) => book.of(action)).filter((story) => story !== null)
    },
    files: { size: end.size, has: (file) => files.has(file), get: (file) => files.get(file) },
  }
}

/** @throws {PackError} `PACK_EARLIER_INVALID` */
function earlierOf({ files, end, period }: CompanionSource): NarrativesFile | null {
  const bytes = files.get(EARLIER_FILE)
  if (bytes === undefined) return null
  const earlier = readNarratives(bytes)
  assertEarlier(earlier, { origin: end.origin, end: end.size, period })
  return earlier
}

/** @throws {PackError} `PACK_DESCRIPTION_INVALID` */
function descriptionOf({ files }: CompanionSource): Description | null {
  const bytes = files.get(DESCRIPTION_FILE)
  return bytes === undefined ? null : readDescription(bytes)
}

/** By name. */
export function companionFiles(crypto: Crypto, input: ReportInput): Map<string, Uint8Array> {
  const parts = packParts(crypto, input)
  const own = catalogueParts(crypto, input.catalogue, aboutPack(input))
  const poam = oscalPoam(parts, input)
  const narratives = narrativesOf(crypto, input)
  const json: readonly (readonly [string, JsonObject])[] = [
    [CATALOGUE_FILE, input.catalogue],
    [OSCAL_FILES.catalog, oscalCatalog(own, input)],
    [OSCAL_FILES.component, oscalComponent(own, input)],
    [OSCAL_FILES.plan, oscalPlan(parts, input)],
    [OSCAL_FILES.results, oscalResults(parts, input)],
    ...(poam === null ? [] : ([[OSCAL_FILES.poam, poam]] as const)),
    [NARRATIVES_FILE, narrativesFile(input, narratives)],
    ...(input.description === null ? [] : ([[DESCRIPTION_FILE, input.description]] as const)),
    ...(input.earlier === null ? [] : ([[EARLIER_FILE, input.earlier]] as const)),
  ]
  return new Map([
    ...json.map(([name, value]) => [name, canonicalBytes(value)] as const),
    [REPORT_FILE, utf8(htmlOf(reportDocument(input)))],
    ...(input.samples.length === 0 ? [] : ([[SAMPLES_FILE, utf8(htmlOf(samplesDocument(input)))]] as const)),
    [ARTICLE_14_FILE, utf8(htmlOf(article14Document(input)))],
    [STACK_FILE, utf8(htmlOf(stackDocument(input)))],
    [NARRATIVES_PAGE, utf8(htmlOf(narrativesDocument(input, narratives)))],
    [DRAFT_PAGES.assertion, utf8(htmlOf(assertionDocument(input)))],
    [DRAFT_PAGES.system, utf8(htmlOf(systemDocument(input)))],
    [DRAFT_PAGES.userControls, utf8(htmlOf(userControlsDocument(input)))],
    [DRAFT_PAGES.subservice, utf8(htmlOf(subserviceDocument(input)))],
    [WALKTHROUGHS_PAGE, utf8(htmlOf(walkthroughsDocument(crypto, input)))],
  ])
}
