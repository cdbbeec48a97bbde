/** Populations of the kill channel: points and whether it was shown to lead to them, and probes: test 16. spec/kill.md (KIL-31), spec/tests.md. @module */
import type { JsonObject } from '../../core/json.ts'
import { actingPoints, dayOf, isDayIn, type Acting } from './acting.ts'
import type { History } from '../history.ts'
import type { Period, PopulationDefinition } from './definition.ts'
import { isIn } from './definition.ts'

/** From the probe to the answer, by the clock of the point, which may be off by as much either way. */
export const ANSWERED_WITHIN_MS = 60_000
/** On which a point may act after its channel was shown. */
export const SHOWN_DAYS_MAX = 7

type Logged = History['probes'][number]
type Answered = Extract<Logged['entry'], { type: 'kill.probe_answered' }>

/** What one point has to do with one probe. */
export interface Probed {
  readonly probe: string
  readonly point: string
  /** Milliseconds. */
  readonly sent_ms: number
  readonly by: 'frame' | 'break_glass'
  /** Index of the round that asks it; null: none does. */
  readonly round: number | null
  readonly answers: readonly Answer[]
}

export interface Answer {
  readonly index: number
  readonly way: string
  readonly t: number
  /** Whether it pinned the key that the log has. */
  readonly isOurKey: boolean
  /** KIL-31. */
  readonly shows: boolean
}

/** @param isValid whether what the entry at that index says holds */
export function probedIn(history: History, isValid: (index: number) => boolean = () => true): Probed[] {
  const probed = new Map<string, Probed & { answers: Answer[]; round: number | null }>()
  const kid = history.kills.flatMap(({ entry }) =>
    entry.type === 'break_glass.created' ? [entry.body.kid] : [],
  )[0]
  const of = ({ entry }: Logged, point: string) => {
    const { probe, by } = entry.body.statement
    const name = `${probe.id} ${point}`
    const known = probed.get(name)
    if (known !== undefined) return known
    const fresh = { probe: probe.id, point, sent_ms: probe.t, by, round: null, answers: [] }
    probed.set(name, fresh)
    return fresh
  }
  for (const one of history.probes) {
    const { index, entry } = one
    if (!isValid(index)) continue
    if (entry.type === 'kill.probed') for (const point of entry.body.points) of(one, point).round ??= index
    else of(one, entry.body.answer.ack.point).answers.push(answerOf(index, entry, kid))
  }
  return [...probed.values()]
}

function answerOf(index: number, { body }: Answered, kid: string | undefined): Answer {
  const { way = '', t, break_glass } = body.answer.ack
  const isOurKey = break_glass !== undefined && break_glass === kid
  const isInTime = Math.abs(t - body.statement.probe.t) <= ANSWERED_WITHIN_MS
  return { index, way, t, isOurKey, shows: isOurKey && isInTime && way !== 'stream' && way !== '' }
}

/** Days on which a point acted although its channel had not been shown for longer than it may. */
export interface Gap {
  /** Index of the answer that last showed it, or of the enrolment. */
  readonly since: number
  /** Day of UTC of the last that the gap reaches, and how many days the point acted in it. */
  readonly last: number
  readonly days_n: number
}

export interface Channel {
  readonly acting: Acting
  readonly enrolled: number
  readonly shown: readonly Answer[]
  /** In the period. */
  readonly gaps: readonly Gap[]
  /** The most days on which it acted in the period since it was last shown. */
  readonly longest: number
}

/** Of points that acted in the period, in the order in which they were enrolled. */
export function channelsIn(history: History, period: Period, probed: readonly Probed[]): Channel[] {
  const answers = Map.groupBy(probed, ({ point }) => point)
  return [...actingPoints(history).values()].flatMap((acting): Channel[] => {
    const enrolled = history.points.get(acting.point)?.index
    if (enrolled === undefined || !acting.days.some((day) => isDayIn(day, period))) return []
    const shown = (answers.get(acting.point) ?? [])
      .flatMap((one) => one.answers.filter(({ shows }) => shows))
      .toSorted((a, b) => a.t - b.t || a.index - b.index)
    return [{ acting, enrolled, shown, ...gapsOf(acting.days, enrolled, shown, period) }]
  })
}

/** The day on which it was shown does not count, nor does the first on which the point acted. */
function gapsOf(
  days: readonly number[],
  enrolled: number,
  shown: readonly Answer[],
  period: Period,
): Pick<Channel, 'gaps' | 'longest'> {
  const gaps: Gap[] = []
  let [next, since, begun, days_n, longest] = [0, enrolled, days[0] ?? 0, 0, 0]
  for (const day of days) {
    for (let one = shown[next]; one !== undefined && dayOf(one.t) <= day; one = shown[++next])
      [since, begun, days_n] = [one.index, dayOf(one.t), 0]
    if (day > begun) days_n++
    if (!isDayIn(day, period)) continue
    longest = Math.max(longest, days_n)
    if (days_n <= SHOWN_DAYS_MAX) continue
    if (gaps.at(-1)?.since === since) gaps.pop()
    gaps.push({ since, last: day, days_n })
  }
  return { gaps, longest }
}

export const killChannel: PopulationDefinition = {
  name: 'kill_channel',
  types: ['point.enrolled'],
  definition:
    'Every enforcement point that recorded anything in the period, with the answers to probes by which the kill channel was shown to lead to it past the control plane, and the most days on which it acted since it was last shown.',
  query:
    'type = point.enrolled, with a receipt of it whose time is from <= time < to; kill.probe_answered of it',
  rows: (history, period) =>
    channelsIn(history, period, probedIn(history)).map(({ acting, enrolled, shown, longest }): JsonObject => {
      const within = shown.filter(({ t }) => isIn(t, period))
      return {
        index: enrolled,
        point: acting.point,
        days: acting.days.filter((day) => isDayIn(day, period)).length,
        shown: within.length,
        ways: [...new Set(within.map(({ way }) => way))].toSorted(),
        last_shown: timeOf(within.at(-1)?.t),
        longest_days: longest,
      }
    }),
}

export const killProbes: PopulationDefinition = {
  name: 'kill_probes',
  types: ['kill.probed', 'kill.probe_answered'],
  definition:
    'Every probe of the kill channel that was sent in the period, a row for each enforcement point that was asked or answered, with its first answer by each way.',
  query: 'type = kill.probed or kill.probe_answered, from <= body.statement.probe.t < to',
  rows: (history, period) =>
    probedIn(history).flatMap(({ probe, point, sent_ms, by, round, answers }): JsonObject[] =>
      isIn(sent_ms, period)
        ? [
            {
              index: round ?? answers[0]?.index ?? 0,
              probe,
              by,
              sent: timeOf(sent_ms),
              point,
              asked: round !== null,
              answers: answers.map(({ index, way, t, isOurKey, shows }) => ({
                index,
                way,
                time: timeOf(t),
                after_ms: t - sent_ms,
                our_key: isOurKey,
                shows,
              })),
            },
          ]
        : [],
    ),
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
