/** Documents as PDF: the same bytes, every page says what it is, read by software that is not ours. spec/report.md (RPT-11) */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { SIMULATED, STANDING, text, type Document } from '../../evidence/report/document.ts'
import { printPdf } from './print.ts'

const document: Document = {
  title: 'Evidence report',
  subtitle: 'log.example',
  simulated: SIMULATED,
  standing: STANDING,
  sections: Array.from({ length: 3 }, (_, i) => ({
    id: `s${i}`,
    title: `Section ${i}`,
    blocks: [
      text('An agent called \u202eevil 代理 acted.'),
      {
        kind: 'table',
        caption: 'Deviations',
        columns: ['No.', 'What'],
        rows: Array.from({ length: 60 }, (_row, n) => [[String(n)], ['it deviates '.repeat(12)]]),
      },
      {
        kind: 'chart',
        id: `c${i}`,
        title: 'Latency',
        summary: 'The slowest took 71 ms.',
        unit: 'ms',
        from_ms: 0,
        to_ms: 1000,
        series: [{ name: 'slowest', points: [{ at_ms: 500, value: 71 }] }],
        bound: { name: 'bound', value: 200 },
        value_max: null,
      },
    ],
  })),
}
const bytes = await printPdf(document)
const raw = Buffer.from(bytes).toString('latin1')

/** Of a content stream: hexadecimal strings of what is shown, in the standard encoding. */
const shownIn = (pdf: string): string =>
  [...pdf.matchAll(/\[((?:<[0-9a-f]*>|[\s\d.-])*)\] TJ/g)]
    .map(([, parts = '']) =>
      [...parts.matchAll(/<([0-9a-f]*)>/g)]
        .map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1'))
        .join(''),
    )
    .join('\n')
const shown = shownIn(raw)

test('is the same file every time', async () => {
  expect(Buffer.compare(Buffer.from(await printPdf(document)), Buffer.from(bytes))).toBe(0)
})

test('is tagged, in English, with an outline and a title, and runs nothing', () => {
  expect(raw).toContain('/Marked true')
  expect(raw).toContain('/Lang (en)')
  expect(raw).toContain('/Outlines')
  expect(raw).toMatch(/\/S \/Table\b/)
  expect(raw).toMatch(/\/S \/Figure\b/)
  expect(raw).toContain('/Alt (Latency. The slowest took 71 ms.)')
  expect(raw).not.toMatch(/\/(JavaScript|JS|Launch|URI|OpenAction|AA)\b/)
})

test('says on every page that the data is simulated and that nobody endorsed the format', () => {
  const pages = [...raw.matchAll(/\/Type \/Page\b/g)].length
  expect(pages).toBeGreaterThan(5)
  expect(shown.split('\n').filter((line) => line === SIMULATED).length).toBeGreaterThanOrEqual(pages)
  expect(
    shown.split('\n').filter((line) => line.startsWith('Nobody has endorsed this format')).length,
  ).toBeGreaterThanOrEqual(pages)
  expect(shown).toContain(`${pages} / ${pages}`)
})

test('begins with a cover on a page of its own, where a document has one', async () => {
  const covered = Buffer.from(await printPdf({ ...document, cover: [['Run by', [{ code: 'per_ann' }]]] }))
  const pagesOf = (pdf: string): number => [...pdf.matchAll(/\/Type \/Page\b/g)].length
  expect(pagesOf(covered.toString('latin1'))).toBe(pagesOf(raw) + 1)
  expect(shownIn(covered.toString('latin1'))).toContain('Run by: per_ann')
  expect(shown).not.toContain('Run by')
})

test('spells out what its fonts cannot draw', () => {
  expect(shown).toContain('An agent called \\u{202e}evil \\u{4ee3}\\u{7406} acted.')
})

const present = ['pdftotext', 'pdfinfo'].every((tool) => spawnSync(tool, ['-v']).error === undefined)
describe.skipIf(!present)(
  `poppler${present ? '' : ' (skipped: pdftotext and pdfinfo are not on this machine)'}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'pdf-'))
    const file = join(folder, 'report.pdf')
    writeFileSync(file, bytes)
    afterAll(() => rmSync(folder, { recursive: true }))

    test('reads what stands in it, page by page', () => {
      const pages = execFileSync('pdftotext', ['-layout', file, '-']).toString().split('\f').slice(0, -1)
      for (const page of pages) expect(page).toContain('Simulated data')
      expect(pages.join('\n')).toContain('Section 2')
    })

    test('finds it tagged and on A4', () => {
      const info = execFileSync('pdfinfo', [file]).toString()
      expect(info).toMatch(/Tagged:\s+yes/)
      expect(info).toMatch(/Page size:\s+595\.\d+ x 841\.\d+ pts \(A4\)/)
      expect(info).toMatch(/JavaScript:\s+no/)
    })
  },
)
