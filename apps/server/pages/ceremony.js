/**
 * A ceremony in a browser: asks what is to be signed, checks that it is what it shows, lets the person approve or
 * decline, and hands over what their authenticator answered. spec/people.md (CER-3 to CER-6).
 * @module
 */
import { element, section } from './element.js'
import { fromBase64url, isWhatItShows, passkeyOf, toBase64url } from './shown.js'
import { viewOf } from './words.js'

/** How long an authenticator is waited for, in milliseconds. */
const AUTHENTICATOR_MS = 300_000

const main = document.getElementById('main')

const ENDS = {
  done: ['Done', 'Your terminal goes on by itself. You can close this page.'],
  enrolled: [
    'Your passkey is registered',
    'It counts once somebody who is endorsed has vouched for it. Your terminal says how. You can close this page.',
  ],
  declined: ['Declined', 'Nothing was signed. Your terminal has been told. You can close this page.'],
  expired: ['This link has expired', 'A link is good for ten minutes. Run the command again for a new one.'],
  used: ['This link has been used', 'A link takes one answer. Run the command again if you need another.'],
  mismatch: [
    'This does not match',
    'What the control plane shows is not what it asks you to sign. Nothing was signed. Tell whoever runs it.',
  ],
  unsupported: [
    'No passkeys in this browser',
    'This browser cannot use passkeys here. Open the link in another one, before it expires.',
  ],
  failed: [
    'Something went wrong',
    'The control plane did not answer as it should. Nothing was signed. Try again.',
  ],
}

function show(state, ...children) {
  main.dataset.state = state
  main.replaceChildren(...children)
  main.querySelector('h1')?.focus()
}

function end(state, ...more) {
  const [title, text] = ENDS[state]
  document.title = title
  const heading = element('h1', { textContent: title, tabIndex: -1 })
  show(state, heading, element('p', { textContent: text }), ...more)
}

async function post(path, body) {
  const response = await fetch(`/v1/ceremonies/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw Object.assign(new Error(answer.error.message), { code: answer.error.code })
}

async function run(secret) {
  show('loading', element('p', { className: 'soft', textContent: 'One moment…' }))
  let question
  try {
    question = await post('open', { secret })
  } catch (error) {
    return end(error.code === 'UNKNOWN_CEREMONY' ? 'expired' : 'failed')
  }
  document.getElementById('simulated').hidden = !question.log.simulated
  if (question.state !== 'open') return end(question.state)
  if (!question.origins.includes(location.origin)) return wrongOrigin(question.origins, secret)
  if (window.PublicKeyCredential === undefined) return end('unsupported')
  if (!(await isWhatItShows(question.challenge, question.shown))) return end('mismatch')
  return ask(question, secret)
}

function wrongOrigin(origins, secret) {
  const links = origins.map((origin) =>
    element('li', {}, element('a', { href: `${origin}/ceremony#${secret}`, textContent: origin })),
  )
  document.title = 'Wrong address'
  show(
    'origin',
    element('h1', { textContent: 'Wrong address', tabIndex: -1 }),
    element('p', {
      textContent: `Passkeys here are bound to another address than ${location.origin}. Open this link there:`,
    }),
    element('ul', {}, ...links),
  )
}

function ask(question, secret) {
  const view = viewOf(question)
  document.title = view.title
  const isEnrol = question.kind !== 'gesture'
  const approve = element('button', {
    className: 'approve',
    textContent: isEnrol ? 'Create passkey' : 'Approve with passkey',
  })
  const decline = element('button', { className: 'decline', textContent: 'Decline' })
  const notice = element('p', { className: 'notice', hidden: true })
  notice.setAttribute('role', 'alert')
  const buttons = element('div', { className: 'buttons' }, approve, decline)
  approve.addEventListener('click', () => void act(question, secret, { buttons, notice }))
  decline.addEventListener('click', () => void refuse(secret, { buttons, notice }))
  show(
    'open',
    element(
      'header',
      {},
      element('h1', { textContent: view.title, tabIndex: -1 }),
      element('p', { textContent: view.lead }),
    ),
    ...view.sections.map(section),
    exact(question),
    element('footer', {}, notice, buttons, origin(question)),
  )
}

