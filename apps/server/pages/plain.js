/** Rows, names, times and values without words of their own, as the page of a ceremony shows them. Pure. @module */

export function row(label, lines, id) {
  return { label, lines, ...(id === undefined ? {} : { id }) }
}

export function nameOf(names, id) {
  return names.get(id) ?? id
}

export function sentence(name) {
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const AMR = new Map([
  ['["swk"]', 'a software authenticator: a key in a file, and no proof that a human was there'],
  ['["pop","user"]', 'a passkey, by its own word'],
])

/** What members are called, where their own name says little. */
const LABELS = new Map([
  ['aaguid', 'Model'],
  ['amr', 'Kind'],
  ['backed_up', 'Synced between devices'],
  ['credential', 'Passkey'],
  ['id', 'Identifier'],
  ['iss', 'Issuer'],
  ['jwk', 'Key'],
  ['operator', 'Key of the command line'],
  ['rev', 'Revocation handle'],
  ['t', 'When'],
  ['v', 'Version of the form'],
])

/** Members that are the index of a log entry. */
const ENTRIES = ['proposal', 'registration']

function labelOf(name) {
  return LABELS.get(name) ?? sentence(name)
}

export function memberRow(name, value, names) {
  if (ENTRIES.includes(name) && typeof value === 'number')
    return row(labelOf(name), [`Entry ${value} of the log`])
  const known = typeof value === 'string' ? names.get(value) : undefined
  return known === undefined ? row(labelOf(name), wordsOf(value, names)) : row(labelOf(name), [known], value)
}

/** A value without words of its own: an object as a line a member. */
export function wordsOf(value, names = new Map()) {
  if (Array.isArray(value) && value.length === 0) return ['none']
  if (Array.isArray(value)) {
    return value.map((each) =>
      typeof each === 'object' ? JSON.stringify(each) : nameOf(names, String(each)),
    )
  }
  if (typeof value !== 'object' || value === null) return [String(value)]
  return Object.entries(value).map(([name, member]) => {
    const text = typeof member === 'object' ? JSON.stringify(member) : nameOf(names, String(member))
    if (name === 't' && typeof member === 'number')
      return `${labelOf(name)}: ${time(member / 1000)} (${text})`
    return `${labelOf(name)}: ${name === 'amr' ? (AMR.get(text) ?? text) : text}`
  })
}

export function count(n) {
  return new Intl.NumberFormat('en').format(n)
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** The two largest units that are not zero. */
export function duration(seconds) {
  const parts = []
  let rest = seconds
  for (const [unit, size] of UNITS) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) parts.push(`${n} ${unit}${n === 1 ? '' : 's'}`)
  }
  return parts.slice(0, 2).join(' ') || 'no time'
}

export function time(seconds) {
  const form = { dateStyle: 'medium', timeStyle: 'long' }
  return new Intl.DateTimeFormat('en-GB', form).format(new Date(seconds * 1000))
}
