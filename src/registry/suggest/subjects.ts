/** Whose data a call is about: where its arguments and its result name them (LBL-3, CNS-22). @module */
import { personalCategories } from '../../core/dpv.ts'
import type { DataLabel } from '../../core/label.ts'
import type { Place } from './definition.ts'
import type { Domain } from './domains.ts'
import { wordsOf } from './names.ts'
import type { Parameter } from './parameters.ts'

/** Of a label (CNS-22); characters of a pointer (LBL-3). */
const SUBJECTS_MAX = 8
const POINTER_LENGTH_MAX = 256

/** Whose data systems keep. */
const PEOPLE =
  'customer patient user person employee subscriber client member applicant guest student tenant citizen'
const WHO = new Set(PEOPLE.split(' '))
const IDENTIFIERS = new Set('id uuid guid number no email'.split(' '))
const ABOUT_PEOPLE: ReadonlySet<Domain['name']> = new Set(['customers', 'health', 'staff', 'users'])

export interface Subjects {
  /** Of the label: pointers into the arguments. */
  readonly given: readonly string[]
  /** Of its result. */
  readonly returned: string | null
  readonly reasons: readonly string[]
  readonly look: readonly string[]
}

export function subjectsOf(
  parameters: readonly Parameter[],
  output: readonly Place[],
  { result, domains }: { readonly result: DataLabel; readonly domains: readonly Domain[] },
): Subjects {
  const isAbout = domains.some(({ name }) => ABOUT_PEOPLE.has(name))
  const named = parameters.filter((each) => fits(each) && names(each, isAbout)).slice(0, SUBJECTS_MAX)
  const field = output.find((each) => fits(each) && names(each, isAbout))
  if (!isAbout && personalCategories(result.categories).length === 0)
    return { given: [], returned: null, reasons: [], look: named.map(({ name }) => doubt(name)) }
  const said = [
    ...named.map(({ name }) => `the parameter \`${name}\` says whose data it is about`),
    ...(field === undefined ? [] : [`the field \`${field.name}\` of its result says whose data it is`]),
  ]
  const missing =
    'nothing says whose personal data it touches: where bases are asked for, nobody could tell, and it would be denied'
  return {
    given: named.map(({ pointer }) => pointer),
    returned: field?.pointer ?? null,
    reasons: said,
    look: said.length === 0 ? [missing] : [],
  }
}

function doubt(name: string): string {
  return `does \`${name}\` name a person whose data it touches? Then a category of its result says so`
}

function fits({ pointer }: Place): boolean {
  return pointer.length <= POINTER_LENGTH_MAX
}

/** `customer_id`, `customer`; a bare `id` where it stands in a customer, or all of it is about people. */
function names({ name, pointer }: Place, isAbout: boolean): boolean {
  const words = wordsOf(name)
  const last = words.at(-1) ?? ''
  if (words.length === 1 && WHO.has(last)) return true
  if (!IDENTIFIERS.has(last)) return false
  if (words.length > 1) return words.length === 2 && WHO.has(words[0] ?? '')
  const above = pointer
    .split('/')
    .slice(1, -1)
    .filter((token) => token !== '*')
    .at(-1)
  return above === undefined ? isAbout : WHO.has(wordsOf(above).at(-1) ?? '')
}
