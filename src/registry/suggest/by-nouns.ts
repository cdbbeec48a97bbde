/**
 * The same verb does more to some things than to others: what is added to a list stays, what is added to a thread of
 * messages is read by others. spec/labels.md (LBL-6).
 * @module
 */
import type { Effect } from '../../core/label.ts'
import { domainsOf, isOf, type DomainName } from './domains.ts'
import type { Parameter } from './parameters.ts'
import type { Verb } from './verbs.ts'

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

/** What is sent or shown to others when it is made or changed. */
const SENT = set(`
  message mail email post comment reply review tweet sms invitation payment transaction transfer order booking reservation
  issue ticket pull pr discussion release webhook notification announcement subscription refund charge purchase donation
  gist call bid offer claim
`)
/** Keeping order among such things sends nothing. */
const UPKEEP = set(`
  archive bookmark draft label log mark move mute pin record save snooze sort star tag unarchive unpin unstar watch
`)
/** What decides who may do what. */
const ACCESS = set(`
  password passcode permission role access ownership credential privilege acl mfa visibility secret policy firewall
`)
const INVITED = set('attendee participant invitee guest recipient')
const REACHED = set('email phone to recipient')
const OWN_DETAILS = set('profile contact account setting preference info information detail')

/** To open one of these is to make it, to resolve one to change it. */
const FILED = set(`
  issue ticket pull pr discussion order case dispute claim account position comment thread conflict incident alert bug
`)
/** To open one of these is to read it. */
const READABLE: ReadonlySet<DomainName> = new Set(['chat', 'data', 'files', 'mail', 'web', 'work'])
const DISKS = set('disk drive volume partition')
const OPTIONS = set('option dropdown checkbox radio')
/** Parameters that are programs, whatever the verb. */
const RUNS = set('code cmd command program script')
/** Where a download lands. */
const LANDS = set('destination dest path filename filepath output')

export interface Said {
  readonly effect: Effect
  readonly verb: Verb | null
  /** The other words of the name. */
  readonly nouns: readonly string[]
  readonly parameters: readonly Parameter[]
}

interface More {
  readonly effect: Effect
  readonly why: string
}

/** @returns null: no more than the verb says */
export function byNouns(said: Said): More | null {
  if (said.effect === 'destructive') return null
  const more = anything(said)
  if (more !== null || said.verb === null) return more
  return said.effect === 'none' ? noReading(said.verb, said) : moreThanChange(said.verb, said)
}

/** A program, a query or a request that the arguments themselves spell out. */
function anything({ effect, nouns, parameters }: Said): More | null {
  const code = parameters.find(
    ({ kind, words }) => kind === 'code' && (effect !== 'none' || RUNS.has(words.at(-1) ?? '')),
  )
  const isQuery = isOf(nouns, 'data') || nouns.length === 0
  const sql = parameters.find(
    ({ words }) => words.includes('sql') || (isQuery && words.at(-1) === 'statement'),
  )
  const runs = sql ?? code
  if (runs !== undefined)
    return {
      effect: 'destructive',
      why: `the parameter \`${runs.name}\` says what is done: it may be anything`,
    }
  const method = parameters.find(({ words }) => words.at(-1) === 'method')
  if (method === undefined || !parameters.some(({ kind }) => kind === 'address')) return null
  const why = `the parameter \`${method.name}\` may make it a request that changes something elsewhere`
  return { effect: 'external', why }
}

/** Verbs of reading that read nothing here. */
function noReading({ word }: Verb, { nouns, parameters }: Said): More | null {
  const has = (words: ReadonlySet<string>): boolean => nouns.some((noun) => words.has(noun))
  const external = (why: string): More => ({ effect: 'external', why })
  const destructive = (why: string): More => ({ effect: 'destructive', why })
  switch (word) {
    case 'open':
      if (has(FILED)) return external('what it opens is new, and for others to see')
      return domainsOf(nouns).some(({ name }) => READABLE.has(name))
        ? null
        : destructive('what it opens is nothing to read')
    case 'resolve':
      return has(FILED) ? external('others see that it is resolved') : null
    case 'check':
      return nouns[0] === 'in' || nouns[0] === 'out'
        ? external('somebody is told of who comes or goes')
        : null
    case 'select':
      return has(OPTIONS) ? external('it answers a form') : null
    case 'recall':
      return isOf(nouns, 'mail') || isOf(nouns, 'chat') ? destructive('it takes back what was sent') : null
    case 'format':
      return has(DISKS) ? destructive('it wipes what it formats') : null
    case 'download': {
      const lands = parameters.find(({ words }) => LANDS.has(words.at(-1) ?? ''))
      if (lands === undefined) return null
      return { effect: 'internal', why: `the parameter \`${lands.name}\` says where it writes` }
    }
    default:
      return null
  }
}

function moreThanChange({ word }: Verb, { effect, nouns, parameters }: Said): More | null {
  const access = nouns.find((noun) => ACCESS.has(noun))
  if (access !== undefined) return { effect: 'destructive', why: `"${access}": it changes who can get in` }
  if (effect !== 'internal') return null
  const names = parameters.some(({ kind }) => kind === 'person')
  if (names && ['add', 'enroll', 'link'].includes(word) && isOf(nouns, 'users'))
    return { effect: 'external', why: 'it lets somebody in' }
  if (UPKEEP.has(word) || nouns.includes('draft')) return null
  const sent = nouns.find((noun) => SENT.has(noun))
  if (sent !== undefined) return { effect: 'external', why: `"${sent}": it is for others to see` }
  const invited = parameters.find(({ words }) => INVITED.has(words.at(-1) ?? ''))
  const reached = parameters.find(({ kind, words }) => kind === 'person' && REACHED.has(words.at(-1) ?? ''))
  const outside = invited ?? (nouns.some((noun) => OWN_DETAILS.has(noun)) ? undefined : reached)
  if (outside === undefined) return null
  return { effect: 'external', why: `the parameter \`${outside.name}\` names people whom it may reach` }
}
