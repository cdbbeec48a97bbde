/** What an auditor looks at: criteria, a test, a population, an action, an entry. spec/preview.md (PRV-9). @module */
import { ask, fetchFile } from './preview-ask.js'
import { button, element, lines, part, said, seen, soft, table } from './preview-parts.js'
import { talkAbout } from './preview-talk.js'

const PAGE = 500
const RESULTS = {
  no_deviation: 'no deviation',
  deviations: 'deviations',
  did_not_occur: 'did not occur',
  not_reconciled: 'not reconciled',
  not_tested: 'not tested',
}

function link(text, act) {
  return button(text, 'link', act)
}

function resultOf({ result, deviations_n }) {
  const className = { no_deviation: 'state good', deviations: 'state bad' }[result] ?? 'state'
  const text = result === 'deviations' ? `deviations: ${deviations_n}` : RESULTS[result]
  return element('span', { className, textContent: text })
}

export function criteriaView({ criteria, controls, tests, populations }, to) {
  const shown = criteria.map(({ id, title, controls: its, tests: numbers }) => {
    const rows = tests
      .filter(({ number }) => numbers.includes(number))
      .map((test) => [
        link(`Test ${test.number}`, to.go('test', test.number)),
        test.title,
        resultOf(test),
        String(test.items),
        test.population === null ? 'none' : link(test.population, to.go('population', test.population)),
      ])
    const about = controls.filter((control) => its.includes(control.id))
    return part(
      `${id}: ${title}`,
      ...about.map((one) => controlOf(one, to)),
      rows.length === 0
        ? soft('No test is of this criterion.')
        : table(`Tests of ${id}`, ['Test', 'About', 'Result', 'Items', 'Population'], rows),
    )
  })
  const rows = populations.map(({ name, count, definition }) => [
    link(name, to.go('population', name)),
    count === 0 ? 'did not occur' : String(count),
    definition,
  ])
  return [...shown, part('Populations', table('Populations', ['Population', 'Items', 'What it is'], rows))]
}

/** How a control works, each sentence with what it rests on. */
function controlOf({ id, statement, narrative }, to) {
  const items = narrative.map(({ text, entries, tests, populations }) => {
    const links = [
      ...tests.map((number) => link(`test ${number}`, to.go('test', number))),
      ...populations.map((name) => link(name, to.go('population', name))),
      ...entries.map((index) => link(`entry ${index}`, to.go('entry', index))),
    ]
    return element('li', {}, ...seen(text), ...links.flatMap((each) => [' ', each]))
  })
  return element(
    'details',
    {},
    element('summary', {}, ...seen(`${id}: ${statement}`)),
    items.length === 0 ? soft('Nothing is told of it.') : element('ul', {}, ...items),
  )
}

export async function testView(number, from, to) {
  const test = await ask('GET', `/tests/${number}?from=${from}`)
  const rows = test.deviations.map(({ code, message, entries }, i) => [
    String(from + i + 1),
    message,
    code,
    entries.map((index) => link(`entry ${index}`, to.go('entry', index))),
  ])
  return [
    lines([
      ['About', [test.title]],
      ['Result', [resultOf(test)]],
      ...(test.reason === null ? [] : [['Why', [test.reason]]]),
      ['Attribute', [test.attribute]],
      ['Criteria', [test.criteria.join(', ')]],
      ['Items', [String(test.items)]],
      [
        'Population',
        [test.population === null ? 'none' : link(test.population, to.go('population', test.population))],
      ],
      ['Second source', [test.source ?? 'none is wanted']],
    ]),
    part(
      'Deviations',
      test.deviations_n === 0
        ? soft('None was found.')
        : table('Deviations', ['No.', 'What', 'Code', 'Entries'], rows),
      pages(from, test.deviations_n, (next) => to.go('test', number, next)),
    ),
    talkAbout({ kind: 'test', id: String(number) }, to),
  ]
}

export async function populationView(name, from, to) {
  const { definition, query, count, sha256, rows } = await ask(
    'GET',
    `/populations/${encodeURIComponent(name)}?from=${from}`,
  )
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].sort(
    (a, b) => Number(b === 'index') - Number(a === 'index') || (a < b ? -1 : 1),
  )
  const cell = (column, value) => {
    if (column === 'index') return link(`entry ${value}`, to.go('entry', value))
    return name === 'decisions' && column === 'action' ? link(value, to.go('action', value)) : said(value)
  }
  const save = (format) =>
    to.press(`Download ${format.toUpperCase()}`, 'small', () =>
      fetchFile(`/populations/${encodeURIComponent(name)}/file?format=${format}`, `${name}.${format}`),
    )
  return [
    lines([
      ['What it is', [definition]],
      ['Query', [element('code', {}, ...seen(query))]],
      ['Items', [count === 0 ? 'did not occur' : String(count)]],
      ['SHA-256', [element('code', { textContent: sha256 })]],
    ]),
    element('section', {}, element('div', { className: 'buttons' }, save('csv'), save('jsonl'))),
    ...(rows.length === 0
      ? []
      : [
          table(
            `Rows of ${name}`,
            columns,
            rows.map((row) => columns.map((column) => cell(column, row[column]))),
          ),
        ]),
    pages(from, count, (next) => to.go('population', name, next)),
    talkAbout({ kind: 'population', id: name }, to),
  ]
}

export async function actionView(id, _from, to) {
  const story = await ask('GET', `/actions/${encodeURIComponent(id)}`)
  const each = (rows, nothing) =>
    rows.length === 0
      ? [soft(nothing)]
      : rows.map((row) => element('div', { className: 'card' }, members(row)))
  return [
    part('What was decided', ...each(story.decisions, 'Nothing.'), soft(`Outcome: ${story.outcome}`)),
    ...(story.decided_by.length === 0 ? [] : [part('A person was asked', ...each(story.decided_by, ''))]),
    part('Who authorized the agent?', ...each(story.who, 'Nobody: it was not allowed.')),
    part('Under what scope?', ...each(story.scope, 'None: no chain that holds stands behind it.')),
    part('Where is the evidence?', ...story.entries.map((entry) => entryCard(entry))),
    talkAbout({ kind: 'action', id }, to),
  ]
}

function members(row) {
  return lines(Object.entries(row).map(([name, value]) => [name.replaceAll('_', ' '), [said(value)]]))
}

export async function entryView(index, _from, to) {
  const entry = await ask('GET', `/entries/${index}`)
  return [entryCard(entry), talkAbout({ kind: 'entry', id: String(index) }, to)]
}

function entryCard({ index, text, proof }) {
  const body = element('pre', { tabIndex: 0 }, ...seen(text))
  body.setAttribute('aria-label', `Entry ${index}`)
  const hashes = element(
    'ol',
    {},
    ...proof.map((hash) => element('li', {}, element('code', { textContent: hash }))),
  )
  return element(
    'div',
    { className: 'card' },
    element('h3', { textContent: `Entry ${index}` }),
    body,
    element('details', {}, element('summary', { textContent: 'The proof that it is in the log' }), hashes),
  )
}

/** Earlier and later ones, where there are any. */
function pages(from, count, to) {
  const node = element('div', { className: 'buttons' })
  if (from > 0) node.append(button('Earlier ones', 'small', to(Math.max(0, from - PAGE))))
  if (from + PAGE < count) node.append(button('Later ones', 'small', to(from + PAGE)))
  return node
}
