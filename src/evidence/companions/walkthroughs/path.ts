/**
 * The entries through which one item of a population went, from beginning to end. spec/narratives.md (NAR-11). Pure.
 * @module
 */
import type { JsonObject } from '../../../core/json.ts'
import { KILL_CALL } from '../../../log/drill-report.ts'
import type { AnyEntry } from '../../../log/entries.ts'
import type { Shape } from '../../receipts/shapes.ts'
import { isIn } from '../../populations/definition.ts'
import type { History, LoggedReceipt } from '../../history.ts'
import type { ReportInput } from '../../report/input.ts'

/** Entries that one walkthrough goes through: of an agent with a thousand keys the first ones. */
const STEPS_MAX = 40

export type Read = (index: number) => AnyEntry | null

/** Ascending. @param population the item is a row of it */
export function pathOf(
  population: string,
  row: JsonObject,
  input: ReportInput,
  read: Read,
): readonly number[] {
  const { history } = input
  const index = typeof row.index === 'number' ? row.index : null
  const first = index === null ? null : read(index)
  const found = [
    ...(index === null ? [] : [index]),
    ...MEMBERS.flatMap((member) => indicesIn(row[member])),
    // A receipt is about its action, which has a story of its own.
    ...(first?.subject === undefined || first.type === 'receipt' ? [] : about(history, first.subject)),
    ...(FURTHER[population]?.(row, input) ?? []),
  ].filter((at) => at >= 0 && at < input.log.end)
  const distinct = [...new Set(found)].sort((a, b) => a - b).slice(0, STEPS_MAX)
  const gestures = distinct.flatMap((at) => gestureOf(history, read(at)))
  return [...new Set([...distinct, ...gestures])].sort((a, b) => a - b)
}

/** Members of rows that name entries. */
const MEMBERS = [
  'proposal',
  'approved_index',
  'first_token_index',
  'alert',
  'entries',
  'next',
  'from_anchor',
  'to_anchor',
  'outlived',
  'issued_after',
  'receipts_after',
] as const

function indicesIn(value: unknown): number[] {
  if (typeof value === 'number' && Number.isInteger(value)) return [value]
  return Array.isArray(value) ? value.flatMap(indicesIn) : []
}

/** The registration of whoever made the gesture in it, and who endorsed that. */
function gestureOf({ endorsements }: History, entry: AnyEntry | null): number[] {
  if (entry === null || !('gesture' in entry.body) || entry.body.gesture === undefined) return []
  const { registration } = entry.body.gesture
  const endorsed = endorsements.filter(({ entry: { body } }) => body.act.registration === registration)
  return [registration, ...endorsed.map(({ index }) => index)]
}

/** Entries whose subject it is, in the order of the log. */
function about(history: History, subject: string): number[] {
  const { templates, toolChanges, tools, labels, versions, baselines, attested, responses } = history
  const { governance, consents, drills, erasures, issuers, kills } = history
  const lists = [templates, toolChanges, tools, labels, versions, baselines, attested, responses]
  const others = [governance, consents, drills, erasures, issuers, kills]
  return [...lists, ...others]
    .flat()
    .filter(({ entry }) => entry.subject === subject)
    .map(({ index }) => index)
}

type Further = (row: JsonObject, input: ReportInput) => number[]

