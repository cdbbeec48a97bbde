/** The strict reader of CSV. spec/sources.md (RCN-1). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCsv } from './csv.ts'

const LIMITS = { rows_max: 5, columns_max: 4, cell_chars_max: 20 }
const read = (text: string) => parseCsv(text, LIMITS)

describe('a CSV', () => {
  test('has a header and records, with CRLF or LF, and perhaps a mark at the beginning', () => {
    const table = {
      columns: ['a', 'b'],
      rows: [
        ['1', 'x,y'],
        ['', 'say "hi"\nthere'],
      ],
    }
    expect(read('a,b\r\n1,"x,y"\r\n,"say ""hi""\nthere"\r\n')).toEqual(table)
    expect(read('\uFEFFa,b\n1,"x,y"\n,"say ""hi""\nthere"')).toEqual(table)
    expect(read('a,b\n')).toEqual({ columns: ['a', 'b'], rows: [] })
    expect(read('a\n\n1\n').rows).toEqual([[''], ['1']])
  })

  test.each([
    ['', /line 1.*no header/],
    ['a,\n', /line 1.*column 2 has no name/],
    ['a,a\n', /line 1.*same name/],
    ['a,b\n1\n', /line 2.*1 cells/],
    ['a,b\n1,2,3\n', /line 2.*3 cells/],
    ['a\n"x\ny"\n1,2\n', /line 4.*2 cells/],
    ['a\n1"2\n', /line 2.*quotation mark/],
    ['a\n"1"2\n', /line 2.*behind a quoted/],
    ['a\n"1\n', /line 2.*does not end/],
    ['a\n1\r2\n', /line 2.*carriage return/],
    ['a,b,c,d,e\n', /line 1.*columns/],
    [`a\n${'1\n'.repeat(6)}`, /line 7.*rows/],
    [`a\n${'x'.repeat(21)}\n`, /line 2.*too long/],
  ])('like %j is refused, with the line', (text, message) => {
    expect(() => read(text)).toThrowWithCode('CSV_INVALID')
    expect(() => read(text)).toThrow(message)
  })

  test('that quotes every cell is read as it was written', () => {
    const cell = fc.string({ maxLength: 8 }).map((text) => text.replaceAll('\r', ''))
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), (rows) => {
        const text = [['a', 'b'], ...rows].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('')
        expect(read(text).rows).toEqual(rows)
      }),
    )
  })
})
