/** What a tool's results are: who can write into them, and how sensitive they are. spec/labels.md (LBL-2 to LBL-4). @module */
import { BOTTOM, isAbove, join, type DataLabel, type Level } from '../../core/label.ts'
import type { Definition } from './definition.ts'
import { domainsOf, isOf, type Domain, type DomainName } from './domains.ts'
import type { Judged } from './effect.ts'
import { phraseOf, wordsOf } from './names.ts'
import type { Parameter } from './parameters.ts'

export interface Result {
  readonly result: DataLabel
  readonly domains: readonly Domain[]
  readonly reasons: readonly string[]
  readonly look: readonly string[]
}

/** They give back what they are given, in other words: what went in untrusted does not come out trusted. */
const ECHOES = new Set(
  'calculate compute convert echo encode decode evaluate extract format generate parse predict reason reflect render rewrite summarise summarize think thinking sequentialthinking translate transform validate'.split(
    ' ',
  ),
)
/** A channel that is listed is a name; one that is read is what stands in it. */
const OPENS = new Set('browse follow monitor open peek poll read show tail view visit watch'.split(' '))
/** Others stand in it themselves: what a directory has of them, they wrote. */
const THIRD_PARTIES: ReadonlySet<DomainName> = new Set([
  'catalogue',
  'customers',
  'health',
  'opinions',
  'social',
  'staff',
  'web',
])
/** An answer of these says what was done, and little else. */
const TERSE: ReadonlySet<DomainName> = new Set([
  'account',
  'catalogue',
  'channels',
  'contacts',
  'payments',
  'profile',
  'secrets',
  'system',
  'time',
  'users',
])
const DETAILS = new Set('bio detail info information profile'.split(' '))
const ECHO: DataLabel = { level: 'internal', integrity: 'untrusted', categories: [] }
const UNKNOWN: DataLabel = { level: 'confidential', integrity: 'untrusted', categories: [] }

const OTHERS_WRITE =
  /\b(?:reviews?|comments?|web ?pages?|user[- ]generated|free[- ]text|(?:written|posted|submitted|left) by)\b/i
/** Words of descriptions, and what they are of. They only add. */
const HOLDS: readonly (readonly [RegExp, Level, string])[] = [
  [/\b(?:passports?|social security|national id|date of birth|home address)\b/i, 'confidential', 'personal'],
  [/\b(?:credit cards?|bank account|account numbers?|card numbers?)\b/i, 'confidential', 'payment'],
  [/\b(?:medical|health records?|diagnos[ei]s|prescriptions?)\b/i, 'confidential', 'health'],
]

export function judgeResult(
  tool: Definition,
  words: readonly string[],
  judged: Judged,
  parameters: readonly Parameter[],
): Result {
  const found = domainsIn(tool, words, judged, parameters)
  const { domains } = found
  const reasons: string[] = []
  const look = [...found.look]
  if (domains.length === 0 && words.some((word) => ECHOES.has(word)))
    return { result: ECHO, domains, reasons: ['what it returns may be its own arguments'], look }
  if (domains.length === 0) {
    reasons.push('nothing says where its results come from, so they are untrusted and confidential')
    look.push('who can write into what it returns, and how sensitive is it?')
  }
  const effect = judged.effect !== 'none'
  if (effect && domains.length > 0 && domains.every(({ name }) => TERSE.has(name))) {
    reasons.push('its answer says what it did: it is as trustworthy as what it was given (FLW-3)')
    return { result: answerOf(domains), domains, reasons, look }
  }
  let result = domains.length === 0 ? UNKNOWN : domains.map(pick).reduce(join, BOTTOM)
  for (const domain of domains) reasons.push(`it ${effect ? 'answers with' : 'returns'} ${domain.says}`)
  if (!effect) {
    for (const domain of domains) if (domain.look !== undefined) look.push(domain.look)
    result = raised(result, tool, words, judged, parameters, { reasons, look })
  }
  return { result, domains, reasons, look }
}