/** Every member, as it is. */
function exact({ shown, challenge }) {
  const whole = {
    ...shown,
    ...(shown.disclosures && {
      disclosures: shown.disclosures.map((each) => JSON.parse(new TextDecoder().decode(fromBase64url(each)))),
    }),
  }
  return element(
    'details',
    {},
    element('summary', { textContent: 'Everything that is signed, word for word' }),
    element('pre', { textContent: JSON.stringify(whole, null, 2), tabIndex: 0 }),
    element('p', {}, 'SHA-256, computed here: ', element('code', { textContent: challenge })),
  )
}

function origin({ log, expires }) {
  const until = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' }).format(expires)
  return element('p', {
    className: 'soft',
    textContent: `${log.origin} asks. Names beside identifiers are its word. The link is good until ${until}.`,
  })
}

async function act(question, secret, { buttons, notice }) {
  busy(buttons, true)
  notice.hidden = true
  try {
    const answer =
      question.kind === 'gesture' ? { gesture: await get(question) } : { credential: await create(question) }
    const { next } = await post('answer', { secret, ...answer })
    if (next !== null) return await run(next)
    return end(question.kind === 'enrol' ? 'enrolled' : 'done')
  } catch (error) {
    if (error.code === 'UNKNOWN_CEREMONY') return end('expired')
    if (error.code === 'STATE_CONFLICT') return await run(secret)
    notice.textContent = faultOf(error, question.kind)
    notice.hidden = false
    busy(buttons, false)
  }
}

async function refuse(secret, { buttons, notice }) {
  busy(buttons, true)
  try {
    await post('decline', { secret })
    return end('declined')
  } catch (error) {
    if (error.code === 'UNKNOWN_CEREMONY') return end('expired')
    if (error.code === 'STATE_CONFLICT') return await run(secret)
    notice.textContent = 'The control plane cannot be reached. Nothing was signed.'
    notice.hidden = false
    busy(buttons, false)
  }
}

function busy(buttons, isBusy) {
  main.dataset.state = isBusy ? 'waiting' : 'open'
  for (const button of buttons.children) button.disabled = isBusy
}

/** WebAuthn says NotAllowedError for everything that could tell a stranger what passkeys there are. */
function faultOf(error, kind) {
  if (error.name === 'NotAllowedError') {
    return kind !== 'gesture'
      ? 'No passkey was made: it was cancelled, or this device cannot make one. You can try again.'
      : 'Your passkey did not answer: it is not on this device, or it was cancelled. Use the device where you made it, or try again.'
  }
  if (error.name === 'InvalidStateError')
    return 'This device has a passkey for this already. Use another device.'
  if (error.name === 'SecurityError') return 'The browser does not allow passkeys at this address.'
  if (error.code === 'SECRET_INVALID')
    return 'The invitation has been used or has expired. Ask for a new one.'
  if (error.code === 'GESTURE_INVALID') return `The control plane does not take the answer: ${error.message}.`
  return `Nothing was signed: ${error.message}.`
}

async function create({ challenge, rp_id, person, algorithms, log, credential_ids }) {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: fromBase64url(challenge),
      rp: { id: rp_id, name: `Countersign (${log.origin})` },
      user: { id: new TextEncoder().encode(person.id), name: person.name, displayName: person.name },
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      attestation: 'none',
      // An authenticator that has one of them already is not asked for a second.
      excludeCredentials: credential_ids.map(passkeyOf),
      timeout: AUTHENTICATOR_MS,
    },
  })
  const { clientDataJSON, attestationObject } = made.response
  return {
    id: made.id,
    client_data: toBase64url(clientDataJSON),
    attestation_object: toBase64url(attestationObject),
  }
}

async function get({ challenge, rp_id, credential_ids }) {
  const made = await navigator.credentials.get({
    publicKey: {
      challenge: fromBase64url(challenge),
      rpId: rp_id,
      allowCredentials: credential_ids.map(passkeyOf),
      userVerification: 'required',
      timeout: AUTHENTICATOR_MS,
    },
  })
  const { clientDataJSON, authenticatorData, signature } = made.response
  return {
    client_data: toBase64url(clientDataJSON),
    authenticator_data: toBase64url(authenticatorData),
    signature: toBase64url(signature),
  }
}

const secret = location.hash.slice(1)
// Not in the history: the link is for one person.
history.replaceState(null, '', '/ceremony')
if (secret === '') end('expired')
else await run(secret)
