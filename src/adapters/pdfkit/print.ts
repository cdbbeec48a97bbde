/**
 * Draws a document as a PDF: tagged, in fonts that every reader has, the same bytes for the same document.
 * spec/report.md (RPT-11). What these fonts cannot draw is spelled out, and never left out.
 * @module
 */
import { buffer } from 'node:stream/consumers'
import PdfKit from 'pdfkit'
import type { Block, Chart, Document, Span, Spans, Table } from '../../evidence/report/document.ts'

type Pdf = InstanceType<typeof PdfKit>
type Struct = ReturnType<Pdf['struct']>

const MARGIN = { top: 62, bottom: 56, left: 50, right: 50 }
const FONT = { text: 'Helvetica', bold: 'Helvetica-Bold', code: 'Courier' } as const
const INK = '#111111'
const SOFT = '#444444'
const COLOURS = ['#1f5fbf', '#9a3412']
const BOUND = '#a3121f'
/** Points that a section wants below its title. */
const SECTION_ROOM = 180
/** On a cover, how far down its title stands. */
const COVER_DOWN = 110
const CHART = { height: 150, left: 44, bottom: 18 }
/** Of the page alone: a date of its own would be another file every time. */
const CREATED = new Date(Date.UTC(1980, 0, 1))
/** In one cell of a table on paper: the whole text is in the HTML. */
const CELL_LENGTH_MAX = 600

export async function printPdf(document: Document): Promise<Uint8Array> {
  const { title, subtitle } = document
  const pdf = new PdfKit({
    size: 'A4',
    margins: MARGIN,
    bufferPages: true,
    tagged: true,
    displayTitle: true,
    lang: 'en',
    pdfVersion: '1.7',
    // The pack is compressed as a whole, and what compresses here differs between versions of Node.
    compress: false,
    info: { Title: `${drawn(title)}: ${drawn(subtitle)}`, CreationDate: CREATED, ModDate: CREATED },
  })
  const bytes = buffer(pdf)
  const root = pdf.struct('Document')
  pdf.addStructure(root)
  new Printer(pdf, root).print(document)
  root.end()
  stampPages(pdf, document)
  pdf.end()
  return new Uint8Array(await bytes)
}

class Printer {
  readonly #pdf: Pdf
  readonly #root: Struct

  constructor(pdf: Pdf, root: Struct) {
    this.#pdf = pdf
    this.#root = root
  }

  print(document: Document): void {
    const { title, subtitle, simulated, standing, cover, sections } = document
    if (cover !== undefined) this.#pdf.y += COVER_DOWN
    this.#line('H1', title, FONT.bold, cover === undefined ? 24 : 30)
    this.#line('P', subtitle, FONT.text, 11)
    if (simulated !== '') this.#line('P', simulated, FONT.bold, 11)
    if (cover !== undefined) {
      this.#pdf.moveDown(2)
      for (const [name, spans] of cover) this.#line('P', `${name}: ${plain(spans)}`, FONT.text, 11)
      this.#pdf.moveDown(2)
    }
    this.#line('P', standing, FONT.text, 11)
    if (cover !== undefined) this.#pdf.addPage()
    for (const section of sections) {
      this.#room(SECTION_ROOM)
      this.#pdf.moveDown(1.2)
      this.#pdf.outline.addItem(drawn(section.title))
      this.#line('H2', section.title, FONT.bold, 17)
      for (const block of section.blocks) this.#block(block)
    }
  }

