/** What verbs of tools' names say that a call does (LBL-6). Words of everyday English; no product's. @module */
import type { Effect } from '../../core/label.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

const READS = words(`
  analyze analyse ask browse calculate  check compare compute convert count describe detect diff download estimate evaluate
  examine explain explore export extract fetch filter format find geocode get glob goto grep identify inspect is list load lookup measure
  monitor navigate open parse peek ping poll preview print query read recall recommend resolve retrieve
  scan screenshot scrape crawl search see select show snapshot summarize summarise suggest tail think track translate validate verify view visit
  watch whoami
`)

/** It changes something that stays within. */
const CHANGES = words(`
  add advance append archive assign attach begin bookmark build change clone close commit complete configure copy create define disable
  draft duplicate edit enable enqueue favorite favourite fork generate import increment index insert install label link log
  make mark modify move mute patch pause pin prepend put queue record register remember rename reopen reorder reschedule
  resume save set snooze sort star start stash stop store tag touch transition unarchive unmute unpin unstar toggle turn compress gzip zip unzip simulate switch update upsert write
`)

/** Of those, what makes something that was not there: its name names nothing that exists. */
export const CREATES = words(`
  add attach begin build clone copy create define draft duplicate fork generate import insert install make record
  register remember save start store
`)

/** Something leaves, or somebody is let in. */
const SENDS = words(`
  accept announce answer apply approve bid book broadcast buy call charge checkout click comment confirm contact decline
  delegate deploy dial dispatch donate email emit enroll fax fill follow forward gift handoff hire invite invoke issue join like mail message
  negotiate notify order pay phone post press publish purchase push rate react recruit redeem refund release rent reply report
  request reserve respond return retweet review rsvp schedule sell send share ship sign sms spawn subscribe submit trade transfer trigger
  tweet type unfollow upload upvote vote wire withdraw
`)

/** Something is gone, overwritten or shut out afterwards, or anything at all may be done. */
const DESTROYS = words(`
  abort allow authorize ban block bulkdelete cancel clear deactivate delete demote deny deprovision destroy detach discard
  drop elevate empty erase eval evict exec execute expire flush force grant kick kill leave merge nuke overwrite
  promote prune purge rebase remove replace reset restart restore restrict revert revoke rollback rotate run shutdown
  suspend terminate transact truncate unassign uninstall uninvite unlink unlock unpublish unregister unshare wipe
`)

/** Verbs that are as often nouns: only in front, or where there is no other. */
const ALSO_NOUNS = words(`
  answer approve archive book build call change charge check comment commit contact count draft email export file filter
  form format fork gift index invoice issue label link list log mail message order phone pin post press print query queue rate
  record release reply report request review screenshot search share ship sign sms snapshot star start store tag text trade transfer type
  view visit vote watch wire
`)

const EFFECTS_OF: readonly (readonly [Effect, ReadonlySet<string>])[] = [
  ['destructive', DESTROYS],
  ['external', SENDS],
  ['internal', CHANGES],
  ['none', READS],
]

/** Nouns with which a name that has no verb asks for something: `order_status`. */
const ASKED_FOR = words(`
  availability balance busy content contents count detail details direction history info information log metadata stats statistics status summary time tree
  version
`)

/** Behind a noun these are verbs: a mail search searches, whatever mailing is. */
const BEHIND = words('list lookup query search')

export interface Verb {
  readonly word: string
  readonly effect: Effect
}

function isClear(word: string | undefined): boolean {
  return word !== undefined && verbOf(word) !== null && !ALSO_NOUNS.has(word)
}

export function verbOf(word: string): Verb | null {
  const found = EFFECTS_OF.find(([, set]) => set.has(word))
  return found === undefined ? null : { word, effect: found[0] }
}

/**
 * The verb of a name, and where it stands. In front first, then behind (`calendar_event_delete`), then anywhere.
 * @param name its words. @returns null: no verb that is known
 */
export function verbIn(name: readonly string[]): (Verb & { readonly at: number }) | null {
  const last = name.at(-1)
  if (name.length > 1 && last !== undefined && BEHIND.has(last) && !isClear(name[0]))
    return { word: last, effect: 'none', at: name.length - 1 }
  const verbs = name.flatMap((word, at) => {
    const verb = verbOf(word)
    return verb === null ? [] : [{ ...verb, at }]
  })
  const clear = verbs.filter(({ word }) => !ALSO_NOUNS.has(word))
  const front = verbs.find(({ at }) => at === 0)
  const behind = clear.find(({ at }) => at === name.length - 1)
  if (front !== undefined && !(ALSO_NOUNS.has(front.word) && clear.length > 0)) {
    if (!ALSO_NOUNS.has(front.word) || last === undefined || !ASKED_FOR.has(last)) return front
  }
  const strong = behind ?? clear[0]
  if (strong !== undefined) return strong
  if (last !== undefined && ASKED_FOR.has(last)) return { word: last, effect: 'none', at: name.length - 1 }
  return verbs[0] ?? null
}

/** The infinitive of `Sends`, `Deleting`, `retrieved`, where it is a verb that is known. */
export function infinitive(word: string): string | null {
  const lower = word.toLowerCase()
  // A description that begins so says what comes back; a tool of that name sends something back.
  if (/^return(?:s|ing)?$/.test(lower)) return 'get'
  const ends = [lower, lower.replace(/s$/, ''), lower.replace(/es$/, ''), lower.replace(/ies$/, 'y')]
  const more = [
    lower.replace(/ing$/, ''),
    lower.replace(/ing$/, 'e'),
    lower.replace(/ed$/, ''),
    lower.replace(/d$/, ''),
  ]
  return [...ends, ...more].find((each) => verbOf(each) !== null) ?? null
}
