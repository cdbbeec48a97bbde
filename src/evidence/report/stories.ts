/**
 * The story of every action, on one page each: who authorized the agent, under what scope, where the evidence is.
 * spec/report.md (RPT-4).
 * @module
 */
import { canonicalize, type JsonObject } from '../../core/json.ts'
import { counted } from '../../core/words.ts'
import type { Story } from '../verify/story.ts'
import type { Citations } from './citations.ts'
import { heading, joined, text, type Block, type Section, type Span, type Spans } from './document.ts'
import { rowsOf, said, type ReportInput } from './input.ts'

/** Stories that one document tells: some 3 kB each. Of the others every field is in the pack. */
const STORIES_MAX = 2000

export interface Told {
  readonly stories: readonly Story[]
  /** Decisions of the period; more than stories where not all are told. */
  readonly actions_n: number
}

/** All actions of the period where they are few; else those that deviate, and others at even distances. */
export function toldOf(input: ReportInput, max: number = STORIES_MAX): Told {
  const rows = rowsOf(input, 'decisions')
  const actions = [...new Set(rows.map((row) => said(row.action)))]
  const chosen = actions.length <= max ? actions : choose(input, rows, actions, max)
  return { stories: input.stories(chosen), actions_n: actions.length }
}

function choose(
  input: ReportInput,
  rows: readonly JsonObject[],
  actions: readonly string[],
  max: number,
): readonly string[] {
  const deviating = new Set(
    input.tests.flatMap(({ deviations }) => deviations.flatMap(({ entries }) => entries)),
  )
  const first = rows.filter(({ index }) => deviating.has(Number(index))).map(({ action }) => said(action))
  const chosen = new Set(first.slice(0, max))
  const step = actions.length / Math.max(1, max - chosen.size)
  for (let at = 0; at < actions.length && chosen.size < max; at += step)
    chosen.add(actions[Math.floor(at)] ?? '')
  return actions.filter((action) => chosen.has(action))
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

export function storyBlocks(story: Story, cite: Citations): Block[] {
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
      { text: 'population decisions', to: '#pop-decisions' },
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
