/** Populations about data subjects: consents, withdrawals, disclosures. spec/consent.md (CNS-34). @module */
import { purposeCovers } from '../../core/dpv.ts'
import type { BasesRecord } from '../../log/receipt-basis.ts'
import type { History, LoggedReceipt } from '../history.ts'
import { inPeriod, isIn, type PopulationDefinition } from './definition.ts'

type Logged = History['consents'][number]
type Of<T extends Logged['entry']['type']> = Logged & { entry: { type: T } }

function ofType<T extends Logged['entry']['type']>(history: History, ...types: readonly T[]): Of<T>[] {
  return history.consents.filter((one): one is Of<T> => types.includes(one.entry.type as T))
}

/** Test 28. */
export const consents: PopulationDefinition = {
  name: 'consents',
  types: ['consent.given'],
  definition:
    'Every consent that was given in the period, with its notice and what proves it; an imported one is asserted.',
  query: 'type = consent.given and from <= time < to',
  rows: (history, period) => {
    const notices = new Map(
      ofType(history, 'notice.proposed').map(({ entry }) => [entry.subject ?? '', entry.body.notice]),
    )
    return ofType(history, 'consent.given')
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry: { time, body } }) => {
        const { record, proof } = body
        const notice = notices.get(record.notice)
        return {
          index,
          time,
          consent: record.consent,
          subject: record.subject,
          jurisdiction: record.jurisdiction,
          notice: record.notice,
          notice_version: notice?.version ?? null,
          text_hash: notice?.text_hash ?? null,
          language: record.language,
          purposes: record.purposes,
          categories: record.categories,
          expires: record.expires,
          proof: proof.type,
          asserted: proof.type === 'imported',
        }
      })
  },
}

type Used = BasesRecord['used'][number]

interface Use {
  readonly index: number
  readonly time: string
  readonly used: Used
}

function usesOf({ index, receipt }: LoggedReceipt): Use[] {
  return (receipt.basis?.used ?? []).map((used) => ({ index, time: receipt.time, used }))
}

function allUses(history: History): Use[] {
  const uses: Use[] = []
  for (const logged of history.receiptsWhere(({ basis }) => basis !== undefined)) uses.push(...usesOf(logged))
  return uses
}

/** Test 30: by the clock of points, which is what a reader compares; what the bound says is checked apart (CNS-33). */
export const withdrawals: PopulationDefinition = {
  name: 'withdrawals',
  types: ['consent.withdrawn', 'objection.made'],
  definition:
    'Every withdrawal of a consent and every objection in the period, with its frames, who took its event, and the uses of what it ended before and after it, by the clocks of the points.',
  query: 'type in (consent.withdrawn, objection.made) and from <= time < to; uses: basis.used of receipts',
  rows: (history, period) => {
    const uses = allUses(history)
    const framesBy = framesOf(history)
    const taken = ofType(history, 'listener.acknowledged').map(({ entry }) => entry)
    return ofType(history, 'consent.withdrawn', 'objection.made')
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }) => {
        const { time, subject = '' } = entry
        const { purposes } = entry.body
        const consent = entry.type === 'consent.withdrawn' ? entry.body.consent : null
        const frames = framesBy(time, handleOf(entry))
        const ended = uses.filter(({ used }) => isEnded(used, { consent, subject, purposes }))
        const before = ended.filter((use) => use.time < time)
        const after = ended.filter((use) => use.time >= time)
        return {
          index,
          time,
          kind: entry.type,
          consent,
          subject,
          purposes,
          frames,
          listeners: taken.filter(({ body }) => frames.includes(body.seq)).map((one) => one.subject ?? ''),
          uses_before: before.length,
          last_use:
            before
              .map((use) => use.time)
              .toSorted()
              .at(-1) ?? null,
          uses_after: after.length,
          receipts_after: after
            .map((use) => use.index)
            .sort((a, b) => a - b)
            .slice(0, LISTED_MAX),
        }
      })
  },
}

/** Receipts that one row names; the number of them is exact. */
const LISTED_MAX = 100

/** What the frames of a withdrawal or of an objection name before the purpose. */
function handleOf(entry: Of<'consent.withdrawn' | 'objection.made'>['entry']): string {
  return entry.type === 'consent.withdrawn' ? entry.body.rev : (entry.subject ?? '')
}

/** The numbers of frames of one transaction, which has one time, that name this before the purpose. */
function framesOf(history: History): (time: string, of: string) => number[] {
  const byTime = Map.groupBy(history.revocations, ({ entry }) => entry.time)
  return (time, of) =>
    (byTime.get(time) ?? []).flatMap(({ entry: { body } }) =>
      body.frame.handle.split('.')[0] === of ? [body.frame.seq] : [],
    )
}

/** The withdrawal or objection behind each frame that has one, by the frame's number: indices of entries. */
export function withdrawalsByFrame(history: History): ReadonlyMap<number, number> {
  const frames = framesOf(history)
  return new Map(
    ofType(history, 'consent.withdrawn', 'objection.made').flatMap(({ index, entry }) =>
      frames(entry.time, handleOf(entry)).map((seq) => [seq, index] as const),
    ),
  )
}

/** Whether the withdrawal ended what this use stood on; an objection does not reach consents, but those that it withdrew. */
function isEnded(
  used: Used,
  ended: {
    readonly consent: string | null
    readonly subject: string
    readonly purposes: readonly string[] | null
  },
): boolean {
  const { consent, subject, purposes } = ended
  const isOf =
    consent === null ? used.subject === subject && used.basis.startsWith('bas_') : used.basis === consent
  return isOf && (purposes === null || purposes.some((broad) => purposeCovers(broad, used.purpose)))
}

/** P6.7: who used whose data for what, as receipts say it; what was withheld or denied with its reason. */
export const disclosures: PopulationDefinition = {
  name: 'disclosures',
  types: ['receipt'],
  definition:
    'Every use of personal data that a receipt of the period names, and every record that was withheld.',
  query: 'type = receipt and body.basis and from <= body.time < to; a row for each of used and missing',
  *rows(history, period) {
    for (const { index, time_ms, receipt } of history.receiptsWhere((one) => one.basis !== undefined)) {
      const { basis, time, action } = receipt
      if (basis === undefined || !isIn(time_ms, period)) continue
      const call = receipt.kind === 'decision' ? receipt : basis.call
      const { agent = null, server = null, tool = null } = call ?? {}
      const about = { index, time, action, agent, server, tool, mode: basis.mode }
      for (const { subject, purpose, basis: by, n } of basis.used)
        yield { ...about, subject, purpose, basis: by, reason: null, n }
      for (const { subject, purpose, reason, n } of basis.missing)
        yield { ...about, subject, purpose, basis: null, reason, n }
    }
  },
}
