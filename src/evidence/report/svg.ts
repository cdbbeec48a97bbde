/** A chart as inline SVG: no script, colours of the page, a title and a description for who does not see it. spec/report.md (RPT-5). @module */
import { rfc3339 } from '../../core/time.ts'
import type { Chart, Point } from './document.ts'
import { escaped } from './escaped.ts'

const BOX = { width: 760, height: 240, left: 76, right: 16, top: 16, bottom: 34 }
const STEPS = 4
/** Days and their names below the axis. */
const TICKS = 4

interface Scale {
  x(at_ms: number): number
  y(value: number): number
}

export function svgOf(chart: Chart): string {
  const { id, title, summary, series, bound } = chart
  const values = series.flatMap(({ points }) => points.map(({ value }) => value))
  const top = chart.value_max ?? niceTop(Math.max(1, ...values, bound?.value ?? 0))
  const scale = scaleOf(chart, top)
  const lines = series.map(({ points }, i) => seriesOf(points, scale, i)).join('')
  return [
    `<figure class="chart"><figcaption>${escaped(title)}</figcaption>`,
    `<svg viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" aria-labelledby="${id}-t ${id}-d">`,
    `<title id="${id}-t">${escaped(title)}</title><desc id="${id}-d">${escaped(summary)}</desc>`,
    axes(chart, top, scale),
    bound === null ? '' : boundLine(bound, scale),
    lines,
    '</svg>',
    `<ul class="legend">${series.map(({ name }, i) => `<li class="s${i}">${escaped(name)}</li>`).join('')}${bound === null ? '' : `<li class="bound">${escaped(bound.name)} (${bound.value} ${escaped(chart.unit)})</li>`}</ul>`,
    `<p>${escaped(summary)}</p></figure>`,
  ].join('')
}

function scaleOf({ from_ms, to_ms }: Chart, top: number): Scale {
  const width = BOX.width - BOX.left - BOX.right
  const height = BOX.height - BOX.top - BOX.bottom
  return {
    x: (at_ms) => rounded(BOX.left + (width * (at_ms - from_ms)) / Math.max(1, to_ms - from_ms)),
    y: (value) => rounded(BOX.top + height - (height * value) / top),
  }
}

function axes({ from_ms, to_ms, unit }: Chart, top: number, scale: Scale): string {
  const rows = Array.from({ length: STEPS + 1 }, (_, i) => (top * i) / STEPS).map((value) => {
    const y = scale.y(value)
    return `<line class="grid" x1="${BOX.left}" x2="${BOX.width - BOX.right}" y1="${y}" y2="${y}"/><text class="tick" x="${BOX.left - 8}" y="${y + 4}" text-anchor="end">${rounded(value)} ${escaped(unit)}</text>`
  })
  const columns = Array.from({ length: TICKS + 1 }, (_, i) => from_ms + ((to_ms - from_ms) * i) / TICKS).map(
    (at_ms, i) =>
      `<text class="tick" x="${scale.x(at_ms)}" y="${BOX.height - 12}" text-anchor="${i === 0 ? 'start' : i === TICKS ? 'end' : 'middle'}">${tickOf(at_ms, to_ms - from_ms)}</text>`,
  )
  return [...rows, ...columns].join('')
}

const TWO_DAYS_MS = 2 * 86_400_000

function tickOf(at_ms: number, span_ms: number): string {
  const text = rfc3339(Math.floor(at_ms))
  return span_ms <= TWO_DAYS_MS ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(0, 10)
}

function boundLine({ value }: { readonly value: number }, scale: Scale): string {
  const y = scale.y(value)
  return `<line class="bound" x1="${BOX.left}" x2="${BOX.width - BOX.right}" y1="${y}" y2="${y}"/>`
}

/** A line for the first, marks alone for the others: not by colour only. */
function seriesOf(points: readonly Point[], scale: Scale, i: number): string {
  const at = points.map(({ at_ms, value }) => [scale.x(at_ms), scale.y(value)] as const)
  const line =
    i === 0 && at.length > 1
      ? `<polyline class="s0" points="${at.map(([x, y]) => `${x},${y}`).join(' ')}"/>`
      : ''
  const marks = at.map(([x, y]) =>
    i === 0
      ? `<circle class="s0" cx="${x}" cy="${y}" r="2.5"/>`
      : `<rect class="s${i}" x="${rounded(x - 4)}" y="${rounded(y - 4)}" width="8" height="8"/>`,
  )
  return `${line}${marks.join('')}`
}

function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 4, 5, 10].map((n) => n * power).find((top) => top >= value) ?? value
}

/** To a hundredth: the same text wherever it is computed. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