  #block(block: Block): void {
    switch (block.kind) {
      case 'heading':
        this.#room(60)
        this.#pdf.moveDown(0.5)
        return this.#line(block.level === 3 ? 'H3' : 'H4', block.text, FONT.bold, block.level === 3 ? 12 : 10)
      case 'text':
        return this.#line('P', plain(block.spans), FONT.text, 9.5)
      case 'warning':
        return this.#line('P', plain(block.spans), FONT.bold, 10)
      case 'list':
        for (const item of block.items) this.#line('P', `•  ${plain(item)}`, FONT.text, 9.5)
        return
      case 'facts':
        for (const [name, spans] of block.rows) this.#line('P', `${name}: ${plain(spans)}`, FONT.text, 9.5)
        return
      case 'source':
        this.#line('P', block.title, FONT.bold, 9)
        return this.#line('P', block.text, FONT.code, 8)
      case 'table':
        return this.#table(block)
      case 'chart':
        return this.#chart(block)
    }
  }

  #line(kind: string, text: string, font: string, size: number): void {
    this.#root.add(
      this.#pdf.struct(kind, {}, () => {
        this.#pdf.font(font).fontSize(size).fillColor(INK)
        this.#pdf.text(drawn(text), MARGIN.left, this.#pdf.y, { paragraphGap: size * 0.45 })
      }),
    )
  }

  /** A new page when there is less than this left. */
  #room(points: number): void {
    if (this.#pdf.y + points > this.#pdf.page.height - MARGIN.bottom) this.#pdf.addPage()
  }

  #table({ caption, columns, rows }: Table): void {
    this.#room(80)
    this.#line('P', caption, FONT.bold, 9)
    const cells = rows.map((row) => row.map((cell) => cut(drawn(plain(cell)))))
    this.#pdf.font(FONT.text).fontSize(8).fillColor(INK)
    const options = {
      columnStyles: widths(columns, cells),
      defaultStyle: { padding: 3, border: 0.5, borderColor: '#bbbbbb' },
      // Cells are tagged within; its types do not know of it.
      structParent: this.#root,
      data: [columns.map((name) => ({ type: 'TH' as const, text: drawn(name) })), ...cells],
    }
    this.#pdf.table(options)
    this.#pdf.x = MARGIN.left
    this.#pdf.moveDown(0.6)
  }

  #chart(chart: Chart): void {
    this.#room(CHART.height + 70)
    this.#line('P', chart.title, FONT.bold, 10)
    const top = this.#pdf.y
    this.#root.add(
      this.#pdf.struct('Figure', { alt: drawn(`${chart.title}. ${chart.summary}`) }, () => {
        this.#drawing(chart, top)
      }),
    )
    this.#pdf.x = MARGIN.left
    this.#pdf.y = top + CHART.height + CHART.bottom + 6
    this.#line('P', chart.summary, FONT.text, 9.5)
  }

  #drawing({ series, bound, unit, from_ms, to_ms, value_max }: Chart, top: number): void {
    const pdf = this.#pdf
    const left = MARGIN.left + CHART.left
    const width = pdf.page.width - MARGIN.right - left
    const values = series.flatMap(({ points }) => points.map(({ value }) => value))
    const max = value_max ?? Math.max(1, ...values, bound?.value ?? 0)
    const x = (at_ms: number): number => left + (width * (at_ms - from_ms)) / Math.max(1, to_ms - from_ms)
    const y = (value: number): number => top + CHART.height - (CHART.height * value) / max
    pdf.font(FONT.text).fontSize(7).lineWidth(0.5)
    for (const part of [0, 0.5, 1]) {
      const value = max * part
      pdf
        .moveTo(left, y(value))
        .lineTo(left + width, y(value))
        .stroke('#bbbbbb')
      pdf
        .fillColor(SOFT)
        .text(`${Math.round(value * 100) / 100} ${unit}`, MARGIN.left, y(value) - 4, { lineBreak: false })
    }
    if (bound !== null)
      pdf
        .lineWidth(1)
        .dash(4, { space: 3 })
        .moveTo(left, y(bound.value))
        .lineTo(left + width, y(bound.value))
        .stroke(BOUND)
        .undash()
    for (const [i, { points }] of series.entries())
      for (const { at_ms, value } of points) {
        const colour = COLOURS[i] ?? INK
        if (i === 0) pdf.circle(x(at_ms), y(value), 1.6).fill(colour)
        else pdf.rect(x(at_ms) - 2.5, y(value) - 2.5, 5, 5).fill(colour)
      }
    const names = series.map(({ name }, i) => `${i === 0 ? 'dots' : 'squares'}: ${name}`)
    const legend = [...names, ...(bound === null ? [] : [`dashed: ${bound.name}`])].join('   ')
    pdf.fillColor(SOFT).text(drawn(legend), left, top + CHART.height + 6, { lineBreak: false })
  }
}

/** On every page: what the data is, who concludes, and where one is. */
function stampPages(pdf: Pdf, { title, simulated, standing }: Document): void {
  const { start, count } = pdf.bufferedPageRange()
  for (let page = start; page < start + count; page++) {
    pdf.switchToPage(page)
    // Text in a margin would begin a page of its own.
    pdf.page.margins = { ...MARGIN, top: 0, bottom: 0 }
    pdf.markContent('Artifact', { type: 'Pagination' })
    pdf.font(FONT.bold).fontSize(8).fillColor(INK)
    pdf.text(drawn(simulated === '' ? title : simulated), MARGIN.left, 28, { lineBreak: false })
    pdf.font(FONT.text).fontSize(6.5).fillColor(SOFT)
    pdf.text(drawn(standing), MARGIN.left, pdf.page.height - 40, { lineBreak: false })
    pdf.text(`${page + 1} / ${count}`, MARGIN.left, pdf.page.height - 28, { lineBreak: false })
    pdf.endMarkedContent()
  }
}

/** As wide as what stands in them, and none too narrow to read. */
function widths(columns: readonly string[], rows: readonly (readonly string[])[]): { width: number }[] {
  const page = 595.28 - MARGIN.left - MARGIN.right
  const wanted = columns.map((name, i) =>
    Math.min(60, Math.max(name.length, ...rows.slice(0, 200).map((row) => (row[i] ?? '').length), 6)),
  )
  const floor = 34
  const sum = wanted.reduce((a, b) => a + b, 0)
  const free = page - floor * columns.length
  return wanted.map((n) => ({ width: floor + (free * n) / sum }))
}

function plain(spans: Spans): string {
  return spans.map(plainOf).join('')
}

function plainOf(span: Span): string {
  if (typeof span === 'string') return span
  if ('code' in span) return span.code
  if ('added' in span) return `[added: ${span.added}]`
  return 'removed' in span ? `[removed: ${span.removed}]` : span.text
}

function cut(text: string): string {
  return text.length <= CELL_LENGTH_MAX
    ? text
    : `${text.slice(0, CELL_LENGTH_MAX)} … (cut here; whole in report.html)`
}

/** Beyond Latin-1 these words of ours alone; any other character by its number. */
const DRAWN = /[^\n\u0020-\u007e\u00a0-\u00ff–—‘’“”•…]/gu

function drawn(text: string): string {
  return text.replaceAll(DRAWN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
