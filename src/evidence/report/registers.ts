/**
 * Registers as pages: drills, incidents and reviews of access, each with its story and its entries. spec/report.md (RPT-13).
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import { counted } from '../../core/words.ts'
import { wordsOfEntry } from '../../log/entry-words.ts'
import type { Citations } from './citations.ts'
import { heading, joined, text, type Block, type Section, type Span, type Spans } from './document.ts'
import { drillBlocks, drillsIn } from './drills.ts'
import { rowsOf, said, type ReportInput } from './input.ts'

/** Drills, incidents and reviews that a report tells one by one; every one is a row of its population. */
const TOLD_MAX = 100
/** Lines of one story. */
const LINES_MAX = 200

export function registerSections(input: ReportInput, cite: Citations): Section[] {
  return [drillSection(input, cite), incidentSection(input, cite), reviewSection(input, cite)]
}

function intro(n: number, [one, many]: readonly [string, string], population: string): Block {
  const link = { text: `population ${population}`, to: `#pop-${population}` }
  if (n === 0) return text(`It did not occur: no ${one} in the period (`, link, ').')
  const told = n > TOLD_MAX ? `; the first ${TOLD_MAX} are told here` : ''
  return text(`${counted(n, one, many)} in the period (`, link, `)${told}.`)
}

function drillSection(input: ReportInput, cite: Citations): Section {
  const drills = drillsIn(input)
  return {
    id: 'drills',
    title: 'Drills of the kill switch',
    blocks: [
      intro(drills.length, ['closed drill', 'closed drills'], 'drills'),
      ...drills
        .slice(0, TOLD_MAX)
        .flatMap((drill) => [
          heading(3, `Drill ${drill.entry.subject ?? ''}`, `drill-${drill.index}`),
          ...drillBlocks(drill, input, cite),
        ]),
    ],
  }
}

function incidentSection(input: ReportInput, cite: Citations): Section {
  const rows = rowsOf(input, 'incidents')
  return {
    id: 'incidents',
    title: 'Incidents',
    blocks: [
      intro(rows.length, ['incident', 'incidents'], 'incidents'),
      ...rows.slice(0, TOLD_MAX).flatMap((row) => incidentBlocks(row, input, cite)),
    ],
  }
}

function incidentBlocks(row: JsonObject, { history }: ReportInput, cite: Citations): Block[] {
  const incident = said(row.incident)
  const acts = history.responses.filter(({ entry }) => entry.subject === incident)
  const lines = acts.slice(0, LINES_MAX)
  return [
    heading(
      3,
      `${row.exercise === true ? 'Exercise' : 'Incident'} ${incident}`,
      `incident-${said(row.index)}`,
    ),
    {
      kind: 'facts',
      rows: [
        ['Severity', [said(row.severity)]],
        ['Kind', [said(row.kind)]],
        ['Agent', [{ code: said(row.agent) }]],
        ['Detected', [said(row.detected)]],
        ['First taken by a person', [said(row.acknowledged)]],
        [
          'Contained',
          [
            row.contained === null
              ? 'not by the end of the log'
              : `${said(row.contained)}, ${said(row.contained_by)}`,
          ],
        ],
        ['Closed', closedSpans(row)],
        ['Rests on', joined([...alertCodes(row.alerts), ...cite.entries(numbersIn(row.entries))])],
      ],
    },
    {
      kind: 'table',
      caption: `What was done about ${incident}`,
      columns: ['When', 'What', 'Who', 'Entry'],
      rows: lines.map(({ index, entry }): Spans[] => [
        [entry.time],
        [wordsOfEntry(entry)],
        [{ code: entry.actor.id }],
        [cite.entry(index)],
      ]),
    },
    text(
      'Words about its cause and its lessons are sealed: the log has commitments to them, and whoever runs it can open these.',
    ),
  ]
}

function closedSpans({ closed, closer, acted_alone }: JsonObject): Spans {
  if (closed === null || closed === undefined) return ['not by the end of the log']
  return [`${said(closed)} by `, { code: said(closer) }, acted_alone === true ? ', acting alone' : '']
}

function alertCodes(alerts: unknown): Span[] {
  return Array.isArray(alerts) ? alerts.map((alert): Span => ({ code: String(alert) })) : []
}

function numbersIn(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'number') : []
}

function reviewSection(input: ReportInput, cite: Citations): Section {
  const byReview = Map.groupBy(rowsOf(input, 'access_reviews'), ({ review }) => said(review))
  return {
    id: 'access-reviews',
    title: 'Reviews of access',
    blocks: [
      intro(byReview.size, ['review', 'reviews'], 'access_reviews'),
      ...[...byReview]
        .slice(0, TOLD_MAX)
        .flatMap(([review, rows]) => reviewBlocks(review, rows, input, cite)),
    ],
  }
}

function reviewBlocks(
  review: string,
  rows: readonly JsonObject[],
  { history }: ReportInput,
  cite: Citations,
): Block[] {
  const [{ period, digest, opened, opener, closed, closer } = {}] = rows
  const acts = history.governance.filter(({ entry }) => entry.subject === review)
  const frozen = acts.filter(
    ({ entry }) => entry.type === 'access_review.opened' || entry.type === 'access_review.listed',
  )
  const closing = acts.filter(({ entry }) => entry.type === 'access_review.closed')
  const reviewers = Map.groupBy(rows, (row) => said(row.reviewer))
  const n = (of: readonly JsonObject[], decision: string): number =>
    of.filter((row) => said(row.decision) === decision).length
  const actedOn = rows.filter((row) => row.decision === 'revoke' || row.decision === 'change')
  return [
    heading(3, `Review ${review}`, `review-${review}`),
    {
      kind: 'facts',
      rows: [
        ['Of the quarter', [said(period)]],
        [
          'Frozen list',
          [
            `${counted(rows.length, 'item')}, SHA-256 `,
            { code: said(digest) },
            ' (',
            ...joined(cite.entries(frozen.map(({ index }) => index))),
            ')',
          ],
        ],
        ['Opened', [`${said(opened)} by `, { code: said(opener) }]],
        [
          'Closed',
          closed === null
            ? ['not by the end of the log']
            : [
                `${said(closed)} by `,
                { code: said(closer) },
                ' (',
                ...joined(cite.entries(closing.map(({ index }) => index))),
                ')',
              ],
        ],
        ['Not decided', [String(n(rows, 'none'))]],
        [
          'To be acted on',
          [`${actedOn.length}, of which ${actedOn.filter((row) => row.acted !== null).length} were`],
        ],
      ],
    },
    {
      kind: 'table',
      caption: `Reviewers of ${review}`,
      columns: ['Reviewer', 'Items', 'Keep', 'Revoke', 'Change', 'Not decided'],
      rows: [...reviewers].map(([reviewer, its]) => [
        [{ code: reviewer }],
        ...[its.length, n(its, 'keep'), n(its, 'revoke'), n(its, 'change'), n(its, 'none')].map(
          (count): Spans => [String(count)],
        ),
      ]),
    },
  ]
}
