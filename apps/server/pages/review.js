/**
 * The review desk: what waits, one output as it is, and the gesture over it. It says to the control plane while it is in
 * view, and signs nothing that it does not show. spec/outputs.md (OUT-10, OUT-11), spec/attestation.md (ATT-22).
 * @module
 */
import { element, heading, list, seen } from './call.js'
import { outputOf, sourcesOf, stateOf } from './review-parts.js'
import { ENDS, endOf, faultOf, OWN } from './review-ends.js'
import { canonicalize, challengeOf, fromBase64url, passkeyOf, toBase64url } from './shown.js'

const TAGS = { attest: 'countersign-act-v1', approve: 'countersign-approval-v1' }
const STATEMENT_TAG = 'countersign-attestation-v1'
/** How long an authenticator is waited for, how often the page says that it is in view, and asks what waits. */
const AUTHENTICATOR_MS = 300_000
const SEEN_EVERY_MS = 2_000
const LIST_EVERY_MS = 3_000

const main = document.getElementById('main')
let timer
let keys = {}

function show(state, ...children) {
  clearTimeout(timer)
  keys = {}
  main.dataset.state = state
  main.replaceChildren(...children)
  main.querySelector('h1')?.focus()
}

function end(state) {
  const [title, text] = ENDS[state]
  document.title = title
  const back = element('button', { textContent: 'What else waits' })
  back.addEventListener('click', () => void waiting())
  const more = state === 'stranger' ? [] : [element('p', {}, back)]
  show(state, heading(title), element('p', { textContent: text }), ...more)
}

async function ask(method, path, body) {
  const response = await fetch(`/v1${path}`, {
    method,
    headers: method === 'GET' ? {} : { 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw Object.assign(new Error(answer.error.message), { code: answer.error.code, status: response.status })
}

async function open(output) {
  show('loading', element('p', { className: 'soft', textContent: 'One moment…' }))
  try {
    const about = await ask('GET', `/outputs/${output}`)
    document.getElementById('simulated').hidden = !about.log.simulated
    if (!about.origins.includes(location.origin) || window.PublicKeyCredential === undefined)
      return end('unsupported')
    const { review } = await ask('POST', `/outputs/${output}/reviews`)
    const view = await ask('GET', `/reviews/${review}`)
    if (view.content === null) return end('erased')
    if (!(await isContent(view.content, about.subject))) return end('mismatch')
    return desk({ ...about, review, view })
  } catch (error) {
    return end(endOf(error))
  }
}

/** Whether what is shown is what is digested: text and JSON are shown as their very form (ATT-3). */
async function isContent(content, subject) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content))
  const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return subject.some((one) => one.digest.sha256 === sha256)
}

function desk(shown) {
  const { output, view, names, subject } = shown
  document.title = `Review ${output.kind}`
  const nameOf = (id) => names[id] ?? id
  const attest = element('button', { className: 'approve', textContent: 'Attest with passkey' })
  const refuse = element('button', { className: 'refuse', textContent: 'Refuse' })
  const notice = element('p', { className: 'notice', hidden: true })
  notice.setAttribute('role', 'alert')
  const buttons = element('div', { className: 'buttons' }, attest, refuse)
  attest.addEventListener('click', () => void decide(shown, { buttons, notice }))
  refuse.addEventListener('click', () => void turnDown(shown, { buttons, notice }))
  const made = outputOf(view, output.form)
  const changes = element('button', { textContent: 'Show what changed' })
  const turn = () => {
    const on = made.text.classList.toggle('changes')
    changes.textContent = on ? 'Show it as it leaves' : 'Show what changed'
    changes.setAttribute('aria-pressed', String(on))
  }
  changes.addEventListener('click', turn)
  const counted = element('strong', { id: 'seen', textContent: '0 s' })
  show(
    'open',
    element(
      'header',
      {},
      heading(`Does this ${output.kind.replaceAll('_', ' ')} leave?`),
      element(
        'p',
        {},
        ...seen(nameOf(output.agent ?? output.registrar)),
        ' made it. You have looked at it for ',
        counted,
        '.',
      ),
    ),
    ...(output.flagged > 0 || output.refusals > 0
      ? [element('p', { className: 'warning', textContent: `${sentence(stateOf(output, Date.now()))}.` })]
      : []),
    made.section,
    ...(made.hasDraft ? [element('p', {}, changes)] : []),
    sourcesOf(view, nameOf),
    element(
      'section',
      {},
      element('h2', { textContent: 'What you stand behind' }),
      list([
        ['Called', subject[0].name],
        ['SHA-256', subject[0].digest.sha256],
        ['Output', output.id],
        ['Registered by', nameOf(output.registrar), output.registrar],
      ]),
    ),
    element(
      'footer',
      {},
      notice,
      buttons,
      element(
        'p',
        { className: 'soft keys' },
        'Keys: ',
        element('kbd', { textContent: 'r' }),
        ' refuse, ',
        ...(made.hasDraft ? [element('kbd', { textContent: 'd' }), ' what changed, '] : []),
        element('kbd', { textContent: 'Escape' }),
        ' back. To attest takes the button.',
      ),
      element('p', {
        className: 'soft',
        textContent:
          'While this is in view, the time is counted, to see whether reviews are looks. It is kept for 90 days, and used for nothing else.',
      }),
    ),
  )
  keys = { r: () => refuse.click(), Escape: () => void waiting(), ...(made.hasDraft ? { d: turn } : {}) }
  look(shown.review, counted)
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1)

