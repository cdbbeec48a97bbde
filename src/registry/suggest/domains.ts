/**
 * What kinds of things tools are about: who can write into them, how sensitive they are, and how sensitive what is sent
 * there may be. Words of everyday English, in the singular; no product's. spec/labels.md (LBL-2, LBL-7).
 * @module
 */
import type { Integrity, Level } from '../../core/label.ts'

export interface Domain {
  readonly name: DomainName
  /** Who can write into it: completes "returns … ". */
  readonly says: string
  readonly level: Level
  readonly integrity: Integrity
  readonly categories: readonly string[]
  /** The most sensitive that may be sent there. */
  readonly accepts: Level
  /** What a person should think about. */
  readonly look?: string
}

type Row = Omit<Domain, 'name' | 'categories'> & {
  readonly words: string
  readonly categories?: readonly string[]
}

const DOMAINS = {
  mail: {
    words: 'mail email inbox mailbox outbox newsletter',
    says: 'mail, which anybody can send',
    level: 'confidential',
    integrity: 'untrusted',
    categories: ['personal'],
    accepts: 'confidential',
  },
  chat: {
    words:
      'message chat conversation dm thread reply sms history transcript voicemail mention reaction notification comment',
    says: 'messages that others write',
    level: 'internal',
    integrity: 'untrusted',
    accepts: 'confidential',
  },
  calendar: {
    words: 'calendar event meeting appointment invitation invite rsvp agenda',
    says: 'events, into which whoever invites can write',
    level: 'confidential',
    integrity: 'untrusted',
    categories: ['personal'],
    accepts: 'confidential',
  },
  files: {
    words: `file document doc folder directory attachment sheet spreadsheet slide presentation note notebook pdf drive wiki
      knowledge photo picture paper draft text media resource`,
    says: 'files or notes, which others may have written or shared',
    level: 'confidential',
    integrity: 'untrusted',
    accepts: 'restricted',
  },
  web: {
    words: `web webpage website site url uri html http link page browser tab screenshot dom snapshot article news feed rss
      blog internet online video podcast caption lyric image`,
    says: 'pages, which strangers write',
    level: 'public',
    integrity: 'untrusted',
    accepts: 'public',
  },
  opinions: {
    words: 'review rating feedback survey testimonial question answer form submission opinion',
    says: 'what strangers say',
    level: 'public',
    integrity: 'untrusted',
    accepts: 'public',
    look: 'is what is written there public?',
  },
  social: {
    words: 'post tweet timeline story follower social forum subreddit profile_page hashtag trend',
    says: 'what strangers publish',
    level: 'public',
    integrity: 'untrusted',
    accepts: 'public',
  },
  work: {
    words: `issue ticket bug pull pr discussion commit repository repo branch code release gist project board task todo
      reminder sprint milestone incident case diff workflow pipeline deployment backlog story_point package`,
    says: 'issues, tasks or code, which others write',
    level: 'internal',
    integrity: 'untrusted',
    accepts: 'internal',
    look: 'is the tracker or repository public? Then it accepts public data alone',
  },
  payments: {
    words: `transaction payment transfer statement invoice bill receipt charge refund order subscription donation money fund
      cash purchase checkout cart payout deposit withdrawal payee`,
    says: 'payments or orders, whose subjects others write',
    level: 'confidential',
    integrity: 'untrusted',
    categories: ['payment'],
    accepts: 'confidential',
  },
  account: {
    words: 'balance iban wallet portfolio bank savings credit debit',
    says: 'facts of the own account',
    level: 'confidential',
    integrity: 'trusted',
    categories: ['payment'],
    accepts: 'confidential',
  },
  catalogue: {
    words: `hotel restaurant flight train bus car rental company product item listing property shop store seller vendor
      merchant supplier menu cuisine dish airline trip tour activity attraction movie recipe job course catalog catalogue offer
      deal venue ticketing booking reservation accommodation apartment cab ride taxi ticket_offer place business`,
    says: 'a catalogue, into which the businesses in it write',
    level: 'public',
    integrity: 'untrusted',
    accepts: 'confidential',
    look: 'who writes into this catalogue? If nobody but the operator of the system can, its results may be trusted',
  },
  contacts: {
    words: 'contact addressbook',
    says: 'the own directory of contacts',
    level: 'confidential',
    integrity: 'trusted',
    categories: ['personal'],
    accepts: 'restricted',
    look: 'who can add to this directory? Whom it names may be written to without asking a person',
  },
  users: {
    words: `user member person employee staff colleague team participant attendee group organization organisation collaborator
      moderator admin administrator guest friend`,
    says: 'whom the system knows as its users',
    level: 'internal',
    integrity: 'trusted',
    categories: ['personal'],
    accepts: 'restricted',
    look: 'do users choose these names themselves, or can strangers join? Whom it names may be written to without asking a person',
  },
  channels: {
    words: 'channel room workspace guild space',
    says: 'which channels the system has',
    level: 'internal',
    integrity: 'trusted',
    accepts: 'confidential',
    look: 'can strangers make channels, or name them?',
  },
  profile: {
    words: 'profile me myself my self own whoami preference setting config configuration account address',
    says: 'facts of the own account or profile',
    level: 'confidential',
    integrity: 'trusted',
    categories: ['personal'],
    accepts: 'restricted',
  },
  time: {
    words: 'time date day today now clock timezone weekday month year datetime',
    says: 'the time, which nobody writes',
    level: 'public',
    integrity: 'trusted',
    accepts: 'restricted',
  },
  figures: {
    words:
      'weather forecast temperature currency exchange rate unit holiday distance coordinate quote stock math sum',
    says: 'figures of a service',
    level: 'public',
    integrity: 'trusted',
    accepts: 'public',
  },
  system: {
    words: 'health version uptime capability metric quota usage limit',
    says: 'facts of the system itself',
    level: 'internal',
    integrity: 'trusted',
    accepts: 'restricted',
  },
  health: {
    words: 'patient medical diagnosis prescription medication allergy symptom clinical vaccination',
    says: 'records of patients, which others write',
    level: 'confidential',
    integrity: 'untrusted',
    categories: ['health', 'personal'],
    accepts: 'confidential',
  },
  customers: {
    words: 'customer client lead crm opportunity prospect subscriber tenant applicant candidate',
    says: 'records of customers, who may have written them',
    level: 'confidential',
    integrity: 'untrusted',
    categories: ['personal'],
    accepts: 'confidential',
  },
  staff: {
    words: 'salary payroll hr tax ssn passport payslip leave_balance',
    says: 'records of people',
    level: 'confidential',
    integrity: 'untrusted',
    categories: ['personal'],
    accepts: 'confidential',
  },
  secrets: {
    words:
      'password passcode secret credential token apikey vault otp certificate passphrase env environment',
    says: 'secrets',
    level: 'restricted',
    integrity: 'untrusted',
    categories: ['secret'],
    accepts: 'restricted',
  },
  data: {
    words: `database table row record sql query collection index schema column dataset entity relation observation memory graph
      node cache scratchpad context data object vector embedding key value`,
    says: 'stored data, which may have come from anywhere',
    level: 'confidential',
    integrity: 'untrusted',
    accepts: 'restricted',
  },
  machine: {
    words:
      'shell command terminal process output script bash python console log trace container pod vm instance cluster',
    says: 'output of programs, which may show anything',
    level: 'confidential',
    integrity: 'untrusted',
    accepts: 'restricted',
  },
} as const satisfies Record<string, Row>

export type DomainName = keyof typeof DOMAINS

/** Words that are of a domain only where nothing else is: `search` is of the web unless it is a search of something. */
const WEAK = new Set(
  'key value data object text resource page link draft day date month time address leave limit rate group index node item'.split(
    ' ',
  ),
)

const BY_WORD: ReadonlyMap<string, Domain> = new Map(
  Object.entries(DOMAINS).flatMap(([name, row]: [string, Row]) => {
    const { words, categories = [], ...rest } = row
    const domain: Domain = { ...rest, categories, name: name as DomainName }
    return words
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => [word, domain] as const)
  }),
)

/** What these words are about, without repeats. Weak words count where no other does. */
export function domainsOf(words: readonly string[]): Domain[] {
  const found = words.flatMap((word) => {
    const domain = BY_WORD.get(word)
    return domain === undefined ? [] : [{ domain, weak: WEAK.has(word) }]
  })
  const strong = found.filter(({ weak }) => !weak)
  return [...new Set((strong.length > 0 ? strong : found).map(({ domain }) => domain))]
}

export function isOf(words: readonly string[], name: DomainName): boolean {
  return words.some((word) => BY_WORD.get(word)?.name === name)
}
