/**
 * An auditor's preview: come in by an invitation or a passkey, look by criterion, read rows and stories, ask, take away.
 * Whatever comes from the log or from people is text, and nothing in it is unseen. spec/preview.md.
 * @module
 */
import { ask, fetchFile } from './preview-ask.js'
import { actionView, criteriaView, entryView, populationView, testView } from './preview-views.js'
import { commentsView, requestsView } from './preview-talk.js'
import { button, element, lines, part, soft } from './preview-parts.js'
import { createPasskey, signWith } from './subject-passkey.js'

const main = document.getElementById('main')
const say = element('p', { className: 'notice', hidden: true })
say.setAttribute('role', 'alert')
/** What `/v1/preview` answered last. */
let world = null

function show(state, ...children) {
  main.dataset.state = state
  main.replaceChildren(...children)
}

function heading(text) {
  return element('h1', { textContent: text, tabIndex: -1 })
}

/** One thing at a time, and whatever goes wrong is said where people look. */
async function run(node, act) {
  say.hidden = true
  node.disabled = true
  try {
    await act()
  } catch (error) {
    if (error.status === 401) return door('Your session is over.')
    if (isOver(error)) return over(error)
    say.textContent = faultOf(error)
    say.hidden = false
    say.scrollIntoView({ block: 'nearest' })
  } finally {
    node.disabled = false
  }
}

const press = (text, className, act) => button(text, className, (node) => void run(node, act))

function isOver({ code }) {
  return code === 'PREVIEW_EXPIRED' || code === 'PREVIEW_REVOKED'
}

function faultOf(error) {
  if (error.name === 'NotAllowedError')
    return 'Your passkey did not answer: it is not on this device, or it was cancelled.'
  if (error.name === 'InvalidStateError') return 'This device has a passkey for this already.'
  return `That did not work: ${error.message}.`
}

function over({ code }) {
  const [title, why] =
    code === 'PREVIEW_EXPIRED'
      ? ['This preview is over', 'The time that it was granted for has come.']
      : ['This preview was ended', 'The company has revoked it.']
  document.title = title
  show(
    'over',
    heading(title),
    element('p', { textContent: why }),
    soft('Nothing more is shown. Ask the company for another one.'),
  )
}

/** Nobody is in. */
function door(why) {
  document.title = "Auditor's preview"
  const enter = press('Sign in with passkey', 'approve', async () => {
    const { place, challenge } = await ask('POST', '/challenge', {})
    const { credential_id, gesture } = await signWith(place, challenge, null)
    await ask('POST', '/sign-in', { challenge, credential_id, gesture })
    await open()
  })
  const isAble = window.PublicKeyCredential !== undefined
  show(
    'door',
    heading("Auditor's preview"),
    element('p', { textContent: why }),
    soft(
      'Sign in with the passkey that you made here, or ask the company for an invitation. It is good once.',
    ),
    say,
    element('div', { className: 'buttons' }, ...(isAble ? [enter] : [])),
  )
}

/** An invitation shows nothing: it registers a passkey, and that shows. */
function welcome(secret, { place, challenge, preview }) {
  document.getElementById('simulated').hidden = !place.simulated
  const make = press('Create passkey', 'approve', async () => {
    const credential = await createPasskey(place, challenge, preview)
    await ask('POST', '/enrol', { secret, credential })
    await open()
  })
  show(
    'welcome',
    heading("Auditor's preview"),
    element('p', {
      textContent: `You are invited to look at evidence of ${place.origin}. From now on the passkey that you make here lets you in, and nothing else does.`,
    }),
    soft(
      'Everything that you look at is recorded in the log, before you see it. You can look, ask and comment, and change nothing.',
    ),
    say,
    element('div', { className: 'buttons' }, make),
  )
}

async function open() {
  world = await ask('GET', '')
  await go('criteria')
}

const VIEWS = {
  criteria: ['By criterion', (to) => criteriaView(world, to)],
  requests: ['Requests', (to) => requestsView(world, to)],
  comments: ['Comments', (to) => commentsView(world, to)],
}
const DEEP = { test: testView, population: populationView, action: actionView, entry: entryView }

/** @param id of a deep view */
async function go(view, id, from) {
  const to = {
    go:
      (...where) =>
      (node) =>
        void run(node, () => go(...where)),
    press,
    again: () => go(view, id, from),
  }
  const content = view in DEEP ? await DEEP[view](id, from ?? 0, to) : await VIEWS[view][1](to)
  const title = heading(view in DEEP ? `${view[0].toUpperCase()}${view.slice(1)} ${id}` : VIEWS[view][0])
  const { tree } = world
  document.title = `${title.textContent}: auditor's preview`
  document.getElementById('simulated').hidden = !tree.simulated
  show('open', header(), say, menu(view), title, ...content, footer())
  title.focus()
}

function header() {
  const { grant, tree } = world
  const facts = [
    ['Log', [tree.origin]],
    ['Period', [`${tree.period.from} to ${tree.period.to}`]],
    ['As of', [`${tree.time}, ${tree.end} entries, root ${tree.root}`]],
    [
      'Verified',
      [
        tree.integrity
          ? element('span', { className: 'state good', textContent: 'the pack of this tree verifies' })
          : element('span', { className: 'state bad', textContent: `${tree.faults_n} things do not hold` }),
      ],
    ],
    ['You', [`${grant.auditor ?? 'erased'}, ${grant.firm ?? 'erased'}, until ${grant.expires}`]],
  ]
  return element(
    'header',
    {},
    element('p', { className: 'soft', textContent: "Auditor's preview" }),
    element('div', { className: 'facts' }, lines(facts)),
    ...(tree.interim
      ? [
          element('p', {
            className: 'interim',
            textContent: 'Interim: the period is not over, and what is shown may change.',
          }),
        ]
      : []),
  )
}

function menu(current) {
  const items = Object.entries(VIEWS).map(([view, [name]]) => {
    const node = press(name, '', () => go(view))
    if (view === current) node.setAttribute('aria-current', 'page')
    return node
  })
  const take = press('Take an extract', '', () => fetchFile('/export', `${world.grant.preview}.zip`))
  const leave = press('Sign out', '', async () => {
    await ask('POST', '/sign-out', {})
    door('You are signed out.')
  })
  const nav = element('nav', {}, ...items, take, leave)
  nav.setAttribute('aria-label', 'Preview')
  return nav
}

function footer() {
  return element(
    'footer',
    {},
    soft(
      'Results are management’s, and the opinion is yours: nothing here concludes. Nobody has endorsed the format.',
    ),
    part(
      'Not checked',
      element('ul', {}, ...world.not_checked.map((text) => element('li', { textContent: text }))),
    ),
  )
}

const secret = location.hash.slice(1)
// Not in the history: the invitation is for one person, once.
history.replaceState(null, '', '/preview')
try {
  if (secret !== '') welcome(secret, await ask('POST', '/enrol/challenge', { secret }))
  else await open()
} catch (error) {
  if (error.code === 'SECRET_INVALID')
    door('This invitation was used, replaced, or is older than three days.')
  else if (isOver(error)) over(error)
  else if (error.status === 401) door('You are not signed in.')
  else door(`The server did not answer as it should: ${error.message}.`)
}
