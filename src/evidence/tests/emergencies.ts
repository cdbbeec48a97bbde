/** Test 32: emergency access is the exception. spec/emergency.md (EMA-5). @module */
import { EMERGENCY_MS_MAX } from '../../log/emergency-bodies.ts'
import { emergencyAccess, REVIEWED_DAYS_MAX } from '../populations/emergencies.ts'
import { census, indicesOf, knownUntil, msOf, textOf, type ControlTest, type FoundDeviation } from './test.ts'

/** The alert is raised in the transaction that grants it. */
const ALERTED_MS_MAX = 60_000

export const reviewedEmergencies: ControlTest = {
  number: 32,
  criteria: ['CC6.2', 'CC6.3'],
  title: 'Emergency access is the exception',
  attribute: `a reason, four hours at most, alerted at once, reviewed by another within ${REVIEWED_DAYS_MAX} business days`,
  population: emergencyAccess,
  source: null,
  run: (ctx) =>
    census(ctx.rows(emergencyAccess), (row): FoundDeviation[] => {
      const {
        index,
        access,
        granted,
        until,
        reason,
        alert,
        alerted,
        due,
        review,
        reviewed,
        taker,
        reviewer,
      } = row
      const found = (code: FoundDeviation['code'], what: string): FoundDeviation => ({
        code,
        message: `${textOf(access)} ${what}`,
        entries: indicesOf(index, review),
      })
      const isByOther = reviewed !== null && reviewer !== taker
      const isLate = isByOther ? msOf(reviewed) > msOf(due) : msOf(due) < knownUntil(ctx)
      return [
        ...(msOf(until) - msOf(granted) > EMERGENCY_MS_MAX
          ? [found('EMERGENCY_TOO_LONG', 'lasted over four hours')]
          : []),
        ...(reason === null ? [found('EMERGENCY_NO_REASON', 'has no reason')] : []),
        ...(alert === null || msOf(alerted) - msOf(granted) > ALERTED_MS_MAX
          ? [found('EMERGENCY_NOT_ALERTED', 'was not told at once')]
          : []),
        ...(isLate
          ? [
              found(
                'EMERGENCY_UNREVIEWED',
                `was not reviewed by another within ${REVIEWED_DAYS_MAX} business days`,
              ),
            ]
          : []),
      ]
    }),
}
