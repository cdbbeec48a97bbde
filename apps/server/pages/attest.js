/** The page `/attest`: takes a file and its attestation, and shows who stands behind it. spec/carriers.md (CAR-11, CAR-12). @module */
import { FILE_BYTES_MAX, judge } from '../../attest/main.ts'
import { element, rowList } from './element.js'
import { plain } from './attest-words.js'

const ATTESTATION = /\.attestation\.json$/i
/** An attestation in a file: larger ones are none. */
const ATTESTATION_BYTES_MAX = 512 * 1024

const $ = (id) => document.getElementById(id)
const held = { output: null, attestation: null }
/** Counts what was asked, so that an answer to an earlier question is not shown. */
let asked = 0

$('files').addEventListener('change', () => take([...$('files').files]))
for (const type of ['dragover', 'dragleave', 'drop'])
  document.addEventListener(type, (event) => {
    event.preventDefault()
    $('drop').classList.toggle('over', type === 'dragover')
    if (type === 'drop') take([...(event.dataTransfer?.files ?? [])])
  })

function take(files) {
  for (const file of files) held[isAttestation(file, files) ? 'attestation' : 'output'] = file
  const rows = [
    ['file', held.output],
    ['attestation', held.attestation],
  ].filter(([, file]) => file !== null)
  const items = rows.map(([what, { name }]) =>
    element('li', {}, element('span', { textContent: what }), element('span', { textContent: name })),
  )
  $('dropped').replaceChildren(...items)
  $('dropped').hidden = items.length === 0
  void answer(++asked)
}

/** By its name; or the smaller of two that tell nothing by theirs. */
function isAttestation(file, files) {
  if (files.some(({ name }) => ATTESTATION.test(name))) return ATTESTATION.test(file.name)
  return files.length === 2 && file === [...files].sort((a, b) => a.size - b.size)[0]
}

async function answer(question) {
  show('working', element('p', { className: 'soft', textContent: 'Checking…' }))
  const shown = await answerOf(question)
  if (question === asked && shown !== null) show(...shown)
}

async function answerOf(question) {
  const { output, attestation } = held
  if (output === null) return hint('Now drop the file that the attestation is of.')
  if (output.size > FILE_BYTES_MAX)
    return hint('A browser digests a file whole, and this one is too large for that: use the command line.')
  if (attestation !== null && attestation.size > ATTESTATION_BYTES_MAX)
    return hint('That is no attestation: it is too large.')
  try {
    const keys = await keysOfIssuer()
    const judged = await judge(
      await read(output),
      attestation === null ? null : await read(attestation),
      keys,
    )
    const { shown } = judged
    if (!shown.ok && shown.code === 'ATTESTATION_MISSING' && attestation === null)
      return hint('Now drop its attestation, too: the file that ends in .attestation.json.')
    if (!shown.ok) return bad(shown)
    if (question === asked) show('working', ...good(shown, 'Asking the issuer what became of it since…'))
    return await since(judged, shown)
  } catch {
    return [
      'failed',
      element('p', {
        className: 'warning',
        textContent:
          'This could not be checked: the issuer gave no keys, or the file could not be read. Nothing is said of it.',
      }),
    ]
  }
}

async function since(judged, shown) {
  const state = await stateOf(shown.id)
  if (state === null)
    return ['good', ...good(shown, 'The issuer gave no answer: it may have been withdrawn since.')]
  const now = await judged.since({ state })
  return now.ok ? ['good', ...good(now, null)] : bad(now)
}

/** @returns null when the issuer does not say */
async function stateOf(id) {
  try {
    const response = await fetch(`/v1/public/attestations/${encodeURIComponent(id)}`)
    const { state } = response.ok ? await response.json() : {}
    return ['valid', 'superseded', 'withdrawn', 'disputed'].includes(state) ? state : null
  } catch {
    return null
  }
}

async function keysOfIssuer() {
  const response = await fetch('/v1/public/issuer-keys')
  if (!response.ok) throw new Error('the issuer gave no keys')
  return (await response.json()).keys
}

async function read(file) {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }
}

function show(state, ...content) {
  $('answer').dataset.state = state
  $('answer').replaceChildren(...content)
}

function hint(textContent) {
  return ['waiting', element('p', { className: 'warning', textContent })]
}

function bad(shown) {
  const { title, body } = plain(shown)
  return [
    'bad',
    element(
      'div',
      { className: 'verdict bad' },
      element('h2', { textContent: title }),
      element('p', { textContent: body }),
      element('p', { className: 'soft', textContent: shown.code }),
    ),
  ]
}

function good(shown, note) {
  const { title, body, rows } = plain(shown)
  return [
    element(
      'div',
      { className: 'verdict' },
      element('h2', { textContent: title }),
      element('p', { textContent: body }),
    ),
    ...(note === null ? [] : [element('p', { className: 'warning', textContent: note })]),
    rowList(rows),
  ]
}
