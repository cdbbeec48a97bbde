/**
 * Says in plain words what a person is asked to sign. spec/people.md (CER-3): what has no words stands there as it is,
 * never left out. Pure: returns titles and rows, and the page sets them as text.
 *
 * A view is `{title, lead, sections: [{heading, rows: [{label, lines, id?}], note?}]}`.
 * @module
 */
import { ACTS } from './acts.js'
import { grantRows } from './grants.js'
import { labelRows, policyRows } from './labels.js'
import { duration, memberRow, nameOf, row, time } from './plain.js'
import { disclosed } from './shown.js'

/** @param question what `/v1/ceremonies/open` answered */
export function viewOf({ names, ...rest }) {
  const question = { ...rest, names: new Map(Object.entries(names)) }
  if (question.kind === 'enrol') return enrolView(question)
  return question.shown.tag === 'countersign-root-v1' ? rootView(question) : actView(question)
}

function enrolView({ person, jkt }) {
  return {
    title: 'Make your passkey',
    lead: `${person.name}, from then on your passkey signs what agents may do in your name. Nobody can sign for you without it.`,
    sections: [
      {
        heading: 'You are enrolling',
        rows: [
          row('Name', [person.name], person.id),
          row('Command line', ['The key that will send your requests. Your terminal shows the same.'], jkt),
        ],
      },
    ],
  }
}

const ROOT_WORDS = [
  'iss',
  'aud',
  'iat',
  'nbf',
  'exp',
  'jti',
  'rev',
  'quorum',
  'consent',
  'cnf',
  'agent',
  'amr',
  'acr',
]

const ROOT_FORM = [
  'auth_time',
  'status',
  '_sd_alg',
  '_sd',
  'authorization_details',
  'grants_n',
  'depth',
  'depth_max',
]

function rootView({ shown, names, person, jkt }) {
  const { payload } = shown.value
  const parts = (shown.disclosures ?? []).map(disclosed)
  const grants = parts.filter((part) => part.length === 1).map(([grant]) => grant)
  const claims = parts.filter((part) => part.length === 2)
  const agent = nameOf(names, payload.agent.id)
  const { depth_max } = payload
  const rows = [
    row('Agent', [agent, `class ${payload.agent.class}`], payload.agent.id),
    row('How long', [`${duration(payload.exp - payload.nbf)}, until ${time(payload.exp)}`]),
    row(
      'Where',
      payload.aud.map((id) => nameOf(names, id)),
      payload.aud.join(' '),
    ),
    row('Hand on', [handOn(depth_max)]),
    row('Who signs', signers(payload, names, person)),
    ...forWhom(payload, names),
    ...claims.map(([name, text]) =>
      row(name === 'instruction' ? 'What you ask for' : `Claim ${name}`, [text]),
    ),
    ...askedBy(jkt),
  ]
  const unknown = Object.keys(payload).filter(
    (name) => !ROOT_WORDS.includes(name) && !ROOT_FORM.includes(name),
  )
  return {
    title: `Authorize ${agent}`,
    lead: payload.rev.includes(person.rev)
      ? `${person.name}, you are about to let an agent use these tools in your name.`
      : `${person.name}, you are asked to stand behind this: an agent would use these tools in the name of ${payload.rev.map((handle) => nameOf(names, handle)).join(', ')}.`,
    sections: [
      ...grants.map((grant, i) => ({
        heading: grants.length === 1 ? 'What it may do' : `What it may do, ${i + 1} of ${grants.length}`,
        rows: grantRows(grant),
      })),
      { heading: 'Under these terms', rows },
      ...(unknown.length === 0
        ? []
        : [
            {
              heading: 'Also signed',
              rows: unknown.map((name) => row(name, [JSON.stringify(payload[name])])),
            },
          ]),
    ],
  }
}

/** A consent that the control plane does not know stands there as it is. */
function forWhom({ consent }, names) {
  return consent === undefined ? [] : [row('Whose data', [nameOf(names, consent)], consent)]
}

function signers({ rev, quorum }, names, person) {
  const called = (handles) =>
    handles.map((handle) => (handle === person.rev ? 'you' : nameOf(names, handle))).join(', ')
  const isYou = rev.length === 1 && rev[0] === person.rev
  const lines = [isYou ? 'You' : `All of: ${called(rev)}`]
  if (quorum !== undefined) lines.push(`and at least ${quorum.m} of: ${called(quorum.of)}`)
  return lines
}

function actView({ shown, names, person, entry, jkt }) {
  const { act, ...members } = shown.value
  const known = ACTS.get(act) ?? [
    `Sign: ${act}`,
    'This page has no words for this act. Read all of it before you sign.',
  ]
  const isSelf = act === 'person.endorse' && members.person === members.endorser
  const [title, lead] = isSelf
    ? [
        'Endorse yourself',
        'Nobody else vouches for this passkey. The log says for ever that you acted alone.',
      ]
    : known
  return {
    title,
    lead: `${person.name}, ${lead[0].toLowerCase()}${lead.slice(1)}`,
    sections: [
      {
        heading: 'What you sign',
        rows: [
          ...(act === 'kill.pull' ? [row('Stops', [stopped(members.kill?.scope, names)])] : []),
          ...Object.entries(members).map(([name, value]) => memberRow(name, value, names)),
          ...askedBy(jkt),
        ],
      },
      ...(entry === null
        ? []
        : [
            {
              heading: `What it is about: entry ${entry.index} of the log`,
              note: "By the control plane's word: your signature names the entry, it does not cover its text.",
              rows: Object.entries(entry.entry.body ?? {}).flatMap(([name, value]) =>
                entryRows(act, name, value, names),
              ),
            },
          ]),
    ],
  }
}

function entryRows(act, name, value, names) {
  if (act === 'label.approve' && name === 'labels') return labelRows(value, names)
  if (act === 'flow_policy.approve' && name === 'policy') return policyRows(value)
  return [memberRow(name, value, names)]
}

const SCOPES = new Map([
  ['global', () => 'Everything: every call of every agent'],
  ['system', (id) => `Every call of a tool of ${id}`],
  ['class', (id) => `Every agent of class ${id}, and all under it`],
  ['agent', (id) => `The agent ${id}, and all under it`],
])

/** In words besides the scope itself, which stands below as it is signed. */
function stopped(scope, names) {
  const words = SCOPES.get(scope?.kind)
  return words === undefined ? JSON.stringify(scope) : words(nameOf(names, scope.id))
}

/** @param jkt of the command line's key; undefined where no command line asks */
function askedBy(jkt) {
  if (jkt === undefined) return []
  return [row('Asked by', ['Your command line, with this key. That is not part of what you sign.'], jkt)]
}

function handOn(depth_max) {
  if (depth_max === 0) return 'The agent may not hand this on.'
  return depth_max === 1
    ? 'The agent may hand on less than this to another agent, and that one to nobody.'
    : `The agent may hand on less than this to another agent, and so on, ${depth_max} times in a row at most.`
}
