/** Tests 17 and 18: who changed what agents run under, and who agreed. spec/tests.md. @module */
import type { JsonObject } from '../../core/json.ts'
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

export const emergencies: ControlTest = {
  number: 18,
  criteria: ['CC8.1'],
  title: 'Emergency changes are approved afterwards',
  attribute: 'what one person changed alone was approved by another within five business days',
  population: emergencyChanges,
  source: null,
  run: (ctx) =>
    census(ctx.rows(emergencyChanges), ({ index, kind, of, proposal, due }) =>
      msOf(due) >= knownUntil(ctx)
        ? null
        : {
            code: 'EMERGENCY_UNAPPROVED',
            message: `${textOf(kind)} of ${textOf(of)} was changed by one person alone`,
            entries: indicesOf(index, proposal),
          },
    ),
}
