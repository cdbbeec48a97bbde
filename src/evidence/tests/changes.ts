/** Tests 17 and 18: who changed what agents run under, and who agreed. spec/tests.md. @module */
import { changes, emergencyChanges } from '../populations/changes.ts'
import { census, indicesOf, knownUntil, msOf, textOf, type ControlTest, type FoundDeviation } from './test.ts'

export const approvedChanges: ControlTest = {
  number: 17,
  criteria: ['CC8.1'],
  title: 'Changes take two people',
  attribute: 'author is not approver; versions of agents were tested, and nothing failed',
  population: changes,
  source: null,
  run: (ctx) =>
    census(ctx.rows(changes), ({ index, kind, of, proposal, author, approver, tests }): FoundDeviation[] => {
      const found = (code: FoundDeviation['code'], what: string): FoundDeviation => ({
        code,
        message: `${textOf(kind)} of ${textOf(of)} ${what}`,
        entries: indicesOf(index, proposal),
      })
      if (author === approver) return [found('ACTED_ALONE', 'was approved by its author')]
      if (kind !== 'version') return []
      const { n, failed } =
        typeof tests === 'object' && tests !== null && 'n' in tests ? tests : { n: 0, failed: 0 }
      if (Number(n) === 0) return [found('CHANGE_UNTESTED', 'names no test')]
      return Number(failed) > 0 ? [found('CHANGE_TESTS_FAILED', `has ${Number(failed)} failed tests`)] : []
    }),
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
