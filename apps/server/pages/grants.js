/** What a grant allows, in words. spec/grants.md (GRT-1 to GRT-10). Pure. @module */
import { count, duration, row, sentence, wordsOf } from './plain.js'

/** Members of a grant, each with a label and its lines; the first four are said also when they are absent. */
const GRANT_WORDS = new Map([
  ['actions', ['Tools', (names) => (names[0] === '*' ? ['Every tool of this server'] : names)]],
  ['server', ['Server', (name) => [name]]],
  ['constraints', ['Arguments', argumentLines]],
  ['limits', ['Limits', limitLines]],
  ['resources', ['Resources', (globs) => globs]],
  ['clearance', ['Data', (level) => [`${level} at most`]]],
  ['categories', ['Of these kinds', (names) => names]],
  ['purposes', ['For', (names) => names]],
  ['ask', ['Each call', () => ['Waits until a person who is not behind this has approved it']]],
  ['bound', ['Fresh', (seconds) => [`Only while news of revocations is at most ${duration(seconds)} old`]]],
])

const ALWAYS = { actions: [], server: '', constraints: {}, limits: [] }

export function grantRows(grant) {
  const { type, ...members } = { ...ALWAYS, ...grant }
  const rows = Object.entries(members).map(([name, value]) => {
    const [label, lines] = GRANT_WORDS.get(name) ?? [sentence(name), wordsOf]
    return row(label, lines(value))
  })
  return type === 'tool' ? rows : [...rows, row('Type', [String(type)])]
}

function argumentLines(constraints) {
  const lines = Object.entries(constraints).map(([name, rule]) => `${name} ${ruleWords(rule)}`)
  return lines.length === 0 ? ['Any'] : lines
}

/** GRT-2: a constrained argument has to be there, unless its rule says otherwise. */
function ruleWords({ required, forbidden, ...members }) {
  if (forbidden === true) return 'must be absent'
  const words = Object.entries(members).map(memberWords)
  if (words.length === 0) return required === false ? 'may be absent' : 'is given'
  return words.join(' and ') + (required === false ? ', or is absent' : '')
}

function memberWords([kind, value]) {
  switch (kind) {
    case 'in':
      return value.length === 1
        ? `is ${JSON.stringify(value[0])}`
        : `is one of ${value.map((each) => JSON.stringify(each)).join(', ')}`
    case 'glob':
      return `matches ${value}`
    case 'pattern':
      return `matches the pattern ${value}`
    case 'min':
      return `is at least ${value}`
    case 'max':
      return `is at most ${value}`
    default:
      return `${kind} ${JSON.stringify(value)}`
  }
}

const PER = new Map([
  ['call', 'in each call'],
  ['hour', 'an hour'],
  ['day', 'a day'],
  ['delegation', 'in all'],
])

function limitLines(limits) {
  const lines = limits.map((limit) => {
    const { measure, unit, max, per, ...rest } = limit
    const what =
      measure === 'calls' && unit === '1'
        ? `${count(max)} ${max === 1 ? 'call' : 'calls'}`
        : `${measure} of ${count(max)} ${unit}`
    const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`
    return `At most ${what} ${PER.get(per) ?? `per ${per}`}${more}`
  })
  return lines.length === 0 ? ['None: as often as it likes'] : lines
}
