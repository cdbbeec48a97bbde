/**
 * The story of every action, on one page each: who authorized the agent, under what scope, where the evidence is.
 * spec/report.md (RPT-4).
 * @module
 */
import { canonicalize, type JsonObject } from '../../core/json.ts'
import { counted } from '../../core/words.ts'
import { isIn, type Period } from '../populations/definition.ts'
import { Column } from '../receipts/columns.ts'
import type { ReceiptTable } from '../receipts/table.ts'
import type { Story } from '../verify/story.ts'
import type { Citations } from './citations.ts'
import { heading, joined, text, type Block, type Section, type Span, type Spans } from './document.ts'
import { said, type ReportInput } from './input.ts'

/** Stories that one document tells: some 3 kB each. Of the others every field is in the pack. */
const STORIES_MAX = 2000

export interface Told {
  readonly stories: readonly Story[]
  /** Decisions of the period; more than stories where not all are told. */
  readonly actions_n: number
}

/** All actions of the period where they are few; else those that deviate, and others at even distances. */
export function toldOf(input: ReportInput, max: number = STORIES_MAX): Told {
  const deviating = new Set(
    input.tests.flatMap(({ deviations }) => deviations.flatMap(({ entries }) => entries)),
  )
  const actions = actionsOf(input, deviating)
  /** Rows. */
  const chosen = new Set<number>()
  for (const row of actions.deviating) if (chosen.size < max) chosen.add(row)
  const { rows } = actions
  const step = Math.max(1, rows.size / Math.max(1, max - chosen.size))
  for (let at = 0; at < rows.size && chosen.size < max; at += step) chosen.add(rows.at(Math.floor(at)))
  const { table } = input.history
  const told = [...chosen].sort((a, b) => a - b).map((row) => table.action(row))
  return { stories: input.stories(told), actions_n: rows.size }
}

/** By the row of the first decision of each, ascending. */
interface DecidedActions {
  readonly rows: Column
  readonly deviating: readonly number[]
}

/** Every action that was decided in the period. */
function actionsOf(
  { history: { table }, period }: ReportInput,
  deviating: ReadonlySet<number>,
): DecidedActions {
  const found = new Uint8Array(table.actions_n)
  for (const index of deviating) {
    const row = table.rowAt(index)
    if (row !== null && isDecidedIn(table, row, period)) found[table.actionId(row)] = DEVIATES
  }
  const actions = { rows: Column.counts(), deviating: [] as number[] }
  for (let row = 0; row < table.size; row++) {
    if (!isDecidedIn(table, row, period)) continue
    const id = table.actionId(row)
    const state = found[id] ?? 0
    if ((state & TOLD) !== 0) continue
    found[id] = state | TOLD
    actions.rows.push(row)
    if (state === DEVIATES) actions.deviating.push(row)
  }
  return actions
}

const DEVIATES = 1
const TOLD = 2

function isDecidedIn(table: ReceiptTable, row: number, period: Period): boolean {
  return table.decision(row) !== null && isIn(table.time_ms(row), period)
}

export function actionSections(told: Told, cite: Citations): Section[] {
  const { stories, actions_n } = told
  const all = stories.length === actions_n
  const list: Section = {
    id: 'actions',
    title: 'Actions',
    blocks: [
      text(
        `${counted(actions_n, 'action')} ${actions_n === 1 ? 'was' : 'were'} decided in the period (`,
        { text: 'population decisions', to: '#pop-decisions' },
        '). ',
        all
          ? 'The story of each stands below.'
          : `The stories of ${stories.length} stand below: those that deviate, and others at even distances, which nobody chose. Any other is told by `,
        ...(all ? [] : [{ code: 'countersign verify pack.zip --key … --action ID' }, '.']),
      ),
      {
        kind: 'table',
        caption: 'Actions, by the order of the log: follow one to its story',
        columns: ['Action', 'Time', 'Decision', 'Tool', 'Agent'],
        rows: stories.map(rowOf),
      },
    ],
  }
  const told_ = stories.flatMap((story) => storyBlocks(story, cite))
  return [list, { id: 'stories', title: 'The story of each action', blocks: told_ }]
}

function rowOf({ action, decisions }: Story): Spans[] {
  const last = decisions.at(-1) ?? {}
  return [
    [{ text: action, to: `#action-${action}` }],
    [said(last.time)],
    [decisionWords(last)],
    [`${said(last.server)} / ${said(last.tool)}`],
    [{ code: said(last.agent) }],
  ]
}

/** @param report where populations are shown: empty in the report itself */
export function storyBlocks(story: Story, cite: Citations, report = ''): Block[] {
  const { action, decisions, decided_by, outcome, who, scope, entries } = story
  return [
    heading(3, action, `action-${action}`),
    {
      kind: 'facts',
      rows: [
        ...decisions.map((one): [string, Spans] => [
          'Decision',
          [
            `${decisionWords(one)} at ${said(one.time)}: ${said(one.server)} / ${said(one.tool)} for `,
            { code: said(one.agent) },
            ' at point ',
            { code: said(one.point) },
            ' (',
            cite.entry(Number(one.index)),
            ')',
            ...whySpans(one),
          ],
        ]),
        ['Outcome', [outcome]],
        ...decided_by.map((one): [string, Spans] => [
          'A person was asked',
          [
            `${said(one.person)} decided ${said(one.decision)} at ${said(one.time)} by ${said(one.by)}, endorsed by ${said(one.endorsed_by)}${one.acted_alone === true ? ', acting alone' : ''} (`,
            cite.entry(Number(one.index)),
            ')',
          ],
        ]),
      ],
    },
    heading(4, 'Who authorized the agent?'),
    who.length === 0
      ? text('Nobody: it was not allowed.')
      : { kind: 'list', items: who.map((one) => whoSpans(one, cite)) },
    heading(4, 'Under what scope?'),
    scope.length === 0
      ? text('None: no chain that holds stands behind it.')
      : { kind: 'list', items: scope.map(scopeSpans) },
    heading(4, 'Where is the evidence?'),
    text(
      ...joined(cite.entries(entries)),
      '; its row in the ',
      { text: 'population decisions', to: `${report}#pop-decisions` },
      ' has the index of the decision.',
    ),
  ]
}

function whySpans(decision: JsonObject): Span[] {
  const why = decision.why
  return Array.isArray(why) && why.length > 0 ? [`: ${why.map(said).join('; ')}`] : []
}

function whoSpans(one: JsonObject, cite: Citations): Spans {
  return [
    `${said(one.role)}: `,
    { code: said(one.person) },
    `, by a gesture (${said(one.by)}) at ${said(one.authorized)}, registered in `,
    cite.entry(Number(one.registration)),
    `, endorsed by ${said(one.endorsed_by)}; for `,
    { code: said(one.agents) },
    `, issued by ${said(one.issuer)}`,
  ]
}

function scopeSpans(one: JsonObject): Spans {
  const grant = one.grant
  return [
    'delegation ',
    { code: said(one.delegation) },
    ` to `,
    { code: said(one.agent) },
    `, ${said(one.from)} to ${said(one.until)}, `,
    ...(grant === null || grant === undefined
      ? ['grant not disclosed']
      : ['grant ', { code: canonicalize(grant) }]),
  ]
}

function decisionWords(decision: JsonObject): string {
  const reasons = decision.reasons
  const why = Array.isArray(reasons) && reasons.length > 0 ? ` (${reasons.map(said).join(', ')})` : ''
  return `${said(decision.decision)}${why}`
}