/** Says that it is in view for as long as it is (ATT-22). */
function look(review, counted) {
  timer = setTimeout(() => void saySeen(review, counted), SEEN_EVERY_MS)
}

async function saySeen(review, counted) {
  if (main.dataset.state !== 'open') return
  if (document.visibilityState === 'visible' && document.hasFocus())
    try {
      const { in_view_ms } = await ask('POST', `/reviews/${review}/view`)
      counted.textContent = `${Math.floor(in_view_ms / 1000)} s`
    } catch (error) {
      if (main.dataset.state === 'open') end(endOf(error))
      return
    }
  if (main.dataset.state === 'open') look(review, counted)
}

async function decide({ output, rp_id, credential_ids, subject, review }, { buttons, notice }) {
  busy(buttons, true)
  notice.hidden = true
  try {
    await ask('POST', `/reviews/${review}/view`)
    const { attestation, statement, act } = await ask('POST', `/outputs/${output.id}/attestations`)
    if (!(await isOf(statement, act, { output, subject }))) return end('mismatch')
    const challenge = await challengeOf('act' in act ? TAGS.attest : TAGS.approve, act)
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
    const { outcome } = await ask('POST', `/attestations/${attestation}/seal`, {
      client_data: toBase64url(clientDataJSON),
      authenticator_data: toBase64url(authenticatorData),
      signature: toBase64url(signature),
    })
    return end(outcome === 'seed' ? 'missed' : outcome)
  } catch (error) {
    if (OWN.has(error.code) || error.code === 'STATE_CONFLICT') return end(endOf(error))
    notice.textContent = faultOf(error)
    notice.hidden = false
    busy(buttons, false)
    main.dataset.state = 'open'
  }
}

/** Whether the act is over this statement, and the statement about what is shown (ATT-6). */
async function isOf(statement, act, { output, subject }) {
  const { act: _, gesture: __, ...predicate } = statement.predicate
  const digest = await challengeOf(STATEMENT_TAG, { ...statement, predicate })
  return (
    act.statement === digest &&
    predicate.output.id === output.id &&
    canonicalize(statement.subject) === canonicalize(subject) &&
    ('act' in act ? act.output === output.id : act.decision === 'approve')
  )
}

async function turnDown({ review }, { buttons, notice }) {
  busy(buttons, true)
  try {
    const { seed } = await ask('POST', `/reviews/${review}/refuse`)
    return end(seed ? 'caught' : 'refused')
  } catch (error) {
    notice.textContent = faultOf(error)
    notice.hidden = false
    busy(buttons, false)
  }
}

function busy(buttons, isBusy) {
  for (const button of buttons.children) button.disabled = isBusy
}

async function waiting() {
  let answer
  try {
    answer = await ask('GET', '/outputs?waiting=true')
  } catch (error) {
    return end(endOf(error))
  }
  const { outputs, names, log } = answer
  document.getElementById('simulated').hidden = !log.simulated
  const ids = outputs.map(({ id }) => id).join()
  if (main.dataset.state !== 'list' || main.dataset.items !== ids) {
    main.dataset.items = ids
    document.title = 'Outputs that wait'
    const items = outputs.map((each) => {
      const maker = each.agent ?? each.registrar
      const who = names[maker] ?? maker
      const since = new Date(each.registered).toLocaleString()
      const button = element(
        'button',
        {},
        element('strong', {}, ...seen(each.kind.replaceAll('_', ' '))),
        element('span', {}, ...seen(`${who}: ${stateOf(each, Date.now())}, since ${since}`)),
      )
      button.addEventListener('click', () => void open(each.id))
      return element('li', {}, button)
    })
    const text =
      outputs.length === 0
        ? 'Nothing waits for you. What agents want to send shows here as it comes.'
        : 'Each waits until somebody has looked at it.'
    show(
      'list',
      heading('Outputs that wait for a person'),
      element('p', { textContent: text }),
      ...(items.length === 0 ? [] : [element('ul', { className: 'waiting' }, ...items)]),
    )
  }
  timer = setTimeout(() => main.dataset.state === 'list' && void waiting(), LIST_EVERY_MS)
}

document.addEventListener('keydown', (event) => {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat
  if (isPlain && Object.hasOwn(keys, event.key)) keys[event.key]()
})

const given = location.hash.slice(1)
history.replaceState(null, '', '/review')
if (given.startsWith('out_')) await open(given)
else await waiting()
