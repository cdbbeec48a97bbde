/**
 * Says in plain words what a person is asked to sign. spec/people.md (CER-3): what has no words stands there as it is,
 * never left out. Pure: returns titles and rows, and the page sets them as text.
 *
 * A view is `{title, lead, sections: [{heading, rows: [{label, lines, id?}], note?}]}`.
 * @module
 */
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

const ACTS = new Map(
  Object.entries({
    'agent.approve': [
      'Approve an agent',
      'With your approval this version of the agent may be activated and given work.',
    ],
    'version.approve': [
      'Approve a version of an agent',
      'With your approval the agent may act with this model, prompt, tools and code.',
    ],
    'person.endorse': [
      'Endorse a person',
      'You vouch that this passkey is the one of the person you know by this name. From then on their signatures count.',
    ],
    'template.approve': ['Approve a template', 'It bounds what anyone may delegate to agents of its class.'],
    'label.approve': [
      'Approve labels of tools',
      'The rules on flows take the word of these labels: what each tool’s results are, what it does, where it sends.',
    ],
    'flow_policy.approve': [
      'Approve a flow policy',
      'It says whether the rules on flows speak, and what they let pass, at every enforcement point.',
    ],
    'response_policy.approve': [
      'Approve a response policy',
      'It says what is done by itself when an agent stops behaving like itself: whom it is asked for, and when it is isolated.',
    ],
    'oversight.end': [
      'End the oversight of an agent',
      'Nobody is asked any more for what it does. Look first at why somebody was.',
    ],
    'isolation.lift': [
      'Lift the isolation of an agent',
      'It may act again, with a new key: those that it had stay revoked for ever. Look first at its incident.',
    ],
    'incident.close': [
      'Close an incident',
      'You say that it is contained, that its cause was found, and that what was learned is worth closing it.',
    ],
    'preview.grant': [
      'Let an auditor look',
      'Until it expires or is revoked, the named auditor sees this period at these criteria. Every look of theirs is logged.',
    ],
    'access_review.close': [
      'Close a review of access',
      'You say that every item of its list was decided by somebody who does not own it, and that what was decided was done.',
    ],
    'role.approve': [
      'Approve who administers',
      'From now on this person holds that role, or has custody of that thing, until somebody removes it.',
    ],
    'evaluation.sign': ['Sign management’s evaluation of a deviation', 'The deviation stays one.'],
    'narrative.approve': [
      'Approve how a control is described',
      'You say, for management, that the control works as the narrative with this digest says. Read it in the pack first.',
    ],
    'deficiency.close': ['Close a deficiency', 'It was repaired, and somebody else tried that it holds.'],
    'breach.close': ['Close a breach of personal data', 'Everybody who is to be told of it was told.'],
    'emergency_access.review': ['Review emergency access', 'You looked at all that was delegated by it.'],
    'vendor.approve': ['Approve the assessment of a vendor', 'What was found out is good until its date.'],
    'alert_policy.approve': [
      'Approve an alert policy',
      'It says how severe alerts are, who hears of them, and within how long somebody takes them.',
    ],
    'drift_policy.approve': [
      'Approve a drift policy',
      'It says when a session is over, how long agents warm up, and how often each level of drift may be reached by chance.',
    ],
    'baseline.approve': [
      'Approve a baseline',
      'Sessions of this agent are held against what it did so far. Look at what that was: what stands in it counts as usual from then on.',
    ],
    'domain.clear': [
      'Say that an agent’s memory was wiped',
      'From then on the rules on flows take it that this agent remembers nothing of what it has read. They cannot see whether that is so.',
    ],
    'tool.approve': [
      'Approve a tool whose definition changed',
      'With your approval agents may call the tool as it now says that it is.',
    ],
    'subject.erase': [
      'Erase what is kept of a subject',
      'It is gone for good. The log keeps its hashes, and every proof.',
    ],
    'hold.lift': ['Lift a legal hold', 'What it kept may be erased from then on.'],
    'log.prune': [
      'Prune the log',
      'The text of these entries is gone for good. Every hash stays, and every proof.',
    ],
    'kill.pull': [
      'Pull the kill switch',
      'What is named here is stopped at every enforcement point, at once, until people of the roster lift it.',
    ],
    'kill.lift': [
      'Lift a kill',
      'What these kills stopped may run again, once as many people of the roster as it takes have signed the same.',
    ],
    'issuer.trust': [
      'Trust another issuer',
      'Delegations that it issues will count at your enforcement points, past your own templates and approvals.',
    ],
  }),
)

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
