/** Lines of rows that are told by what they share are those of each row by itself. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalize, type JsonObject } from '../../core/json.ts'
import { linesAlike, wholeOf } from './alike.ts'
import { csvAlike, csvOf } from './csv.ts'
import type { AlikeRow } from './definition.ts'

const OWN = ['action', 'index', 'seq', 'time']
/** What could be taken for something else: marks of ours, quotes, what JSON, CSV or a spreadsheet reads. */
const odd = fc.constantFrom(
  'xOWN1x',
  'x',
  '"',
  '',
  '=1+1',
  '-3',
  '1.5',
  'a,b',
  'a\nb',
  'größe',
  '\u2028',
  '@x',
  'act_1',
)
const texts = fc.oneof(odd, fc.string({ maxLength: 12 }))
const kinds = fc.array(
  fc.record({ agent: fc.option(texts), zone: texts, reasons: fc.array(texts, { maxLength: 2 }) }),
  {
    minLength: 1,
    maxLength: 3,
  },
)
const own = fc.array(fc.tuple(fc.nat({ max: 2 }), texts, fc.nat(), fc.nat(), texts), { maxLength: 12 })

function* rowsOf(
  likes: readonly JsonObject[],
  all: readonly (readonly [number, string, number, number, string])[],
) {
  const seen: JsonObject[] = []
  for (const [which, action, index, seq, time] of all) {
    const like = { action: '', index: 0, seq: 0, time: '', ...likes[which % likes.length] }
    let kind = seen.findIndex((one) => canonicalize(one) === canonicalize(like))
    if (kind < 0) kind = seen.push(like) - 1
    const row: AlikeRow = { index, kind, like: () => like, values: [action, index, seq, time] }
    yield row
  }
}

test('in JSON and in CSV', () => {
  fc.assert(
    fc.property(kinds, own, (likes, all) => {
      const whole = [...rowsOf(likes, all)].map((row) => wholeOf(row, OWN))
      const lines = linesAlike(rowsOf(likes, all), OWN, canonicalize, '"')
      expect([...lines]).toEqual(whole.map(canonicalize))
      const columns = whole.length === 0 ? [] : Object.keys(whole[0] ?? {})
      expect([...csvAlike(rowsOf(likes, all), OWN, columns)]).toEqual([...csvOf(whole, columns)])
    }),
    { numRuns: 500 },
  )
})
