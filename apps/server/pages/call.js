/** Parts of the page of a held call: whatever comes from elsewhere is text, and nothing in it is unseen. spec/approvals.md (APR-8). @module */
import { canonicalize } from './shown.js'
import { linesOf, visible } from './visible.js'

export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties)
  node.append(...children)
  return node
}

export function heading(text) {
  return element('h1', { tabIndex: -1 }, ...seen(text))
}

/** As text, with what does not show named. */
export function seen(text) {
  return visible(text).map((part) =>
    part.unseen ? element('span', { className: 'unseen', textContent: part.text }) : part.text,
  )
}

export function list(rows) {
  return element(
    'dl',
    {},
    ...rows.map(([label, text, id]) => {
      const value = element('dd', {}, element('span', {}, ...seen(text)))
      if (id !== undefined && id !== text) value.append(element('code', { textContent: id }))
      return element('div', {}, element('dt', { textContent: label }), value)
    }),
  )
}

export function argumentsOf(args) {
  const lines = linesOf(args)
  const unseen = lines.flat().filter((part) => part.unseen).length
  const text = element('pre', { className: 'arguments', tabIndex: 0 })
  text.setAttribute('aria-label', 'Arguments')
  for (const line of lines) {
    for (const part of line)
      text.append(part.unseen ? element('span', { className: 'unseen', textContent: part.text }) : part.text)
    text.append('\n')
  }
  const size = new Intl.NumberFormat('en').format(canonicalize(args).length)
  return element(
    'section',
    {},
    element('h2', { textContent: 'Its arguments, all of them' }),
    ...(unseen === 0
      ? []
      : [
          element('p', {
            className: 'warning',
            textContent: `${unseen} characters in here do not show or turn text around. They stand as \\u{…}: ask yourself why they are there.`,
          }),
        ]),
    text,
    element('p', { className: 'soft', textContent: `${size} characters, checked against what you sign.` }),
  )
}

export function actOf({ id, point, action, jti, grant, server, tool, args_commit, expires }, decision) {
  return { v: 1, approval: id, point, action, jti, grant, server, tool, args_commit, decision, expires }
}

export function exact(approval) {
  const text = JSON.stringify(actOf(approval, 'approve'), null, 2)
  return element(
    'details',
    {},
    element('summary', { textContent: 'Everything that is signed, word for word' }),
    element('pre', { tabIndex: 0 }, ...seen(text).flatMap(lineBreaks)),
    element('p', { className: 'soft', textContent: 'Refusing signs the same with "refuse".' }),
  )
}

/** Those of our own indenting are named like any other control: here they are meant. */
function lineBreaks(part) {
  return typeof part !== 'string' && part.textContent === '\\u{a}' ? ['\n'] : [part]
}
