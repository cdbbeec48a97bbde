/**
 * What is open as an OSCAL plan of action and milestones: tests, and the deficiencies of the register with who owns them,
 * until when, what was done and what management says. spec/report.md (RPT-7).
 * Invariant: a deficiency is management's word. It is a risk of the plan, and never a finding.
 * @module
 */
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { DeviationEvaluation } from '../tests/result.ts'
import { RESULT_WORDS, rowsOf, said, type ReportedTest, type ReportInput } from '../report/input.ts'
import { observationOf } from './assessment.ts'
import { prop, type OscalParts } from './parts.ts'

const OPEN: ReadonlySet<string> = new Set(['deviations', 'not_reconciled', 'not_tested'])
const OWNER_ROLE = 'deficiency-owner'

/** A deficiency that nobody closed, as the register has it. */
interface OpenDeficiency {
  readonly id: string
  readonly row: JsonObject
  /** RFC 3339: when somebody last said what was done; null: nobody did. */
  readonly repaired: string | null
  /** Of which a test found a deviation. */
  readonly test: ReportedTest | null
  readonly evaluations: readonly DeviationEvaluation[]
}

/** @returns null when nothing is open: OSCAL knows no plan without an item */
export function oscalPoam(parts: OscalParts, input: ReportInput): JsonObject | null {
  const deficiencies = openDeficiencies(input)
  const open = input.tests.filter(({ result }) => OPEN.has(result))
  if (open.length + deficiencies.length === 0) return null
  const observed = input.tests.filter(
    (test) => open.includes(test) || deficiencies.some((deficiency) => deficiency.test === test),
  )
  return {
    'plan-of-action-and-milestones': {
      uuid: parts.uuid('poam'),
      metadata: {
        ...parts.metadata('What is open after management’s tests'),
        ...ownersOf(parts, deficiencies),
      },
      'system-id': { 'identifier-type': 'http://ietf.org/rfc/rfc4122', id: parts.uuid('system') },
      ...some(
        'observations',
        observed.map((test) => observationOf(test, parts, input)),
      ),
      ...some(
        'risks',
        deficiencies.map((deficiency) => riskOf(parts, deficiency)),
      ),
      'poam-items': [
        ...open.map((test) => testItem(parts, test)),
        ...deficiencies.map((deficiency) => deficiencyItem(parts, deficiency)),
      ],
    },
  }
}

function openDeficiencies(input: ReportInput): OpenDeficiency[] {
  return rowsOf(input, 'deficiencies')
    .filter(({ closed }) => closed === null)
    .map((row) => {
      const id = said(row.deficiency)
      const evaluations = [...input.evaluations].flatMap(([deviation, one]) =>
        deviation === row.deviation || one.remediation === id ? [one] : [],
      )
      const repaired = timeOf(input, row.remediation)
      return { id, row, repaired, test: testOf(input, row.deviation), evaluations }
    })
}

function timeOf({ history }: ReportInput, index: JsonValue | undefined): string | null {
  const place = typeof index === 'number' ? history.tested.placeOf(index) : undefined
  return place === undefined ? null : rfc3339(place.time_ms)
}

/** The name of a deviation begins with the number of its test (DEV-1). */
function testOf({ tests }: ReportInput, deviation: JsonValue | undefined): ReportedTest | null {
  if (typeof deviation !== 'string') return null
  return tests.find(({ number }) => deviation.startsWith(`${number}/`)) ?? null
}

/** By identifier: who they are is sealed in the log. */
function ownersOf(parts: OscalParts, deficiencies: readonly OpenDeficiency[]): JsonObject {
  const owners = [...new Set(deficiencies.flatMap(({ row }) => ownerOf(row)))].toSorted()
  if (owners.length === 0) return {}
  return {
    roles: [{ id: OWNER_ROLE, title: 'Owner of a deficiency' }],
    parties: owners.map((owner) => ({
      uuid: parts.uuid('party', owner),
      type: 'person',
      props: [prop('person', owner)],
    })),
  }
}

function ownerOf({ owner }: JsonObject): string[] {
  return typeof owner === 'string' ? [owner] : []
}

function testItem(
  parts: OscalParts,
  { number, title, result, reason, deviations_n }: ReportedTest,
): JsonObject {
  return {
    uuid: parts.uuid('poam-item', String(number)),
    title: `Test ${number}: ${title}`,
    description:
      result === 'deviations'
        ? `Evaluate ${deviations_n} deviations, and repair what caused them. A repair removes none of them.`
        : `${RESULT_WORDS[result]}${reason === null ? '' : `: ${reason}`}.`,
    'related-observations': [observedBy(parts, number)],
  }
}