const FURTHER: Readonly<Record<string, Further>> = {
  decisions: storyOf,
  confidential_reads: storyOf,
  disclosures: storyOf,
  agents: agentOf,
  active_agents: agentOf,
  created_agents: agentOf,
  delegations: (row, { history }) => issueOf(history, textIn(row.jti)),
  chain_links: (row, { history }) => {
    const chain = history.chain(textIn(row.segment)) ?? []
    const roots = [...history.delegations.values()].filter(
      ({ entry }) => entry.body.segment === textIn(row.segment) || entry.body.segment === textIn(row.parent),
    )
    return [
      ...chain.map(({ index }) => index),
      ...roots.flatMap(({ entry }) => issueOf(history, entry.body.jti)),
    ]
  },
  revocations: revoked,
  leavers: (row, { history }) => [
    ...(history.people.get(textIn(row.subject)) === undefined
      ? []
      : [history.people.get(textIn(row.subject))?.index ?? -1]),
    ...handles(history, textIn(row.subject)),
  ],
  alerts: (row, { history }) =>
    history.alerts.flatMap(({ index, entry }) =>
      'of' in entry.body && entry.body.of === row.index ? [index] : [],
    ),
  drills: (row, { history }) => killed(history, textIn(row.kill)),
  outputs: (row, { history }) => ofOutput(history, textIn(row.output)),
  reviews: (row, { history }) => ofOutput(history, textIn(row.output)),
  access_reviews: (row, { history }) => ofItem(history, textIn(row.review), Number(row.item)),
  role_reviews: (row, { history }) => [
    ...ofItem(history, textIn(row.review), Number(row.item)),
    ...about(history, textIn(row.target)),
  ],
  consents: (row, { history }) => ofConsent(history, textIn(row.consent)),
  withdrawals: (row, { history }) => [
    ...ofConsent(history, textIn(row.consent)),
    ...history.revocations.flatMap(({ index, entry }) =>
      indicesIn(row.frames).includes(entry.body.frame.seq) ? [index] : [],
    ),
  ],
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function storyOf(row: JsonObject, input: ReportInput): number[] {
  return input.stories([textIn(row.action)]).flatMap(({ entries }) => entries)
}

function agentOf(row: JsonObject, { history }: ReportInput): number[] {
  const record = history.agents.get(textIn(row.agent))
  if (record === undefined) return []
  const { approval, keys, changes } = record
  return [...(approval === null ? [] : [approval.index]), ...[...keys, ...changes].map(({ index }) => index)]
}

/** The delegation, who made its gesture, what bounded it, and what ended it. */
function issueOf(history: History, jti: string): number[] {
  const issued = history.delegations.get(jti)
  if (issued === undefined) return []
  const { template, segment, rev, agent } = issued.entry.body
  const record = history.agents.get(agent)
  const people = rev.flatMap((handle) => history.people.get(handle)?.index ?? [])
  const endorsed = history.endorsements.filter(({ entry }) => people.includes(entry.body.act.registration))
  return [
    issued.index,
    template,
    history.segments.get(segment)?.index ?? -1,
    record?.proposal.index ?? -1,
    record?.approval?.index ?? -1,
    ...people,
    ...endorsed.map(({ index }) => index),
    ...handles(history, jti),
  ]
}

/** Frames that name it. */
function handles({ revocations }: History, handle: string): number[] {
  return revocations.flatMap(({ index, entry }) => (entry.body.frame.handle === handle ? [index] : []))
}

/** What it revoked, the last call that was allowed before it and the first that was denied after it. */
function revoked(row: JsonObject, input: ReportInput): number[] {
  const { history } = input
  const handle = textIn(row.handle)
  const issued = history.delegations.get(handle)
  const agent = issued?.entry.body.agent ?? handle
  const time = textIn(row.time)
  let [before, after]: (LoggedReceipt | null)[] = [null, null]
  const isIts = (one: Shape): boolean => one.kind === 'decision' && one.agent === agent
  for (const one of history.receiptsWhere(isIts)) {
    const { receipt } = one
    if (receipt.kind !== 'decision' || !isIn(one.time_ms, input.period)) continue
    if (receipt.decision === 'allow' && receipt.time < time) before = one
    if (receipt.decision === 'deny' && receipt.time >= time) after ??= one
  }
  const withdrawn = history.consents.flatMap(({ index, entry }) =>
    entry.type === 'consent.withdrawn' && entry.body.rev === handle.split('.')[0]
      ? [index, ...ofConsent(history, entry.body.consent)]
      : [],
  )
  return [
    ...withdrawn,
    ...issueOf(history, handle),
    ...agentOf({ agent: handle }, input),
    ...[before, after].flatMap((one) => indicesIn(one?.index)),
  ]
}

/** The kill, what points denied because of it, and its lift. */
function killed(history: History, kill: string): number[] {
  if (kill === '') return []
  const pulled = history.kills.filter(
    ({ entry }) =>
      (entry.type === 'kill.pulled' && entry.body.statement.kill.id === kill) ||
      (entry.type === 'kill.lifted' && entry.body.statement.lift.kills.includes(kill)),
  )
  const denied: number[] = []
  const isDenied = (one: Shape): boolean =>
    one.kind === 'decision' && one.tool === KILL_CALL && one.kill === kill
  for (const { index } of history.receiptsWhere(isDenied)) denied.push(index)
  return [...pulled.map(({ index }) => index), ...denied.sort((a, b) => a - b).slice(0, STEPS_MAX / 2)]
}

function ofOutput({ attested }: History, output: string): number[] {
  return attested.flatMap(({ index, entry }) =>
    entry.subject === output || ('output' in entry.body && entry.body.output === output) ? [index] : [],
  )
}

function ofItem({ governance }: History, review: string, item: number): number[] {
  return governance.flatMap(({ index, entry }) => {
    if (entry.subject !== review) return []
    const { body } = entry
    if ('item' in body && typeof body.item === 'number') return body.item === item ? [index] : []
    if (entry.type === 'access_review.assigned') return entry.body.items.includes(item) ? [index] : []
    if (entry.type === 'access_review.listed')
      return item >= entry.body.from && item < entry.body.from + entry.body.items.length ? [index] : []
    return [index]
  })
}

function ofConsent({ consents }: History, consent: string): number[] {
  return consents.flatMap(({ index, entry }) => {
    if (entry.type === 'consent.given') return entry.body.record.consent === consent ? [index] : []
    return entry.type === 'consent.withdrawn' && entry.body.consent === consent ? [index] : []
  })
}
