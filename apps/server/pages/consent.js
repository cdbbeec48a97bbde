/**
 * A consent in a browser: who is there, what a program may do, and the passkey over exactly the root that says so.
 * spec/oauth.md (OAU-10 to OAU-14). What each step shows is in consent-steps.js.
 * @module
 */
import { SCREENS } from './consent-steps.js'
import { element } from './element.js'
import { challengeOf, fromBase64url, isWhatItShows, passkeyOf, toBase64url } from './shown.js'

const AUTHENTICATOR_MS = 300_000
const POLL_MS = 2_500
const ACT_TAG = 'countersign-act-v1'

const main = document.getElementById('main')
let polling = null
/** What follows from what is ticked. */
let watching = null
main.addEventListener('input', () => watching?.())

const ENDS = {
  gone: [
    'This request is over',
    'It has been answered, has expired, or was begun in another browser. Go back to the program and connect again.',
  ],
  elsewhere: [
    'Wrong address',
    'This page works at the address of the control plane alone. Go back to the program and connect again.',
  ],
  mismatch: [
    'This does not match',
    'What the control plane shows is not what it asks you to sign. Nothing was signed. Tell whoever runs it.',
  ],
  unsupported: [
    'No passkeys in this browser',
    'This browser cannot use passkeys here. Go back to the program and connect with another one.',
  ],
  failed: [
    'Something went wrong',
    'The control plane did not answer as it should. Nothing was signed. Try again.',
  ],
  left: ['One moment…', 'Back to the program.'],
}

