/** What a data subject reads of what was done with their data. spec/consent.md (CNS-29). @module */
import { element } from './element.js'
import { nameOf, REASONS, timeOf } from './subject-words.js'

export function soft(text) {
  return element('p', { className: 'soft', textContent: text })
}

export function uses({ disclosures }) {
  if (disclosures.length === 0) return soft('No use is on record.')
  const row = (name, cells) =>
    element('tr', {}, ...cells.map((textContent) => element(name, { textContent })))
  const lines = disclosures.map(({ time, tool, server, purpose, basis, reason, n }) =>
    row('td', [
      timeOf(time),
      `${tool} of ${server}`,
      purpose === null ? '' : nameOf(purpose),
      reason === null
        ? `${basis.startsWith('cns_') ? 'your consent' : 'another ground'} (${n})`
        : `${REASONS[reason] ?? reason} (${n})`,
    ]),
  )
  const table = element('table', {}, row('th', ['When', 'By what', 'What for', 'On which ground']), ...lines)
  return element('div', { className: 'scroll', tabIndex: 0 }, table)
}

export function objections({ objections: made }) {
  if (made.length === 0) return [soft('Nothing.')]
  return made.map(({ time, purposes }) =>
    soft(
      `Since ${timeOf(time)}: ${purposes === null ? 'every use that needs no consent of yours' : purposes.map(nameOf).join(', ')}.`,
    ),
  )
}
