/** Populations as CSV: what a spreadsheet opens is what the rows say, and nothing in it runs. spec/report.md (RPT-12) */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { csvOf } from './csv.ts'

const python = spawnSync('python3', ['--version']).status === 0
const READ = `import csv, io, json, sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', newline='')
print(json.dumps(list(csv.reader(text, strict=True))))`
const readBack = (text: string): string[][] =>
  JSON.parse(execFileSync('python3', ['-c', READ], { input: text }).toString()) as string[][]

const csvText = (rows: readonly JsonObject[]): string =>
  [...csvOf(rows, new Set(rows.flatMap((row) => Object.keys(row))))].join('')

test('has the index first, the other columns in order, and nothing for what a row has not', () => {
  expect(
    csvText([
      { tool: 'read', index: 3 },
      { index: 4, agent: null, reasons: ['A', 'B'] },
    ]),
  ).toBe('index,agent,reasons,tool\r\n3,,,read\r\n4,,"[""A"",""B""]",\r\n')
  expect(csvText([])).toBe('')
})

test.each([
  ['=1+1', "'=1+1"],
  ['+1 call', "'+1 call"],
  ['-cmd', "'-cmd"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['\r=1', `"'\r'=1"`],
  ['＝1', "'＝1"],
  ['-12.5', '-12.5'],
  ['a,"b"\n', '"a,""b""\n"'],
  // Where a list is separated by semicolons, a spreadsheet splits there, and knows no quotation marks within a cell.
  ['read;=1+1', "read;'=1+1"],
  ['read\t＝1', "read\t'＝1"],
  ['read\r\n@SUM(A1)', '"read\r\n\'@SUM(A1)"'],
  ['a;b; -c', 'a;b; -c'],
])('%j is text and no formula', (value, cell) => {
  expect(csvText([{ value }])).toBe(`value\r\n${cell}\r\n`)
})

test.skipIf(!python)(
  `is read by Python's csv as it was written${python ? '' : ' (skipped: no python3)'}`,
  () => {
    const any = fc.string({ unit: 'grapheme', maxLength: 40 })
    const rows = fc.sample(fc.record({ index: fc.nat(), name: any, note: any }), { numRuns: 300, seed: 7 })
    const [header, ...read] = readBack(csvText(rows))
    expect(header).toEqual(['index', 'name', 'note'])
    expect(read).toEqual(rows.map(({ index, name, note }) => [String(index), ...[name, note].map(defused)]))
    expect(read.flat().filter((cell) => /^[=+@\t\r\n]/.test(cell))).toEqual([])
  },
)

const shell = spawnSync('sqlite3', ['--version']).error === undefined
test.skipIf(!shell)(
  `is imported by the shell of SQLite as it was written${shell ? '' : ' (skipped: no sqlite3)'}`,
  () => {
    const any = fc.string({ unit: 'grapheme-ascii', maxLength: 40 })
    const rows = fc.sample(fc.record({ index: fc.nat(), name: any, note: any }), { numRuns: 300, seed: 8 })
    const folder = mkdtempSync(join(tmpdir(), 'csv-'))
    writeFileSync(join(folder, 'rows.csv'), csvText(rows))
    const input = '.import --csv rows.csv rows\n.mode json\nselect * from rows;\n'
    const said = execFileSync('sqlite3', [':memory:'], { input, cwd: folder })
    rmSync(folder, { recursive: true })
    expect(JSON.parse(said.toString())).toEqual(
      rows.map(({ index, name, note }) => ({
        index: String(index),
        name: defused(name),
        note: defused(note),
      })),
    )
  },
)

/** As the page of the specification says it, and not as the code does. */
function defused(text: string): string {
  const within = Array.from(text)
    .map((char, at, all) =>
      '=+-@＝＋－＠'.includes(char) && ';\t\r\n'.includes(all[at - 1] ?? ' ') ? `'${char}` : char,
    )
    .join('')
  const first = text.charAt(0)
  if (!'=+-@\t\r\n＝＋－＠'.includes(first) || first === '') return within
  return !Number.isNaN(Number(text)) && first === '-' ? text : `'${within}`
}