function domainsIn(
  { description }: Definition,
  words: readonly string[],
  { effect, verb }: Judged,
  parameters: readonly Parameter[],
): { domains: Domain[]; look: string[] } {
  const { head, rest } = phraseOf(words, verb?.at ?? null)
  let domains = domainsOf(head)
  if (domains.length === 0) domains = domainsOf(rest)
  if (domains.length === 0 && verb !== null && (effect !== 'none' || verb.word === 'whoami'))
    domains = domainsOf([verb.word])
  if (domains.length === 0 && parameters.some(({ kind }) => kind === 'bought'))
    domains = domainsOf(['catalogue'])
  const about = new Set(domains.map(({ name }) => name))
  if (effect === 'none' && about.has('channels') && about.size === 1 && OPENS.has(verb?.word ?? ''))
    return { domains: domainsOf(['message']), look: [] }
  if (about.has('users') && head.some((word) => DETAILS.has(word))) domains = domainsOf(['profile'])
  if (domains.some(({ name }) => name === 'contacts' || name === 'profile'))
    domains.push(...domainsOf(rest).filter(({ name }) => THIRD_PARTIES.has(name)))
  if (effect === 'none' && parameters.some(({ kind }) => kind === 'address') && !isOf(head, 'web'))
    domains.push(...domainsOf(['webpage']))
  if (domains.length > 0) return { domains: [...new Set(domains)], look: [] }
  if (verb?.word === 'search' || verb?.word === 'browse' || verb?.word === 'crawl' || verb?.word === 'scrape')
    return {
      domains: domainsOf(['webpage']),
      look: ['does it search what strangers write, or what your own system has?'],
    }
  const said = domainsOf(wordsOf(description.split(/[.\n]/)[0] ?? ''))
  if (said.length === 0) return { domains: [], look: [] }
  return {
    domains: said,
    look: ['its name does not say what it is about, only its description: is that all?'],
  }
}

/** Of an act that only confirms. Whoever sets a secret need not be told it. */
function answerOf(domains: readonly Domain[]): DataLabel {
  const said = domains
    .filter(({ name }) => name !== 'secrets')
    .map((domain): DataLabel => ({ ...pick(domain), integrity: 'trusted' }))
  return said.reduce<DataLabel>(join, { level: 'internal', integrity: 'trusted', categories: [] })
}

function pick({ level, integrity, categories }: Domain): DataLabel {
  return { level, integrity, categories: [...categories] }
}

/** What speaks for less trust or more care than the words of its name. */
function raised(
  from: DataLabel,
  tool: Definition,
  words: readonly string[],
  { verb }: Judged,
  parameters: readonly Parameter[],
  { reasons, look }: { reasons: string[]; look: string[] },
): DataLabel {
  let result = from
  const distrust = (why: string): void => {
    if (result.integrity === 'trusted') reasons.push(why)
    result = { ...result, integrity: 'untrusted' }
  }
  if (verb !== null && ECHOES.has(verb.word)) distrust('what it returns may be its own arguments')
  if (words.some((word) => ECHOES.has(word))) distrust('what it returns may be its own arguments')
  if (tool.annotations.openWorldHint === true) distrust('it reaches beyond the system by its annotation')
  const others = OTHERS_WRITE.exec(tool.description)?.[0]
  if (others !== undefined) distrust(`its description speaks of "${others.toLowerCase()}"`)
  const whose = parameters.find(({ kind, required }) => kind === 'person' && required)
  if (whose !== undefined && isOf(words, 'profile')) {
    distrust(`the parameter \`${whose.name}\` asks for somebody else’s, who may have written it`)
    look.push('can people write into their own profiles?')
  }
  for (const [pattern, level, category] of HOLDS) {
    const said = pattern.exec(tool.description)?.[0]
    if (said === undefined || result.categories.includes(category)) continue
    reasons.push(`its description speaks of "${said.toLowerCase()}"`)
    const categories = [...new Set([...result.categories, category])].sort()
    result = { ...result, level: isAbove(level, result.level) ? level : result.level, categories }
  }
  return result
}
