/**
 * One call that waits for a person, or the list of those: shows it exactly, checks that it is what would be signed, and
 * hands over what the passkey answered. spec/approvals.md (APR-6 to APR-9).
 * @module
 */
import { actOf, argumentsOf, element, exact, heading, list, seen } from './call.js'
import { canonicalize, challengeOf, fromBase64url, passkeyOf, toBase64url } from './shown.js'
import { commitmentOf } from './visible.js'

const TAG = 'countersign-approval-v1'
/** How long an authenticator is waited for, in milliseconds. */
const AUTHENTICATOR_MS = 300_000
/** How often the list is asked for. */
const LIST_EVERY_MS = 3_000

const main = document.getElementById('main')
let timer

const ENDS = {
  approved: ['Approved', 'The call goes out if nothing else has come in its way. You can close this page.'],
  refused: ['Refused', 'The call does not go out, and the agent is told so. You can close this page.'],
  timed_out: ['Too late', 'Nobody decided in time, so the call did not go out. The agent may ask again.'],
  over: ['This call waits no more', 'It was decided, or its time is over, or the link is not whole.'],
  mismatch: [
    'This does not match',
    'What the control plane shows is not what it asks you to sign. Nothing was signed. Tell whoever runs it.',
  ],
  erased: ['Erased', 'The arguments of this call were erased: nobody can see any more what it would do.'],
  unsupported: [
    'No passkeys in this browser',
    'This browser cannot use passkeys here. Open the link in another one.',
  ],
  failed: [
    'Something went wrong',
    'The control plane did not answer as it should. Nothing was signed. Try again.',
  ],
  stranger: [
    'Whose list?',
    'This page shows calls that wait to people who are signed in here. Run "countersign approval list --browser", or open the link of one call.',
  ],
}

function show(state, ...children) {
  clearTimeout(timer)
  main.dataset.state = state
  main.replaceChildren(...children)
  main.querySelector('h1')?.focus()
}

function end(state, ...more) {
  const [title, text] = ENDS[state]
  document.title = title
  show(state, heading(title), element('p', { textContent: text }), ...more)
}

