/** Builds what a page shows: text is set as text, so that nothing becomes markup. spec/people.md (CER-5). @module */

export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties)
  node.append(...children)
  return node
}

export function section({ heading, note, rows }) {
  const title = element('h2', { textContent: heading })
  const told = note === undefined ? [] : [element('p', { className: 'soft', textContent: note })]
  return element('section', {}, title, ...told, rowList(rows))
}

export function rowList(rows) {
  const list = element('dl')
  for (const { label, lines, id } of rows) {
    const value = element('dd', {}, ...lines.map((line) => element('span', { textContent: line })))
    if (id !== undefined && !lines.includes(id)) value.append(element('code', { textContent: id }))
    list.append(element('div', {}, element('dt', { textContent: label }), value))
  }
  return list
}
