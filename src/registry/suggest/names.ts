/** Names of tools and of parameters as words: `searchContacts_byEmail` is search, contact, by, email. @module */

/** Past them, a name is no name. */
const WORDS_MAX = 24
const LENGTH_MAX = 256

const NOT_PLURAL = new Set(
  'address access status news canvas basis series process business bus this is has as us sms dns aws https analysis alias pass class success progress always'.split(
    ' ',
  ),
)
const IRREGULAR = new Map(
  Object.entries({
    ids: 'id',
    prs: 'pr',
    dms: 'dm',
    people: 'person',
    children: 'child',
    addresses: 'address',
    statuses: 'status',
    businesses: 'business',
  }),
)

/** In lower case, in the singular. */
export function wordsOf(name: string): string[] {
  const spaced = name
    .slice(0, LENGTH_MAX)
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  return spaced
    .split(/[^A-Za-z\d]+/)
    .filter((word) => word !== '')
    .slice(0, WORDS_MAX)
    .map((word) => singular(word.toLowerCase()))
}

function singular(word: string): string {
  const irregular = IRREGULAR.get(word)
  if (irregular !== undefined) return irregular
  if (NOT_PLURAL.has(word) || word.length < 4) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2)
  return word.endsWith('s') && !word.endsWith('ss') && !word.endsWith('us') ? word.slice(0, -1) : word
}

/** Behind these stand circumstances: `search contacts by email` returns contacts. */
const BETWEEN = new Set(
  'by for in from with of on at to into as per via within under using about between'.split(' '),
)

export interface Phrase {
  /** What it is about. */
  readonly head: readonly string[]
  /** Whose, where, by what. */
  readonly rest: readonly string[]
}

/** @param without the verb's place */
export function phraseOf(words: readonly string[], without: number | null): Phrase {
  const nouns = words.map((word, at) => ({ word, at })).filter(({ at }) => at !== without)
  // What stands in front of a verb that stands behind is what it is about as well.
  const cut = nouns.findIndex(({ word, at }) => BETWEEN.has(word) && at > 0)
  const only = (part: typeof nouns): string[] =>
    part.map(({ word }) => word).filter((word) => !BETWEEN.has(word))
  if (cut === -1) return { head: only(nouns), rest: [] }
  const [head, rest] = [only(nouns.slice(0, cut)), only(nouns.slice(cut))]
  return head.length === 0 ? { head: rest, rest: [] } : { head, rest }
}
