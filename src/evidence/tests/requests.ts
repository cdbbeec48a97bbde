/** Test 34: requests, complaints and notices of breaches are answered in time. spec/breaches.md (BRC-8). @module */
import { requests } from '../populations/breaches.ts'
import { census, indicesOf, knownUntil, msOf, textOf, type ControlTest } from './test.ts'

export const answeredRequests: ControlTest = {
  number: 34,
  criteria: ['P5.1', 'P5.2', 'P6.3', 'P6.6', 'P8.1'],
  title: 'Requests and complaints are answered, and breaches told',
  attribute: 'closed, or told, by the day that the law of the jurisdiction is counted for',
  population: requests,
  source: null,
  run: (ctx) =>
    census(ctx.rows(requests), ({ index, what, kind, of, jurisdiction, due, answered, answer }) => {
      const isLate = answered === null ? msOf(due) < knownUntil(ctx) : msOf(answered) > msOf(due)
      if (!isLate) return null
      const entries = indicesOf(index, answer)
      if (what !== 'notice')
        return {
          code: 'REQUEST_LATE',
          message: `${textOf(what)} ${textOf(of)} (${textOf(kind)}) was not closed by ${textOf(due)}`,
          entries,
        }
      const whom = kind === 'authority' ? 'the authority' : 'the data subjects'
      return {
        code: 'NOTICE_LATE',
        message: `${textOf(of)} was not told to ${whom} of ${textOf(jurisdiction)} by ${textOf(due)}`,
        entries,
      }
    }),
}
