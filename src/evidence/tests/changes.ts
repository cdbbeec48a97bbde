/** Tests 17 and 18: who changed what agents run under, and who agreed. spec/tests.md. @module */
import type { JsonObject } from '../../core/json.ts'
import { LONE_DAYS_MAX } from '../../log/alone.ts'
import { changes, emergencyChanges } from '../populations/changes.ts'
import { census, indicesOf, knownUntil, msOf, textOf, type ControlTest, type FoundDeviation } from './test.ts'

export const approvedChanges: ControlTest = {
  number: 17,
  criteria: ['CC8.1'],
  title: 'Changes take two people',
  attribute:
    'author is not approver; versions of agents were tested, also those that one person approved alone, and nothing failed',
  population: changes,
  source: null,
  run: (ctx) => {
    // What one person approved alone is test 18; that it was tested is asked here all the same.
    const alone = ctx.rows(emergencyChanges).filter(({ kind }) => kind === 'version')
    return census([...ctx.rows(changes), ...alone], (row) => {
      const isOwn = row.author === row.approver && !alone.includes(row)
      if (isOwn) return changed('ACTED_ALONE', row, 'was approved by its author')
      return row.kind === 'version' ? versionFault(row) : null
    })
  },
}

function changed(
  code: FoundDeviation['code'],
  { index, kind, of, proposal }: JsonObject,
  what: string,
): FoundDeviation {
  return { code, message: `${textOf(kind)} of ${textOf(of)} ${what}`, entries: indicesOf(index, proposal) }
}

function versionFault(row: JsonObject): FoundDeviation | null {
  const { tests } = row
  const { n, failed } =
    typeof tests === 'object' && tests !== null && 'n' in tests ? tests : { n: 0, failed: 0 }
  if (Number(n) === 0) return changed('CHANGE_UNTESTED', row, 'names no test')
  return Number(failed) > 0 ? changed('CHANGE_TESTS_FAILED', row, `has ${Number(failed)} failed tests`) : null
}

/** The alert is raised in the transaction of the change. */
const ALERTED_MS_MAX = 60_000

export const emergencies: ControlTest = {
  number: 18,
  criteria: ['CC8.1'],
  title: 'Changes made alone are reviewed afterwards',
  attribute: `what one person changed alone was alerted at once, and reviewed by another within ${LONE_DAYS_MAX} business days, who agreed: a compensating control, no approval`,
  population: emergencyChanges,
  source: null,
  run: (ctx) =>
    census(ctx.rows(emergencyChanges), (row): FoundDeviation[] => {
      const { index, time, kind, of, proposal, alert, alerted, due, review, reviewed, reviewer } = row
      const found = (code: FoundDeviation['code'], what: string): FoundDeviation => ({
        code,
        message: `${textOf(kind)} of ${textOf(of)} was changed by one person alone${what}`,
        entries: indicesOf(index, proposal, review),
      })
      const isLate = (review === null ? knownUntil(ctx) : msOf(reviewed)) > msOf(due)
      return [
        ...(alert === null || msOf(alerted) - msOf(time) > ALERTED_MS_MAX
          ? [found('ALONE_NOT_ALERTED', ', and not told at once')]
          : []),
        ...(review === null && isLate ? [found('ALONE_UNREVIEWED', '')] : []),
        ...(review !== null && isLate
          ? [found('ALONE_REVIEWED_LATE', `, and reviewed by ${textOf(reviewer)} on ${textOf(reviewed)}`)]
          : []),
        ...(row.review_outcome === 'objected'
          ? [found('ALONE_OBJECTED', `, and ${textOf(reviewer)} objected to it on ${textOf(reviewed)}`)]
          : []),
      ]
    }),
}