async function ask(method, path, body) {
  const response = await fetch(`/v1/approvals${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw Object.assign(new Error(answer.error.message), { code: answer.error.code, status: response.status })
}

async function open(find, back) {
  show('loading', element('p', { className: 'soft', textContent: 'One moment…' }))
  let shown
  try {
    shown = await find()
  } catch (error) {
    if (error.status === 401) return end('stranger')
    return end(error.code === 'UNKNOWN_APPROVAL' ? 'over' : 'failed')
  }
  document.getElementById('simulated').hidden = !shown.log.simulated
  const { approval } = shown
  if (approval.status !== 'open') return end(approval.status)
  if (!shown.origins.includes(location.origin)) return wrongOrigin(shown.origins)
  if (window.PublicKeyCredential === undefined) return end('unsupported')
  if (approval.opening === null) return end('erased')
  if (!(await opens(approval))) return end('mismatch')
  return call(shown, back)
}

/** Whether the arguments are those that the signature would be over. */
async function opens({ args_commit, opening: { salt, args } }) {
  return toBase64url(await commitmentOf(fromBase64url(salt), canonicalize(args))) === args_commit
}

function wrongOrigin(origins) {
  const links = origins.map((origin) => element('li', {}, element('code', { textContent: `${origin}/a` })))
  document.title = 'Wrong address'
  const text = `Passkeys here are bound to another address than ${location.origin}. Open the link there, with the same end:`
  show('origin', heading('Wrong address'), element('p', { textContent: text }), element('ul', {}, ...links))
}

function call(shown, back) {
  const { approval, names, log, why } = shown
  document.title = `Approve ${approval.tool}?`
  const nameOf = (id) => names[id] ?? id
  const approve = element('button', { className: 'approve', textContent: 'Approve with passkey' })
  const refuse = element('button', { className: 'refuse', textContent: 'Refuse with passkey' })
  const notice = element('p', { className: 'notice', hidden: true })
  notice.setAttribute('role', 'alert')
  // What releases an output is let go by who attests it, at the review desk (OUT-4).
  const review = element('button', { className: 'approve', textContent: 'Review the output' })
  review.addEventListener('click', () => location.assign(`/review#${approval.output}`))
  const buttons = element(
    'div',
    { className: 'buttons' },
    approval.output === null ? approve : review,
    refuse,
  )
  approve.addEventListener('click', () => void decide(shown, 'approve', { buttons, notice }))
  refuse.addEventListener('click', () => void decide(shown, 'refuse', { buttons, notice }))
  const left = element('strong', { id: 'left' })
  const ends = Date.now() + approval.expires - shown.now
  const rows = [
    ['Agent', nameOf(approval.agent), approval.agent],
    ['Server', approval.server],
    ['Tool', approval.tool],
    ['Held at', nameOf(approval.point), approval.point],
    ...(approval.behind.length === 0
      ? [['Delegated by', `people of ${approval.iss}`]]
      : [['Delegated by', approval.behind.map(nameOf).join(', '), approval.jti]]),
  ]
  show(
    'open',
    element(
      'header',
      {},
      heading(`Let it call ${approval.tool}?`),
      element(
        'p',
        {},
        ...seen(nameOf(approval.agent)),
        ' wants to make this one call. It waits for you ',
        left,
        ', and then it is denied.',
      ),
    ),
    ...(why.length === 0 ? [] : [objections(why)]),
    element('section', {}, element('h2', { textContent: 'The call' }), list(rows)),
    argumentsOf(approval.opening.args),
    exact(approval),
    element(
      'footer',
      {},
      notice,
      buttons,
      element('p', {
        className: 'soft',
        textContent: `${log.origin} asks. Names beside identifiers are its word. Who stands behind the delegation does not approve its calls.`,
      }),
      ...(back ? [backLink()] : []),
    ),
  )
  count(left, ends)
}

/** What the enforcement point says of where values came from. Not signed: the arguments are. */
function objections(why) {
  const items = why.map((sentence) => element('li', {}, ...seen(sentence)))
  return element(
    'section',
    { className: 'warning objections' },
    element('h2', { textContent: 'Why you are asked' }),
    element('ul', {}, ...items),
    element('p', { textContent: 'If you approve, it goes out with exactly these arguments, once.' }),
  )
}

function count(left, ends) {
  const rest = Math.max(0, Math.round((ends - Date.now()) / 1000))
  left.textContent = `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, '0')}`
  if (rest === 0 && main.dataset.state === 'open') return end('timed_out')
  timer = setTimeout(() => count(left, ends), 1_000)
}

async function decide({ approval, rp_id, credential_ids }, decision, { buttons, notice }) {
  busy(buttons, true)
  notice.hidden = true
  try {
    const challenge = await challengeOf(TAG, actOf(approval, decision))
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
    await ask('POST', '/answer', {
      approval: approval.id,
      credential_id: made.id,
      decision,
      gesture: {
        client_data: toBase64url(clientDataJSON),
        authenticator_data: toBase64url(authenticatorData),
        signature: toBase64url(signature),
      },
    })
    return end(decision === 'approve' ? 'approved' : 'refused')
  } catch (error) {
    if (error.code === 'UNKNOWN_APPROVAL' || error.code === 'STATE_CONFLICT') return end('over')
    notice.textContent = faultOf(error)
    notice.hidden = false
    busy(buttons, false)
  }
}

function busy(buttons, isBusy) {
  main.dataset.state = isBusy ? 'waiting' : 'open'
  for (const button of buttons.children) button.disabled = isBusy
}

function faultOf(error) {
  if (error.name === 'NotAllowedError')
    return 'No passkey answered: it is not on this device, or it was cancelled. Nothing was signed.'
  if (error.code === 'SAME_PERSON') return 'You stand behind this delegation: somebody else has to decide.'
  if (error.code === 'NOT_ENDORSED')
    return 'Your registration does not count yet: somebody has to endorse it.'
  return `It was not taken: ${error.message}.`
}

function backLink() {
  const link = element('button', { textContent: 'All calls that wait' })
  link.addEventListener('click', () => void waiting())
  return element('p', {}, link)
}

async function waiting() {
  let answer
  try {
    answer = await ask('GET', '')
  } catch (error) {
    return end(error.status === 401 ? 'stranger' : 'failed')
  }
  document.title = 'Calls that wait'
  document.getElementById('simulated').hidden = !answer.log.simulated
  const { approvals, names, now } = answer
  const items = approvals.map((each) => {
    const rest = Math.max(0, Math.round((each.expires - now) / 1000))
    const who = `${names[each.agent] ?? each.agent}, for ${Math.ceil(rest / 60)} more min`
    const button = element(
      'button',
      {},
      element('strong', {}, ...seen(`${each.server}: ${each.tool}`)),
      element('span', {}, ...seen(who)),
    )
    button.addEventListener('click', () => void open(() => ask('GET', `/${each.id}`), true))
    return element('li', {}, button)
  })
  const text =
    approvals.length === 0
      ? 'Nothing waits for you. Calls of agents show here as they come.'
      : 'Each waits until somebody decides, or its time is over.'
  if (main.dataset.state !== 'list' || main.dataset.items !== approvals.map(({ id }) => id).join()) {
    main.dataset.items = approvals.map(({ id }) => id).join()
    show(
      'list',
      heading('Calls that wait for a person'),
      element('p', { textContent: text }),
      ...(items.length === 0 ? [] : [element('ul', { className: 'waiting' }, ...items)]),
    )
  }
  timer = setTimeout(() => main.dataset.state === 'list' && void waiting(), LIST_EVERY_MS)
}

const given = location.hash.slice(1)
// Not in the history: the link is for people who were given it.
history.replaceState(null, '', '/a')
if (given === '') await waiting()
else if (given.startsWith('apr_')) await open(() => ask('GET', `/${given}`), true)
else await open(() => ask('POST', '/open', { secret: given }), false)
