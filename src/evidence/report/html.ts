/**
 * A document as one HTML file: no scripts, nothing from a network, readable aloud, on paper and in the dark.
 * spec/report.md (RPT-6). Invariant: text of the log is escaped wherever it stands.
 * @module
 */
import type { Block, Document, Section, Span, Spans, Table } from './document.ts'
import { escaped } from './escaped.ts'
import { styleOf } from './style.ts'
import { svgOf } from './svg.ts'

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

export function htmlOf({ title, subtitle, simulated, standing, cover, sections }: Document): string {
  const banner =
    simulated === ''
      ? ''
      : `<aside class="simulated" aria-label="Simulated data">${escaped(simulated)}</aside>`
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(title)}: ${escaped(subtitle)}</title>`,
    `<style>${styleOf(simulated)}</style>`,
    '</head>',
    '<body>',
    '<a class="skip" href="#main">To the content</a>',
    banner,
    `<header><div${cover === undefined ? '' : ' class="cover"'}><h1>${escaped(title)}</h1><p>${escaped(subtitle)}</p>`,
    `${cover === undefined ? '' : factsOf(cover)}<p>${escaped(standing)}</p></div>`,
    `<nav aria-label="Sections"><ul>${sections.map(({ id, title: its }) => `<li><a href="#${id}">${escaped(its)}</a></li>`).join('')}</ul></nav></header>`,
    '<main id="main">',
    ...sections.map(sectionOf),
    '</main>',
    `<footer><p>${escaped(standing)}</p></footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function sectionOf({ id, title, blocks }: Section): string {
  return `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${escaped(title)}</h2>\n${blocks.map(blockOf).join('\n')}\n</section>`
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}${idOf(block.id)}>${escaped(block.text)}</h${block.level}>`
    case 'text':
      return `<p>${spansOf(block.spans)}</p>`
    case 'warning':
      return `<p class="warning">${spansOf(block.spans)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${spansOf(item)}</li>`).join('')}</ul>`
    case 'facts':
      return factsOf(block.rows)
    case 'source':
      // What is folded opens when one is sent to something within it.
      return `<details><summary>${escaped(block.title)}</summary><pre${idOf(block.id)} tabindex="0">${escaped(block.text)}</pre></details>`
    case 'table':
      return tableOf(block)
    case 'chart':
      return svgOf(block)
  }
}

function factsOf(rows: readonly (readonly [string, Spans])[]): string {
  return `<dl>${rows.map(([name, spans]) => `<dt>${escaped(name)}</dt><dd>${spansOf(spans)}</dd>`).join('')}</dl>`
}

function tableOf({ caption, columns, rows, ids = [] }: Table): string {
  const head = columns.map((name) => `<th scope="col">${escaped(name)}</th>`).join('')
  const body = rows
    .map(
      (row, i) =>
        `<tr${idOf(ids[i] ?? null)}>${row.map((cell) => `<td>${spansOf(cell)}</td>`).join('')}</tr>`,
    )
    .join('\n')
  // Wide tables scroll: whoever has no mouse reaches them too.
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

function spansOf(spans: Spans): string {
  return spans.map(spanOf).join('')
}

function spanOf(span: Span): string {
  if (typeof span === 'string') return escaped(span)
  if ('code' in span) return `<code>${escaped(span.code)}</code>`
  // Lines tell them apart, and a word for who does not see these: not colour alone.
  if ('added' in span) return `<ins><span class="unseen">added: </span>${escaped(span.added)}</ins>`
  if ('removed' in span) return `<del><span class="unseen">removed: </span>${escaped(span.removed)}</del>`
  return `<a href="${hrefOf(span.to)}">${escaped(span.text)}</a>`
}

/** What stands in an address as it is, in the document or to a file: nearly all links. */
const PLAIN_LINK = /^[\w.~/-]*(?:#[\w.~-]*)?$/

/** Within the document, or to a file beside it: nothing of the log becomes an address. */
function hrefOf(to: string): string {
  if (PLAIN_LINK.test(to)) return to
  const [file = '', fragment = null] = to.split('#')
  const path = file.split('/').map(encodeURIComponent).join('/')
  return fragment === null ? path : `${path}#${encodeURIComponent(fragment)}`
}

function idOf(id: string | null): string {
  return id === null ? '' : ` id="${escaped(id)}"`
}
