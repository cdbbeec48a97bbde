/** Test 19: deficiencies are owned, followed up and retested. spec/deviations.md (DEF-8). @module */
import { businessDaysAfter } from '../../core/business-days.ts'
import { deficiencies } from '../populations/deficiencies.ts'
import { census, indicesOf, knownUntil, msOf, textOf, type ControlTest, type FoundDeviation } from './test.ts'

/** Business days from its opening, until when somebody owns it. */
const OWNED_DAYS_MAX = 5

export const followedDeficiencies: ControlTest = {
  number: 19,
  criteria: ['CC4.1', 'CC4.2'],
  title: 'Deficiencies are followed up',
  attribute: `owned within ${OWNED_DAYS_MAX} business days, closed by their date, on a retest by somebody else`,
  population: deficiencies,
  source: null,
  run: (ctx) => {
    const until_ms = knownUntil(ctx)
    const isPast = (time_ms: number): boolean => time_ms < until_ms
    return census(ctx.rows(deficiencies), (row): FoundDeviation[] => {
      const { index, deficiency, opened, owned, due, closed, closing, retest, own_retest } = row
      const found = (code: FoundDeviation['code'], what: string): FoundDeviation => ({
        code,
        message: `${textOf(deficiency)} ${what}`,
        entries: indicesOf(index, retest, closing),
      })
      const ownedBy_ms = businessDaysAfter(msOf(opened), OWNED_DAYS_MAX)
      const due_ms = msOf(due)
      const isUnowned = owned === null ? isPast(ownedBy_ms) : msOf(owned) > ownedBy_ms
      const isLate = closed === null ? isPast(due_ms) : msOf(closed) > due_ms
      return [
        ...(isUnowned
          ? [found('DEFICIENCY_UNOWNED', `had no owner for ${OWNED_DAYS_MAX} business days`)]
          : []),
        ...(isLate ? [found('DEFICIENCY_OVERDUE', 'was not closed by its date')] : []),
        ...(closed !== null && retest === null
          ? [found('DEFICIENCY_NOT_RETESTED', 'was closed without a retest that passed')]
          : []),
        ...(closed !== null && own_retest === true
          ? [found('DEFICIENCY_OWN_RETEST', 'was retested by who owned or repaired it')]
          : []),
      ]
    })
  },
}
