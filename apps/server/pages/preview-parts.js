/** Parts of the page of an auditor's preview: whatever comes from elsewhere is text, and nothing in it is unseen. @module */
import { visible } from './visible.js'

export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties)
  node.append(...children)
  return node
}

export function soft(text) {
  return element('p', { className: 'soft', textContent: text })
}

/** @param act is given the button */
export function button(text, className, act) {
  const node = element('button', { type: 'button', className })
  node.append(...seen(text))
  node.addEventListener('click', () => act(node))
  return node
}

export function part(title, ...children) {
  return element('section', {}, element('h2', { textContent: title }), ...children)
}

/** As text, with what does not show named. */
export function seen(text) {
  return visible(String(text)).map((each) =>
    each.unseen ? element('span', { className: 'unseen', textContent: each.text }) : each.text,
  )
}

/** Several lines of somebody's words. */
export function words(text) {
  const node = element('p', { className: 'words' })
  const each = (text ?? 'These words were erased.').split('\n')
  for (const [i, line] of each.entries()) node.append(...(i === 0 ? [] : ['\n']), ...seen(line))
  return node
}

/** @param rows of a label and its nodes */
export function lines(rows) {
  return element(
    'dl',
    {},
    ...rows.map(([label, values]) => {
      const value = element('dd')
      const nodes = values.flatMap((each) => (typeof each === 'string' ? seen(each) : [each]))
      value.append(element('span', {}, ...nodes))
      return element('div', {}, element('dt', { textContent: label }), value)
    }),
  )
}

/** @param rows of cells: text, a node, or an array of both */
export function table(caption, columns, rows) {
  const head = element('tr', {}, ...columns.map((name) => element('th', { scope: 'col', textContent: name })))
  const body = rows.map((cells) =>
    element('tr', {}, ...cells.map((cell) => element('td', {}, ...nodesOf(cell)))),
  )
  const node = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body))
  node.setAttribute('aria-label', caption)
  const box = element('div', { className: 'scroll', tabIndex: 0 }, node)
  box.setAttribute('role', 'region')
  box.setAttribute('aria-label', caption)
  return box
}

function nodesOf(cell) {
  if (Array.isArray(cell)) return cell.flatMap((each, i) => [...(i === 0 ? [] : [' ']), ...nodesOf(each)])
  return cell instanceof Node ? [cell] : seen(cell)
}

/** A member of a row, as text. */
export function said(value) {
  if (value === null || value === undefined) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(said).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
