/** Populations of vendors, and of what of theirs was used: test 20 of a report. spec/vendors.md (VND-6, VND-7). @module */
import type { JsonObject } from '../../core/json.ts'
import { standsFor } from '../../core/vendor-names.ts'
import type { AnyEntry } from '../../log/entries.ts'
import type { Vendor } from '../../log/vendor-bodies.ts'
import type { History } from '../history.ts'
import type { Indexed } from '../records.ts'
import type { Period, PopulationDefinition } from './definition.ts'

type Logged = Indexed<Extract<AnyEntry, { type: `vendor.${string}` }>>
type Of<T extends Logged['entry']['type']> = Indexed<Extract<AnyEntry, { type: T }>>
type Approved = Of<'vendor.approved'>

const DAY_MS = 24 * 3600 * 1000

export function isOfVendors(
  one: History['governance'][number],
): one is History['governance'][number] & Logged {
  return one.entry.type.startsWith('vendor.')
}

/** What a vendor is, from one time until another; an assessment is of the record that it names. */
export interface Standing {
  readonly vendor: string
  /** Index of the `vendor.recorded` entry. */
  readonly recorded: number
  readonly record: Vendor
  readonly from_ms: number
  /** When another record replaced it, or the vendor was ended. */
  until_ms: number
}

export interface InForce {
  readonly approved: Approved
  readonly assessed: Of<'vendor.assessed'>
  readonly record: Vendor
  readonly from_ms: number
  /** When a later one was approved, or the vendor was ended. */
  until_ms: number
}

export interface VendorBook {
  readonly standings: readonly Standing[]
  readonly inForce: readonly InForce[]
}

/** @param isValid whether the approval at that index holds */
export function vendorBook(history: History, isValid: (index: number) => boolean = () => true): VendorBook {
  const standings: Standing[] = []
  const inForce: InForce[] = []
  const assessed = new Map<number, Of<'vendor.assessed'>>()
  for (const one of history.governance.filter(isOfVendors)) {
    const { index, entry } = one as Logged
    const [vendor, at_ms] = [entry.subject ?? '', Date.parse(entry.time)]
    const end = (of: { until_ms: number } | undefined): void => {
      if (of !== undefined && of.until_ms > at_ms) of.until_ms = at_ms
    }
    const standing = standings.findLast((each) => each.vendor === vendor)
    const last = inForce.findLast((each) => each.approved.entry.subject === vendor)
    if (entry.type === 'vendor.assessed') assessed.set(index, { index, entry })
    else if (entry.type === 'vendor.recorded') {
      end(standing)
      const fresh = { from_ms: at_ms, until_ms: Infinity }
      standings.push({ vendor, recorded: index, record: entry.body, ...fresh })
    } else if (entry.type === 'vendor.ended') {
      end(standing)
      end(last)
    } else {
      const of = assessed.get(entry.body.act.assessment)
      const about = standings.find(({ recorded }) => recorded === of?.entry.body.recorded)
      if (of === undefined || about === undefined || !isValid(index)) continue
      end(last)
      const fresh = { from_ms: at_ms, until_ms: Infinity }
      inForce.push({ approved: { index, entry }, assessed: of, record: about.record, ...fresh })
    }
  }
  return { standings, inForce }
}

export const vendors: PopulationDefinition = {
  name: 'vendors',
  types: ['vendor.recorded'],
  definition:
    'Every vendor that was on record at some time in the period, as it was recorded last in it, with the assessment in force at its end.',
  query: 'type = vendor.recorded and time < to, not replaced or ended before from; vendor.approved before to',
  rows: (history, period) => {
    const { standings, inForce } = vendorBook(history)
    const within = standings.filter(
      ({ from_ms, until_ms }) => from_ms < period.to_ms && until_ms > period.from_ms,
    )
    const last = new Map(within.map((each) => [each.vendor, each]))
    return [...last.values()].map(({ vendor, recorded, record, until_ms }): JsonObject => {
      const of = inForce.findLast(
        (each) =>
          each.approved.entry.subject === vendor &&
          each.from_ms < period.to_ms &&
          each.until_ms >= Math.min(period.to_ms, until_ms),
      )
      return {
        index: recorded,
        vendor,
        ...record,
        ended: until_ms < period.to_ms,
        approved: of?.approved.index ?? null,
        approver: of?.approved.entry.actor.id ?? null,
        assessed: of?.assessed.index ?? null,
        assessor: of?.assessed.entry.actor.id ?? null,
        outcome: of?.assessed.entry.body.outcome ?? null,
        valid_until: of?.assessed.entry.body.valid_until ?? null,
        next_review: of?.assessed.entry.body.next_review ?? null,
        report: of?.assessed.entry.body.report ?? null,
        complementary: of?.assessed.entry.body.complementary ?? null,
      }
    })
  },
}