async function post(name, body = {}) {
  const response = await fetch(`${location.pathname}/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw Object.assign(new Error(answer.error.message), { code: answer.error.code })
}

function end(state, ...more) {
  clearTimeout(polling)
  const [title, text] = ENDS[state]
  document.title = title
  put(
    state,
    element('h1', { textContent: title, tabIndex: -1 }),
    element('p', { textContent: text }),
    ...more,
  )
}

function put(state, ...children) {
  main.dataset.state = state
  main.replaceChildren(...children)
  main.querySelector('h1')?.focus()
  scrollTo(0, 0)
}

async function show(view) {
  clearTimeout(polling)
  document.getElementById('simulated').hidden = !view.log.simulated
  if (view.step === 'done') {
    end('left')
    return location.replace(view.location)
  }
  if (!view.origins.includes(location.origin)) return wrongOrigin(view.origins)
  if (window.PublicKeyCredential === undefined) return end('unsupported')
  const signed = view.draft ?? view.approval
  if (signed && !(await isWhatItShows(signed.challenge, signed.shown))) return end('mismatch')
  const screen = SCREENS[view.step](view)
  document.title = screen.title
  const notice = element('p', { className: 'notice', hidden: true })
  notice.setAttribute('role', 'alert')
  const buttons = screen.buttons.map((each) => button(each, view, notice))
  const bar = element('div', { className: 'buttons' }, ...buttons)
  put(
    view.step,
    element(
      'header',
      {},
      element('h1', { textContent: screen.title, tabIndex: -1 }),
      element('p', { textContent: screen.lead }),
    ),
    ...screen.body,
    element('footer', {}, notice, ...(screen.before ?? []), bar, origin(view)),
  )
  watching = screen.watch ? () => screen.watch(buttons) : null
  watching?.()
  if (screen.polls) polling = setTimeout(() => void poll(view), POLL_MS)
}

/** Shows again what has changed, and lets who reads be otherwise. */
async function poll(before) {
  try {
    const view = await post('open')
    if (JSON.stringify(view) !== JSON.stringify(before)) return await show(view)
  } catch (error) {
    if (error.code === 'NOT_FOUND') return end('gone')
  }
  polling = setTimeout(() => void poll(before), POLL_MS)
}

function wrongOrigin(origins) {
  const names = origins.map((each) => element('li', { textContent: each }))
  document.title = 'Wrong address'
  put(
    'origin',
    element('h1', { textContent: 'Wrong address', tabIndex: -1 }),
    element('p', {
      textContent: `Passkeys here are bound to another address than ${location.origin}. Whoever runs the control plane starts it with one of these as its public URL:`,
    }),
    element('ul', {}, ...names),
  )
}

function origin({ log }) {
  return element('p', {
    className: 'soft',
    textContent: `${log.origin} shows this page. Names beside identifiers are its word.`,
  })
}

function button({ words, act, kind, read }, view, notice) {
  const node = element('button', { type: 'button', textContent: words, className: kind ?? 'decline' })
  node.addEventListener('click', () => void run(act, view, { read, notice }))
  return node
}

async function run(act, view, { read, notice }) {
  clearTimeout(polling)
  notice.hidden = true
  busy(true)
  try {
    return await show(await post(act, await inputOf(act, view, read)))
  } catch (error) {
    if (error.code === 'NOT_FOUND') return end('gone')
    notice.textContent = faultOf(error)
    notice.hidden = false
    busy(false, view.step)
    watching?.()
    notice.scrollIntoView({ block: 'nearest' })
  }
}

async function inputOf(act, view, read) {
  if (act === 'draft') return read()
  if (act === 'sign-in') return signIn(view)
  if (act === 'approve') return { gesture: (await assertion(view, view.approval.challenge)).gesture }
  if (act === 'seal') return { gesture: (await assertion(view, view.draft.challenge)).gesture }
  return {}
}

async function signIn(view) {
  return assertion({ rp_id: view.rp_id }, await challengeOf(ACT_TAG, view.sign_in))
}

/** @param person whose passkey is asked for; whoever's is there, for a sign-in */
async function assertion({ rp_id, person }, challenge) {
  const made = await navigator.credentials.get({
    publicKey: {
      challenge: fromBase64url(challenge),
      rpId: rp_id,
      allowCredentials: (person?.credential_ids ?? []).map(passkeyOf),
      userVerification: 'required',
      timeout: AUTHENTICATOR_MS,
    },
  })
  const { clientDataJSON, authenticatorData, signature } = made.response
  const gesture = {
    client_data: toBase64url(clientDataJSON),
    authenticator_data: toBase64url(authenticatorData),
    signature: toBase64url(signature),
  }
  return { credential_id: made.id, gesture }
}

function busy(isBusy, state = 'busy') {
  main.dataset.state = isBusy ? 'busy' : state
  for (const each of main.querySelectorAll('button')) each.disabled = isBusy
}

const WORDS = new Map([
  ['GESTURE_INVALID', 'This passkey is not registered here. Use the one that you enrolled with.'],
  ['OUTSIDE_TEMPLATE', 'More than may be allowed: '],
  [
    'UNKNOWN_KEY',
    'The gateway has no key left for another program. Whoever runs it has to see that it is running.',
  ],
  ['LOG_NOT_PUBLISHED', 'The log cannot be published now, so nothing can be allowed. Try again later.'],
])

/** WebAuthn says NotAllowedError for everything that could tell a stranger what passkeys there are. */
function faultOf(error) {
  if (error.name === 'NotAllowedError')
    return 'Your passkey did not answer: it is not on this device, or it was cancelled. You can try again.'
  if (error.name === 'SecurityError') return 'The browser does not allow passkeys at this address.'
  if (error.name === 'TypeError') return 'The control plane cannot be reached. Nothing was signed.'
  const words = WORDS.get(error.code)
  if (words === undefined) return `Nothing was signed: ${error.message}.`
  return words.endsWith(' ') ? `${words}${error.message}.` : words
}

try {
  await show(await post('open'))
} catch (error) {
  end(
    new Map([
      ['NOT_FOUND', 'gone'],
      ['FORBIDDEN', 'elsewhere'],
    ]).get(error.code) ?? 'failed',
  )
}
