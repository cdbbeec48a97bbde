/** What the page `/attest` says of an attestation, in words. spec/carriers.md (CAR-11). @module */
import { visible } from './visible.js'

const ROLES = {
  authored: ['wrote this', 'A person composed it, as its records have it. An AI may have helped.'],
  supervised: ['reviewed this', 'An AI drafted it, and a person looked at it before it went out.'],
  directed: ['directed this', 'A person set the task and its limits. Nobody looked at this output itself.'],
}

const FAULTS = {
  ATTESTATION_DISPUTED: ['Its attestation is disputed', 'The issuer says that somebody contests it.'],
  ATTESTATION_MISSING: [
    'Nobody stands behind this',
    'It carries no attestation, and none was dropped with it.',
  ],
  ATTESTATION_SUPERSEDED: [
    'There is a newer attestation',
    'The issuer says that another one took its place.',
  ],
  ATTESTATION_WITHDRAWN: ['Its attestation was withdrawn', 'The issuer says that it holds no more.'],
  AUTHORITY_ENDED: ['Who signed had no authority any more', 'They had left when it was issued.'],
  BUNDLE_INVALID: ['That is no attestation', 'The second file cannot be read as one.'],
  CARRIER_MALFORMED: ['That is no attestation', 'What the file carries cannot be read as one.'],
  CONTENT_CHANGED: ['This file was changed', 'It is not as it was when somebody stood behind it.'],
  DIGEST_OTHER: ['This attestation is of another file', 'It says nothing of the one that you dropped.'],
  ENVELOPE_INVALID: ['That is no attestation', 'What was signed in it cannot be read.'],
  FORM_INVALID: [
    'This file cannot be read as what was attested',
    'It is not of the kind that the attestation names.',
  ],
  GESTURE_INVALID: ['The person’s signature does not hold', 'Nobody’s passkey signed this.'],
  GESTURE_REPLAYED: [
    'The person signed something else',
    'Their signature was taken from another attestation.',
  ],
  ISSUER_UNKNOWN: [
    'It is of another issuer',
    'It was not signed by this control plane: ask the one that issued it.',
  ],
  KEY_ENDED: ['Its key had ended', 'It was signed with a key that was retired or compromised.'],
  LINE_ENDINGS_CHANGED: [
    'Only its line endings were changed',
    'Every other byte is as it was attested. Some programs change line endings when they copy a file.',
  ],
  NAME_MISMATCH: [
    'The name in it is not the name that was signed for',
    'Somebody changed who it says stands behind it.',
  ],
  OLDER_THAN_OUTPUT: ['It was issued before the file was made', 'Nobody can have looked at it then.'],
  PREDICATE_UNSUPPORTED: ['It says something that this page does not know', 'It may be of a newer version.'],
  ROLE_UNPROVEN: ['It claims more than it proves', 'The records in it do not give the role that it states.'],
  SIGNATURE_INVALID: ['Its signature does not hold', 'It was changed after it was issued.'],
  STATEMENT_INVALID: ['That is no attestation', 'What was signed in it is no statement of this kind.'],
}

/** @param shown what `judge` of apps/attest/main.ts answers */
export function plain(shown) {
  if (!shown.ok) {
    const [title, body] = FAULTS[shown.code] ?? ['It does not hold', shown.message]
    return { title, body, rows: [] }
  }
  const [verb, body] = ROLES[shown.role]
  return {
    title: `${shown.name === null ? 'A person whose name is not disclosed' : seen(shown.name)} ${verb}`,
    body,
    rows: rowsOf(shown),
  }
}

function rowsOf({
  role,
  independent,
  human,
  name,
  chain,
  agent,
  model,
  kind,
  issued_at,
  iss,
  id,
  kid,
  review,
}) {
  const row = (label, lines, more) => ({ label, lines, ...(more === undefined ? {} : { id: more }) })
  return [
    row('Role', [role]),
    row('Person', [name === null ? 'not disclosed' : seen(name)], human),
    row('Who set the task', [
      chain === null ? 'no agent took part' : independent ? 'somebody else' : 'the same person',
    ]),
    ...(agent === null
      ? []
      : [row('Agent', model === null ? [seen(agent)] : [seen(agent), `on ${seen(model)}, as it says`])]),
    ...(chain === null ? [] : [row('Delegation', [seen(chain)])]),
    ...(review === null ? [] : [row('Review', reviewLines(review))]),
    row('Kind of output', [seen(kind)]),
    row('Issued', [`${issued_at.slice(0, 16).replace('T', ' ')} UTC`]),
    row('Issuer', [seen(iss)], kid),
    row('Attestation', [seen(id)]),
  ]
}

function reviewLines({ in_view_ms, length, edit_distance }) {
  const seconds = Math.round(in_view_ms / 1000)
  const time = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`
  return [`${time} in view, for ${length} characters`, `${edit_distance} characters changed since the draft`]
}

/** Nothing in a text from elsewhere hides, or turns around what stands beside it. */
function seen(text) {
  return visible(text)
    .map((part) => part.text)
    .join('')
}
