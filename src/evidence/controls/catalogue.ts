/**
 * Puts the files of a controls catalogue together, and says what does not hold. Pure. spec/controls.md (CTL-2 to CTL-5).
 * Invariant: a catalogue names nothing that it does not define, and nothing twice.
 * @module
 */
import { parseJson } from '../../core/json.ts'
import { partsOf } from '../companions/narratives/template.ts'
import { PackError } from '../errors.ts'
import {
  catalogueSchema,
  CONTROLS_MAX,
  TESTS_N,
  type Catalogue,
  type Control,
  type ControlFile,
} from './schema.ts'

/** Where a pack holds the catalogue that it was built with. */
export const CATALOGUE_FILE = 'controls/catalogue.json'
/** More than a thousand controls take. */
const CATALOGUE_BYTES_MAX = 16 * 1024 * 1024
const COMPARE = new Intl.Collator('en', { numeric: true })

/** A control file with the name to tell its reader. */
export interface NamedFile {
  readonly name: string
  readonly file: ControlFile
}

/** @throws {PackError} `CONTROLS_INVALID`: with the file and what is wrong in it */
export function assembleCatalogue(files: readonly NamedFile[]): Catalogue {
  const catalogue: Catalogue = { v: 1, criteria: [], frameworks: [], controls: [] }
  for (const { name, file } of files) {
    append(catalogue.criteria, file.criteria ?? [], `criterion`, name)
    append(catalogue.frameworks, file.frameworks ?? [], `framework`, name)
    append(catalogue.controls, file.controls ?? [], `control`, name)
    if (file.exclusions !== undefined)
      catalogue.exclusions = [...(catalogue.exclusions ?? []), ...file.exclusions]
    if (file.user_controls !== undefined)
      append((catalogue.user_controls ??= []), file.user_controls, 'user control', name)
  }
  for (const { name, file } of files)
    for (const { control, ...changes } of file.settings ?? []) {
      const at = catalogue.controls.findIndex(({ id }) => id === control)
      const found = catalogue.controls[at]
      if (found === undefined) throw invalid(`${name}: settings of ${control}, which no file defines`)
      const thresholds = { ...found.thresholds, ...changes.thresholds }
      catalogue.controls[at] = { ...found, ...changes, thresholds }
    }
  if (catalogue.controls.length > CONTROLS_MAX) throw invalid(`more than ${CONTROLS_MAX} controls`)
  for (const { name, file } of files) assertDefined(name, file, catalogue)
  catalogue.controls.sort((a, b) => COMPARE.compare(a.id, b.id))
  return catalogue
}

function append<T extends { readonly id: string }>(
  to: T[],
  from: readonly T[],
  what: string,
  file: string,
): void {
  for (const one of from) {
    if (to.some(({ id }) => id === one.id)) throw invalid(`${file}: ${what} ${one.id} is defined twice`)
    to.push(one)
  }
}

/** That what one file names is defined, in whichever file. @throws {PackError} `CONTROLS_INVALID` */
function assertDefined(name: string, file: ControlFile, catalogue: Catalogue): void {
  for (const { id, narrative = [] } of file.controls ?? [])
    for (const sentence of narrative) told(name, id, sentence)
  for (const { control, narrative = [] } of file.settings ?? [])
    for (const sentence of narrative) told(name, control, sentence)
  const [unknown] = unknownIn(file, catalogue)
  if (unknown !== undefined) throw invalid(`${name}: ${unknown}`)
}

/** @throws {PackError} `CONTROLS_INVALID`: with the control whose narrative asks for what no log answers */
function told(name: string, control: string, sentence: string): void {
  try {
    partsOf(sentence)
  } catch (cause) {
    if (!(cause instanceof PackError)) throw cause
    throw new PackError('CONTROLS_INVALID', `${name}: narrative of ${control}: ${cause.message}`, { cause })
  }
}

function* unknownIn(file: ControlFile, { criteria, frameworks }: Catalogue): Generator<string> {
  const { controls = [], exclusions = [], user_controls = [] } = file
  const known = new Set(criteria.map(({ id }) => id))
  const clauses = new Map(frameworks.map(({ id, clauses: its }) => [id, new Set(its.map((one) => one.id))]))
  for (const { criterion } of exclusions)
    if (!known.has(criterion)) yield `exclusion: no criterion ${criterion}`
  for (const { id, criteria: its } of [...user_controls, ...controls])
    for (const criterion of its) if (!known.has(criterion)) yield `${id}: no criterion ${criterion}`
  for (const control of controls)
    for (const [framework, ids] of Object.entries(control.clauses))
      for (const id of ids)
        if (clauses.get(framework)?.has(id) !== true) yield `${control.id}: no clause ${framework} ${id}`
}

/** @throws {PackError} `CONTROLS_INVALID`: bytes of a pack, which anyone may have made */
export function readCatalogue(bytes: Uint8Array): Catalogue {
  let value: unknown
  try {
    value = parseJson(bytes, { bytes_max: CATALOGUE_BYTES_MAX, depth_max: 16 })
  } catch (cause) {
    throw new PackError('CONTROLS_INVALID', `${CATALOGUE_FILE} is not strict JSON`, { cause })
  }
  const parsed = catalogueSchema.safeParse(value)
  if (!parsed.success) throw invalid(`${CATALOGUE_FILE} does not fit its schema`)
  const { v: _, ...file } = parsed.data
  return assembleCatalogue([{ name: CATALOGUE_FILE, file }])
}

/** What a catalogue leaves out: each a sentence. Empty when every criterion of agents and every test has a control. */
export function gapsOf({ criteria, frameworks, controls, exclusions = [] }: Catalogue): string[] {
  const excluded = new Set(exclusions.map(({ criterion }) => criterion))
  const mapped = new Set(controls.flatMap((control) => control.criteria))
  const tested = new Set(controls.flatMap(({ tests }) => tests.map(({ number }) => number)))
  const helped = new Set(
    controls.flatMap((control) =>
      Object.entries(control.clauses).flatMap(([framework, ids]) => ids.map((id) => `${framework} ${id}`)),
    ),
  )
  return [
    ...criteria
      .filter(({ id, agents }) => agents && !mapped.has(id) && !excluded.has(id))
      .map(({ id }) => `no control for criterion ${id}`),
    ...Array.from({ length: TESTS_N }, (_, i) => i + 1)
      .filter((number) => !tested.has(number))
      .map((number) => `no control for test ${number}`),
    ...frameworks.flatMap(({ id, clauses }) =>
      clauses
        .filter((clause) => !helped.has(`${id} ${clause.id}`))
        .map((clause) => `no control for ${id} ${clause.id}`),
    ),
    ...controls.filter(({ tests }) => tests.length === 0).map(({ id }) => `${id} has no test`),
  ]
}

export function controlsOfTest({ controls }: Catalogue, number: number): Control[] {
  return controls.filter(({ tests }) => tests.some((test) => test.number === number))
}

function invalid(message: string): PackError {
  return new PackError('CONTROLS_INVALID', message)
}
