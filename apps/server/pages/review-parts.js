/** Parts of the review desk: the output with what changed, what fed it, and how it stands. spec/outputs.md (OUT-10, OUT-11). @module */
import { element, list, seen } from './call.js'
import { visible } from './visible.js'

/** As text, where line breaks and tabs are meant: whatever else does not show is named. */
function shownText(text) {
  return text.split(/([\n\t])/).flatMap((part) => (part === '\n' || part === '\t' ? [part] : pieces(part)))
}

function pieces(text) {
  return visible(text).map((part) =>
    part.unseen ? element('span', { className: 'unseen', textContent: part.text }) : part.text,
  )
}

const TAGS = { same: 'span', added: 'ins', removed: 'del' }

/** @returns the output, and what switches between it and its difference to the draft */
export function outputOf({ content, difference }, form) {
  const text = element('div', { className: 'output', tabIndex: 0 })
  text.setAttribute('role', 'document')
  text.setAttribute('aria-label', 'The output')
  const hasDraft = difference.distance > 0
  if (form === 'json' && !hasDraft) text.append(...shownText(JSON.stringify(JSON.parse(content), null, 2)))
  else
    for (const { op, text: piece } of difference.pieces)
      text.append(element(TAGS[op], {}, ...shownText(piece)))
  const size = new Intl.NumberFormat('en').format(content.length)
  const changed = hasDraft
    ? `${new Intl.NumberFormat('en').format(difference.distance)} characters differ from the draft.`
    : 'As it was drafted.'
  return {
    text,
    hasDraft,
    section: element(
      'section',
      {},
      element('h2', { textContent: 'The output' }),
      text,
      element('p', {
        className: 'soft',
        textContent: `${size} characters, checked against what you sign. ${changed}`,
      }),
    ),
  }
}

export function sourcesOf({ sources, chain }, nameOf) {
  const items = sources.map(({ server, tool, label, action }) =>
    element(
      'li',
      {},
      ...(server === null ? ['A call that is not logged yet'] : seen(`${server}: ${tool}`)),
      element('span', {}, ...seen(labelText(label))),
      element('code', { textContent: action }),
    ),
  )
  return element(
    'section',
    {},
    element('h2', { textContent: 'What it was made from' }),
    items.length === 0
      ? element('p', { className: 'soft', textContent: 'No call of a tool fed it.' })
      : element('ul', { className: 'sources' }, ...items),
    ...(chain === null
      ? [element('p', { textContent: 'No agent took part.' })]
      : [
          list([
            ['Agent', nameOf(chain.agent), chain.agent],
            ['Delegation', chain.jti],
            ['Its root', chain.root],
          ]),
        ]),
  )
}

function labelText(label) {
  if (label === null) return 'Nobody labelled what it gives.'
  const { result } = JSON.parse(label)
  const categories = result.categories?.length > 0 ? `, ${result.categories.join(', ')}` : ''
  const integrity = result.integrity === undefined ? '' : `, ${result.integrity}`
  return `Gives ${result.level ?? 'data'}${integrity}${categories}`
}

/** How a listed output stands, in words. */
export function stateOf({ held_until, flagged, refusals }, now) {
  const parts = []
  if (held_until !== null) {
    const left = Math.max(0, Math.ceil((Date.parse(held_until) - now) / 60_000))
    parts.push(`a call waits for it, ${left} more min`)
  }
  if (flagged > 0) parts.push('reviewed too briefly: wants another person')
  if (refusals > 0) parts.push(`refused ${refusals} ${refusals === 1 ? 'time' : 'times'}`)
  return parts.join('; ') || 'waits for a review'
}