interface Use {
  readonly index: number
  readonly time_ms: number
}

/** Of one server or model, by day of UTC, the first and the last use. */
export interface Used {
  readonly what: 'server' | 'model'
  readonly name: string
  readonly days: Map<number, { first: Use; last: Use }>
}

/** There are millions of receipts, and both the population and its test look at each: once is enough. */
const known = new WeakMap<
  History,
  { readonly size: number; readonly period: Period; readonly used: Used[] }
>()

/** In the period, by name. */
export function usedIn(history: History, period: Period): Used[] {
  const last = known.get(history)
  const isSame = last?.size === history.size && last.period === period
  const used = isSame ? last.used : foundIn(history, period)
  known.set(history, { size: history.size, period, used })
  return used
}

function foundIn(history: History, period: Period): Used[] {
  const used = new Map<string, Used>()
  const models = new Map<string, string>()
  for (const { entry } of history.versions)
    if (entry.type === 'version.proposed' && entry.body.document.model !== undefined)
      models.set(entry.body.manifest, entry.body.document.model)
  const add = (what: Used['what'], name: string, use: Use): void => {
    if (use.time_ms < period.from_ms || use.time_ms >= period.to_ms) return
    const key = `${what} ${name}`
    const of = used.get(key) ?? { what, name, days: new Map<number, { first: Use; last: Use }>() }
    used.set(key, of)
    const day = Math.floor(use.time_ms / DAY_MS)
    const its = of.days.get(day)
    if (its === undefined) of.days.set(day, { first: use, last: use })
    else if (isBefore(use, its.first)) its.first = use
    else if (isBefore(its.last, use)) its.last = use
  }
  for (const { index, entry } of history.versions) {
    const model = entry.type === 'version.approved' ? models.get(entry.body.act.manifest) : undefined
    if (model !== undefined) add('model', model, { index, time_ms: Date.parse(entry.time) })
  }
  const { table } = history
  for (let row = 0; row < table.size; row++) {
    const shape = table.shape(row)
    if (shape?.kind !== 'decision' || shape.decision !== 'allow') continue
    const use = { index: table.index(row), time_ms: table.time_ms(row) }
    add('server', shape.server, use)
    const model = shape.manifest === undefined ? undefined : models.get(shape.manifest)
    if (model !== undefined) add('model', model, use)
  }
  return [...used.values()].toSorted(
    (a, b) => firstOf(a).index - firstOf(b).index || (a.name < b.name ? -1 : 1),
  )
}

function isBefore(a: Use, b: Use): boolean {
  return a.time_ms < b.time_ms || (a.time_ms === b.time_ms && a.index < b.index)
}

/** The earliest uses and the latest of each day, in their order. */
export function usesOf({ days }: Used): Use[] {
  return [...days.values()]
    .flatMap(({ first, last }) => (first === last ? [first] : [first, last]))
    .toSorted((a, b) => a.time_ms - b.time_ms || a.index - b.index)
}

function firstOf(of: Used): Use {
  return usesOf(of)[0] ?? { index: 0, time_ms: 0 }
}

export function covers({ servers, models }: Vendor, { what, name }: Pick<Used, 'what' | 'name'>): boolean {
  return what === 'server' ? servers.includes(name) : models.some((model) => standsFor(model, name))
}

export const vendorUses: PopulationDefinition = {
  name: 'vendor_uses',
  types: [],
  definition:
    'Every server that an allowed call of the period went to, and every model of a version that was approved in the period or that an allowed call named, with the vendor on record for it at its last use.',
  query:
    'type = receipt and body.decision = allow and from <= body.time < to, by body.server and by the model of body.manifest; type = version.approved and from <= time < to, by the model of its manifest',
  rows: (history, period) => {
    const { standings } = vendorBook(history)
    return usedIn(history, period).map((of): JsonObject => {
      const uses = usesOf(of)
      const [first, last] = [uses[0] ?? firstOf(of), uses.at(-1) ?? firstOf(of)]
      const vendor = standings.findLast(
        ({ record, from_ms, until_ms }) =>
          covers(record, of) && from_ms <= last.time_ms && last.time_ms < until_ms,
      )
      return {
        index: first.index,
        what: of.what,
        name: of.name,
        first: new Date(first.time_ms).toISOString(),
        last: new Date(last.time_ms).toISOString(),
        last_index: last.index,
        days: of.days.size,
        vendor: vendor?.vendor ?? null,
        kind: vendor?.record.kind ?? null,
      }
    })
  },
}
