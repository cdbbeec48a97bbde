/**
 * A data subject's own page: what they consented to, who used it when for what; give, withdraw, ask. Withdrawing is one
 * press; giving asks the passkey over exactly what is shown. spec/consent.md (CNS-15, CNS-29, CNS-30).
 * @module
 */
import { element } from './element.js'
import { createPasskey, signWith } from './subject-passkey.js'
import { objections, soft, uses } from './subject-record.js'
import { canonicalize, challengeOf } from './shown.js'
import { dayOf, KINDS, lawOf, nameOf, STATES, timeOf } from './subject-words.js'

const TAG = 'countersign-act-v1'
const CONSENT_DAYS = 365

const main = document.getElementById('main')
const say = element('p', { className: 'notice', hidden: true })
say.setAttribute('role', 'alert')

async function ask(method, path, body) {
  const response = await fetch(`/v1/subject${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw Object.assign(new Error(answer.error.message), { code: answer.error.code, status: response.status })
}

function show(state, ...children) {
  main.dataset.state = state
  main.replaceChildren(...children)
}

function heading(text) {
  return element('h1', { textContent: text, tabIndex: -1 })
}

function button(text, className, act) {
  const node = element('button', { type: 'button', textContent: text, className })
  node.addEventListener('click', () => void run(node, act))
  return node
}

/** One thing at a time, and whatever goes wrong is said where people look. */
async function run(node, act) {
  say.hidden = true
  node.disabled = true
  try {
    await act()
  } catch (error) {
    if (error.status === 401) return door('Your session is over.')
    say.textContent = faultOf(error)
    say.hidden = false
    say.scrollIntoView({ block: 'nearest' })
  } finally {
    node.disabled = false
  }
}

function faultOf(error) {
  if (error.name === 'NotAllowedError')
    return 'Your passkey did not answer: it is not on this device, or it was cancelled. Nothing was changed.'
  if (error.name === 'InvalidStateError') return 'This device has a passkey for this already.'
  return `Nothing was changed: ${error.message}.`
}

/** Nobody is in: by a passkey, or by a link that whoever holds the data sends. */
function door(why) {
  document.title = 'Your data'
  const enter = button('Sign in with passkey', 'approve', async () => {
    const { place, challenge } = await ask('POST', '/challenge', {})
    const { credential_id, gesture } = await signWith(place, challenge, null)
    await ask('POST', '/sign-in', { challenge, credential_id, gesture })
    await open()
  })
  show(
    'door',
    heading('Your data'),
    element('p', { textContent: why }),
    element('p', {
      className: 'soft',
      textContent: 'Sign in with the passkey that you made here, or ask for a new link. A link is good once.',
    }),
    say,
    element('div', { className: 'buttons' }, ...(window.PublicKeyCredential === undefined ? [] : [enter])),
  )
}

async function open() {
  const { place, subject, notices, credential_id, through } = await ask('GET', '')
  document.getElementById('simulated').hidden = !place.simulated
  document.title = 'Your data'
  const world = { place, subject, notices, credential_id }
  if (through !== null) return openThrough(world)
  show(
    'open',
    element(
      'header',
      {},
      heading('Your data'),
      element('p', {
        textContent: 'What you agreed to, who used it when and for what, and what you can do about it.',
      }),
      say,
    ),
    part('What you agreed to', ...given(world)),
    part('What you can agree to', ...offers(world)),
    part('Who used your data', uses(subject)),
    part('What you object to', ...objections(subject)),
    part('What you asked for', ...requests(subject)),
    part('Ask for something', form()),
    part('Yours to keep', ...keeping(world)),
  )
}

/** By the link of a consent manager, which sees no more of its subject than this. */
function openThrough(world) {
  const lead = 'What you agreed to through the consent manager that sent you this link. For all else ask'
  show(
    'open',
    heading('Your data'),
    element('p', { textContent: `${lead} whoever holds your data for a link of their own.` }),
    say,
    part('What you agreed to', ...given(world)),
  )
}

function part(title, ...children) {
  return element('section', {}, element('h2', { textContent: title }), ...children)
}

function words(text) {
  return element(
    'details',
    {},
    element('summary', { textContent: 'The words of the notice' }),
    element('p', { className: 'words', textContent: text ?? 'Its text is not here any more: ask for it.' }),
  )
}

function given({ subject }) {
  if (subject.consents.length === 0) return [soft('Nothing.')]
  return subject.consents.toReversed().map((consent) => {
    const { id, record, state, notice, withdrawn, asserted } = consent
    const isLive = state === 'live'
    const withdraw = (purposes) => async () => {
      await ask('POST', '/withdraw', { consent: id, purposes })
      await open()
    }
    const each = record.purposes.map((purpose) => {
      const isOver = !isLive || withdrawn.includes(purpose)
      const name = element('span', { textContent: nameOf(purpose), className: isOver ? 'ended' : '' })
      const stop = button('Withdraw', 'small withdraw', withdraw([purpose]))
      return element('li', {}, name, ...(isOver || record.purposes.length === 1 ? [] : [stop]))
    })
    return element(
      'div',
      { className: 'card' },
      element('h3', { textContent: `${notice.name}, ${notice.controller}` }),
      element('span', { className: isLive ? 'state live' : 'state', textContent: STATES[state] }),
      soft(
        `Given on ${timeOf(record.given_at * 1000)}, until ${dayOf(record.expires * 1000)}. Data: ${record.categories.map(nameOf).join(', ')}.` +
          (asserted ? ' Taken over from another system, whose word it is that you agreed.' : ''),
      ),
      element('ul', { className: 'purposes' }, ...each),
      words(consent.text),
      ...(isLive
        ? [element('div', { className: 'buttons' }, button('Withdraw all of it', 'withdraw', withdraw(null)))]
        : []),
    )
  })
}

function offers(world) {
  const { notices, credential_id } = world
  if (notices.length === 0) return [soft('Nothing is offered.')]
  if (credential_id === null)
    return [
      soft('To agree to something you sign it with a passkey, so that nobody can say so in your place.'),
      element(
        'div',
        { className: 'buttons' },
        button('Create passkey', 'approve', () => register(world)),
      ),
    ]
  return notices.map((offer) => {
    const { notice, text } = offer
    const boxes = notice.purposes.map((purpose) => element('input', { type: 'checkbox', value: purpose }))
    const rows = boxes.map((box) => element('li', {}, element('label', {}, box, nameOf(box.value))))
    const give = button('Agree with passkey', 'approve', () =>
      agree(
        world,
        offer,
        boxes.filter((box) => box.checked).map((box) => box.value),
      ),
    )
    return element(
      'div',
      { className: 'card' },
      element('h3', { textContent: `${notice.name}, ${notice.controller}` }),
      soft(`Version ${notice.version}. Data: ${notice.categories.map(nameOf).join(', ')}. ${lawOf(notice)}`),
      element('ul', { className: 'purposes' }, ...rows),
      words(text),
      element('div', { className: 'buttons' }, give),
    )
  })
}

async function register({ place }) {
  const { challenge, subject } = await ask('POST', '/passkey/challenge', {})
  await ask('POST', '/passkey', { credential: await createPasskey(place, challenge, subject) })
  await open()
}

/** What is signed is the record: it has to say what was ticked, and be what the challenge is of. */
async function agree({ place, credential_id }, { id, notice }, purposes) {
  if (purposes.length === 0) throw new Error('tick what you agree to')
  const wanted = { notice: id, purposes, days: CONSENT_DAYS, explicit: true }
  const { record, challenge } = await ask('POST', '/consents/draft', wanted)
  const isShown =
    record.notice === id &&
    canonicalize(record.purposes) === canonicalize(purposes) &&
    canonicalize(record.categories) === canonicalize(notice.categories) &&
    (await challengeOf(TAG, { act: 'consent.give', record })) === challenge
  if (!isShown) throw new Error('what you would sign is not what is shown here. Tell whoever runs this')
  const { gesture } = await signWith(place, challenge, credential_id)
  await ask('POST', '/consents', { record, gesture })
  await open()
}

function requests({ requests: made }) {
  if (made.length === 0) return [soft('Nothing.')]
  return made.map(({ kind, status, due, late, outcome, text, answer }) =>
    element(
      'div',
      { className: 'card' },
      element('h3', { textContent: KINDS[kind] }),
      element('span', {
        className: late ? 'state late' : 'state',
        textContent: status === 'open' ? `${late ? 'was due' : 'due'} on ${dayOf(due)}` : outcome,
      }),
      soft(text ?? ''),
      ...(answer === null ? [] : [element('p', { className: 'words', textContent: answer })]),
    ),
  )
}

function form() {
  const kind = element('select', { ariaLabel: 'What you ask for' })
  kind.append(
    ...Object.entries(KINDS).map(([value, textContent]) => element('option', { value, textContent })),
  )
  const text = element('textarea', {
    rows: 3,
    maxLength: 2048,
    placeholder: 'In your own words',
    ariaLabel: 'In your own words',
  })
  const send = button('Send', 'approve', async () => {
    await ask('POST', '/requests', { kind: kind.value, text: text.value.trim() || KINDS[kind.value] })
    await open()
  })
  return element('form', {}, kind, text, element('div', { className: 'buttons' }, send))
}

function keeping(world) {
  const save = button('Download all of it', '', async () => {
    const all = new Blob([JSON.stringify(await ask('GET', '/export'), null, 2)], { type: 'application/json' })
    const link = element('a', { href: URL.createObjectURL(all), download: 'my-data.json' })
    link.click()
    URL.revokeObjectURL(link.href)
  })
  const renew = button('Replace passkey', '', () => register(world))
  const who = element(
    'p',
    { className: 'soft' },
    'You are known here as ',
    element('code', { textContent: world.subject.subject }),
  )
  return [
    who,
    element('div', { className: 'buttons' }, save, ...(world.credential_id === null ? [] : [renew])),
  ]
}

const secret = location.hash.slice(1)
// Not in the history: the link is for one person, once.
history.replaceState(null, '', '/subject')
try {
  if (secret !== '') await ask('POST', '/open', { secret })
  await open()
} catch (error) {
  if (error.code === 'SECRET_INVALID') door('This link was used, or is older than 15 minutes.')
  else if (error.status === 401) door('You are not signed in.')
  else door('The server did not answer as it should.')
}