function deficiencyItem(parts: OscalParts, { id, row, test }: OpenDeficiency): JsonObject {
  return {
    uuid: parts.uuid('poam-item', id),
    title: `Deficiency ${id}`,
    description: `${aboutOf(row)} Owner: ${said(row.owner)}. Due ${said(row.due)}.`,
    props: propsOf(id, row),
    ...(test === null ? {} : { 'related-observations': [observedBy(parts, test.number)] }),
    'related-risks': [{ 'risk-uuid': parts.uuid('risk', id) }],
  }
}

function observedBy(parts: OscalParts, test: number): JsonObject {
  return { 'observation-uuid': parts.uuid('observation', String(test)) }
}

function aboutOf({ criteria, deviation, opened }: JsonObject): string {
  const of = deviation === null ? 'by hand' : `of deviation ${said(deviation)}`
  return `Opened ${of} at ${said(opened)}, of ${said(criteria)}.`
}

function propsOf(id: string, { index, criteria, deviation, owner }: JsonObject): JsonObject[] {
  return [
    prop('deficiency', id),
    prop('entry', said(index)),
    ...(Array.isArray(criteria) ? criteria.map((criterion) => prop('criterion', said(criterion))) : []),
    ...(deviation === null ? [] : [prop('deviation', said(deviation))]),
    prop('owner', said(owner)),
  ]
}

/** Words of management stand in a paragraph of their own, and make no other. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function riskOf(parts: OscalParts, deficiency: OpenDeficiency): JsonObject {
  const { id, row, repaired, test, evaluations } = deficiency
  return {
    uuid: parts.uuid('risk', id),
    title: `Deficiency ${id}`,
    description: [
      aboutOf(row),
      ...evaluations.map(
        ({ cause, extent, signer, signed }) =>
          `Management (${signer}, ${signed}) says: cause: ${oneLine(cause)} Extent: ${oneLine(extent)}`,
      ),
    ].join('\n\n'),
    statement:
      evaluations.map(({ effect }) => effect).join('\n\n') ||
      'No evaluation speaks of it: what came of it is not said.',
    props: propsOf(id, row),
    status: repaired === null ? 'open' : 'remediating',
    ...some(
      'mitigating-factors',
      evaluations.flatMap(({ compensating, entry }) =>
        compensating === null
          ? []
          : [{ uuid: parts.uuid('mitigating-factor', id, String(entry)), description: compensating }],
      ),
    ),
    deadline: said(row.due),
    remediations: [
      {
        uuid: parts.uuid('remediation', id),
        lifecycle: row.retest === null ? 'planned' : 'completed',
        title: 'What is done about it',
        description:
          repaired === null
            ? 'Nobody said yet what was done.'
            : `${said(row.repairer)} said in entry ${said(row.remediation)} what was done. Its words are filed under the deficiency, and no entry has them.`,
        tasks: milestonesOf(parts, deficiency),
      },
    ],
    ...(test === null ? {} : { 'related-observations': [observedBy(parts, test.number)] }),
  }
}

/** What was reached at the time of its entry, and what is not, when it is due. */
function milestonesOf(parts: OscalParts, { id, row, repaired }: OpenDeficiency): JsonObject[] {
  const { owned, remediation, retest, retested, due } = row
  const steps: readonly (readonly [string, string, JsonValue | undefined, JsonValue | undefined])[] = [
    ['owned', 'Somebody owns it', owned, null],
    ['repaired', 'It is repaired', repaired, remediation],
    ['retested', 'It was retested after that, and passed', retested, retest],
    ['closed', 'It is closed by a gesture of somebody else', null, null],
  ]
  return steps.map(([name, title, reached, entry]) => ({
    uuid: parts.uuid('milestone', id, name),
    type: 'milestone',
    title,
    props: [
      prop('milestone', reached === null ? 'open' : 'reached'),
      ...(typeof entry === 'number' ? [prop('entry', String(entry))] : []),
    ],
    timing: { 'on-date': { date: said(reached ?? due) } },
    ...some(
      'responsible-roles',
      ownerOf(row).map((one) => ({
        'role-id': OWNER_ROLE,
        'party-uuids': [parts.uuid('party', one)],
      })),
    ),
  }))
}

/** OSCAL has no empty lists. */
function some(name: string, values: readonly JsonObject[]): JsonObject {
  return values.length === 0 ? {} : { [name]: [...values] }
}
