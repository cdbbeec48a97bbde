/**
 * The page of `verify.html`: takes the files, has a worker verify, shows what it says. docs/verifying.md
 * Everything that a pack says is put on the page as text.
 * @module
 */
import { startVerifying } from './start.ts'
import { checksOf, factsOf, sectionsOf, testRowsOf, verdictOf } from './words.ts'

const byId = (id) => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found
}

const start = byId('start')
const bar = byId('progress')
const drop = byId('drop')
/** The one that was dropped or chosen last. */
let pack = null

function element(name, text = '', className = '') {
  const made = document.createElement(name)
  made.textContent = text
  if (className !== '') made.className = className
  return made
}

function list({ lines }) {
  const made = element('ul')
  made.append(...lines.map((line) => element('li', line)))
  return made
}

function take(file) {
  if (file === undefined) return
  pack = file
  byId('pack-hint').textContent = `${file.name}, ${file.size} bytes`
  byId('pack-error').textContent = ''
}

byId('pack').addEventListener('change', () => take(byId('pack').files?.[0]))
for (const name of ['dragover', 'dragleave', 'drop'])
  drop.addEventListener(name, (event) => {
    event.preventDefault()
    drop.classList.toggle('over', name === 'dragover')
  })
drop.addEventListener('drop', (event) => take(event.dataTransfer?.files[0]))
byId('form').addEventListener('submit', (event) => {
  event.preventDefault()
  void begin()
})

async function begin() {
  const key = byId('key').value.trim()
  byId('pack-error').textContent = pack === null ? 'Choose the pack first.' : ''
  byId('key-error').textContent = key === '' ? 'The key is needed: without it a pack proves nothing.' : ''
  if (pack === null) return byId('pack').focus()
  if (key === '') return byId('key').focus()
  start.disabled = true
  byId('answer').hidden = true
  byId('working').hidden = false
  say('Reading the pack', 0, 0)
  try {
    send({
      kind: 'verify',
      pack: await bytesOf(pack),
      key,
      held: await heldFiles(),
      earlier: await earlierFile(),
      witnesses: witnessKeys(),
    })
  } catch {
    show({ kind: 'failed', code: 'FILE_UNREADABLE', message: 'a file cannot be read: choose it again' })
  }
}

/** One a line. */
function witnessKeys() {
  return byId('witnesses')
    .value.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

async function heldFiles() {
  const files = [...(byId('held').files ?? [])]
  return Promise.all(files.map(async (file) => ({ name: file.name, note: await bytesOf(file) })))
}

async function earlierFile() {
  const file = byId('earlier').files?.[0]
  return file === undefined ? null : { name: file.name, archive: await bytesOf(file) }
}

async function bytesOf(file) {
  return new Uint8Array(await file.arrayBuffer())
}

/** To workers of its own. */
function send(asked) {
  const code = new Blob([byId('worker').textContent], { type: 'text/javascript' })
  const address = URL.createObjectURL(code)
  const hear = (told) => {
    if (told.kind === 'entries') return say('Recomputing entries', told.done, told.of)
    if (told.kind === 'signatures') return say('Verifying signatures', told.done, told.of)
    URL.revokeObjectURL(address)
    const more = told.code === 'WORKER_FAILED' ? ': use another browser, or verify.mjs' : ''
    show(more === '' ? told : { ...told, message: `${told.message}${more}` })
  }
  const { readersFrom } = byId('form').dataset
  startVerifying(() => new Worker(address), asked, hear, readersFrom && Number(readersFrom))
}

/** @param {number} of 0: nobody knows how much there is */
function say(what, done, of) {
  byId('said').textContent = of === 0 ? what : `${what}: ${done} of ${of}`
  if (of === 0) bar.removeAttribute('value')
  else {
    bar.max = of
    bar.value = done
  }
}

function show(told) {
  start.disabled = false
  byId('working').hidden = true
  const answer = byId('answer')
  answer.replaceChildren(
    ...(told.kind === 'done' ? report(told) : [verdict(false, `${told.code}: ${told.message}`, [])]),
  )
  answer.hidden = false
  answer.querySelector('[tabindex]')?.focus()
}

function verdict(isGood, title, lines) {
  const made = element('div', '', `verdict ${isGood ? 'good' : 'bad'}`)
  const heading = element('h2', title)
  heading.tabIndex = -1
  made.append(heading, ...lines.map((line) => element('p', line)))
  return made
}

function report(told) {
  const { isGood, title, lines } = verdictOf(told.report)
  const simulated = 'SIMULATED DATA: this log says that its history was simulated'
  return [
    ...(told.report.simulated ? [element('p', simulated, 'warning')] : []),
    verdict(isGood, title, lines),
    ...factsOf(told.report, told.seconds).map((line) => element('p', line)),
    ...sectionsOf(told.report).flatMap(titled),
    element('h2', 'Tests'),
    testTable(told),
    ...titled(checksOf(told.report)),
  ]
}

function titled(section) {
  return [element('h2', section.title), list(section)]
}

function testTable(told) {
  const head = element('tr')
  for (const name of ['Test', 'What', 'Result']) {
    const cell = element('th', name)
    cell.setAttribute('scope', 'col')
    head.append(cell)
  }
  const body = element('tbody')
  for (const { cells, deviates } of testRowsOf(told.report)) {
    const row = element('tr')
    row.append(...cells.map((text, i) => element('td', text, deviates && i === 2 ? 'no' : '')))
    body.append(row)
  }
  const thead = element('thead')
  thead.append(head)
  const table = element('table')
  table.append(thead, body)
  const wide = element('div', '', 'wide')
  wide.append(table)
  return wide
}
