/** What a parameter names: a person, an account, an address, a thing. spec/labels.md (LBL-7). @module */
import { isClosed, typesOf, type Place } from './definition.ts'
import { isOf } from './domains.ts'
import { wordsOf } from './names.ts'

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

const PEOPLE = set(`
  recipient to cc bcc attendee participant invitee guest user username login member email mail payee beneficiary receiver contact
  phone telephone mobile msisdn handle nickname reviewer collaborator assignee owner follower friend colleague employee
  person customer client addressee audience subscriber party counterparty doctor manager supervisor driver tutor teacher candidate interviewer
`)
const ACCOUNTS = set('iban account wallet bic swift routing sortcode card')
const ADDRESSES = set('url uri link href endpoint webhook callback host hostname domain site website webpage')
const PLACES = set(`
  channel room chat conversation group queue bucket repo repository remote workspace team space destination dest target
  address namespace thread branch table collection database
`)
const THINGS = set(`
  id uuid guid path file filename filepath source src key row record entity event resource object node ref slug
  document folder directory item issue ticket task page selector element index number attachment pr pull mr commit bug pid
  service deployment door light device server instance pod container vm cluster pipeline application app agent package plugin
  extension
`)
const SECRETS = set('password passcode passphrase secret token pin credential')
/** What a person or a thing is let do. */
const RIGHTS = set('role permission privilege visibility scope acl policy')
const CODE = set('command cmd code script sql statement expression program args argv manifest')

const IDENTIFIERS = set('id uuid guid identifier number no pid ref')

/** What is said, not to whom or where. */
const CONTENT = set(`
  body content text subject description summary comment caption html markdown prompt reason note data value old new
  instruction payload observation thought memo label tag header
`)
const CIRCUMSTANCES = set(`
  date time day start end when until since due duration timezone recurring amount price quantity count limit offset size max min
  page_size cursor sort order language locale format type kind mode encoding filter query pattern cwd timeout priority
  status state color colour width height currency unit from sender depth head tail line lines
`)

export type Kind =
  | 'person'
  | 'account'
  | 'address'
  | 'place'
  | 'thing'
  | 'secret'
  | 'right'
  | 'code'
  | 'bought'
  | 'name'
  | 'other'

export interface Parameter extends Place {
  readonly kind: Kind
  /** It names something that exists: `event_id`, or what goes out with a message. */
  readonly existing: boolean
  readonly words: readonly string[]
}

/** How reasons put it: "the parameter `to` names …". */
export const NAMES: Readonly<Record<Kind, string>> = {
  person: 'people',
  account: 'an account',
  address: 'an address on the network',
  place: 'where it goes',
  thing: 'what it acts on',
  secret: 'a secret',
  right: 'a right',
  code: 'what is run',
  bought: 'what is bought or booked, or from whom',
  name: 'what it acts on',
  other: 'whom or what it is about, by the name of the tool',
}

export function parameterOf(place: Place): Parameter {
  const words = wordsOf(place.name)
  const kind = kindOf(place, words)
  const last = words.at(-1) ?? ''
  const existing = kind === 'thing' && (last === 'attachment' || (words.length > 1 && IDENTIFIERS.has(last)))
  return { ...place, words, kind, existing }
}

function kindOf({ schema }: Place, words: readonly string[]): Kind {
  const types = typesOf(schema)
  const last = words.at(-1) ?? ''
  const secret = words.some((word) => SECRETS.has(word))
  if (types.length > 0 && types.every((type) => type === 'boolean' || type === 'null')) return 'other'
  if (secret && !['max', 'page', 'next'].includes(words[0] ?? '')) return 'secret'
  if (RIGHTS.has(last)) return 'right'
  if (isClosed(schema)) return 'other'
  if (schema.format === 'email') return 'person'
  if (schema.format === 'uri' || schema.format === 'url' || ADDRESSES.has(last)) return 'address'
  const isNumber = types.length > 0 && types.every((type) => ['integer', 'number', 'null'].includes(type))
  const isIdentifier = IDENTIFIERS.has(last) || last === 'name'
  const of = isIdentifier && words.length > 1 ? (words.at(-2) ?? '') : last
  if (CODE.has(last)) return 'code'
  if (ACCOUNTS.has(of) || words.includes('iban')) return 'account'
  if (isIdentifier && words.length > 1) return identified(of, last)
  if (isNumber && !isIdentifier) return 'other'
  if (PEOPLE.has(last) || (words[0] === 'to' && !CIRCUMSTANCES.has(last))) return 'person'
  if (CONTENT.has(last) || CIRCUMSTANCES.has(last)) return 'other'
  if (PLACES.has(last)) return 'place'
  if (last === 'name' || last === 'title') return 'name'
  if (THINGS.has(last)) return isOf([last], 'catalogue') ? 'bought' : 'thing'
  return isOf([last], 'catalogue') ? 'bought' : 'other'
}

/** What `…_id` or `…_name` is of. */
function identified(of: string, last: string): Kind {
  if (of === 'email' || of === 'mail' || of === 'message' || of === 'contact')
    return last === 'name' ? 'person' : 'thing'
  if (PEOPLE.has(of)) return ['first', 'last', 'middle'].includes(of) ? 'other' : 'person'
  if (['first', 'last', 'middle', 'full', 'display', 'family', 'given'].includes(of)) return 'other'
  if (PLACES.has(of)) return 'place'
  if (isOf([of], 'catalogue')) return 'bought'
  return last === 'name' ? (THINGS.has(of) ? 'thing' : 'name') : 'thing'
}
