/**
 * The screens of a consent, each for one step that the control plane says. spec/oauth.md (OAU-10 to OAU-13).
 * A screen is `{title, lead, body: Node[], buttons: [{words, act, kind?}]}`; what the buttons do is in consent.js.
 * @module
 */
import { chosenGrants, timesUpTo } from './consent-choices.js'
import { element, rowList, section } from './element.js'
import { grantRows } from './grants.js'
import { row } from './plain.js'
import { fromBase64url } from './shown.js'
import { viewOf } from './words.js'

const DECLINE = { words: 'Decline', act: 'decline' }

export const SCREENS = {
  sign_in: signIn,
  unendorsed: (view) => ({
    title: 'Your passkey does not count yet',
    lead: `${view.person.name}, somebody who is endorsed has to vouch for it first.`,
    body: [command(`countersign person endorse ${view.person.id}`), asks(view)],
    buttons: [{ words: 'Go back', act: 'decline' }],
    polls: true,
  }),
  agent_new: (view) => ({
    title: `${view.client.name} is new here`,
    lead: `${view.person.name}, this program has to be registered as an agent of yours before it may do anything.`,
    body: [
      asks(view),
      element('p', {
        className: 'from',
        textContent:
          'You propose it and answer for it. Nothing is allowed by that yet; what it may do, you say afterwards.',
      }),
    ],
    buttons: [{ words: 'Propose this agent', act: 'propose', kind: 'approve' }, DECLINE],
  }),
  agent_proposed: (view) => (view.approval ? approveAlone(view) : waitForApprover(view)),
  agent_suspended: (view) => ({
    title: `${view.agent.name} is suspended`,
    lead: 'Somebody stopped this agent. It may do nothing until it is activated again.',
    body: [command(`countersign agent activate ${view.agent.id}`), asks(view)],
    buttons: [{ words: 'Go back', act: 'decline' }],
  }),
  choose,
  sign: signRoot,
  waiting: (view) => ({
    title: 'Others have to sign too',
    lead: `You have signed. ${missing(view)} This page goes on by itself once they have.`,
    body: [
      element('p', { className: 'from pulse', textContent: 'Waiting for:' }),
      rowList(view.draft.waits_for.map((id) => row('Approver', [view.names[id] ?? id], id))),
      command('countersign delegation approve ' + view.draft.shown.value.payload.jti),
      section(terms(view)),
    ],
    buttons: [{ words: 'Take it back', act: 'decline' }],
    polls: true,
  }),
}

function missing({ draft: { missing: n } }) {
  return n === 1 ? 'One more signature is needed.' : `${n} more signatures are needed.`
}

function signIn(view) {
  return {
    title: `${view.client.name} wants to use ${view.resource.server}`,
    lead: 'Sign in with your passkey to see what it asks for, and to say what it may do. Signing in allows nothing.',
    body: [asks(view), exact({ tag: 'countersign-act-v1', value: view.sign_in })],
    buttons: [{ words: 'Sign in with passkey', act: 'sign-in', kind: 'approve' }, DECLINE],
  }
}

/** Who asks, and what of that is known. */
function asks(view) {
  const { client, resource } = view
  const where = client.goes_to === null ? 'A program on your own computer' : `The web site ${client.goes_to}`
  const known =
    client.host === null
      ? 'It registered itself. Its name is its own word: go on only if you have just started it.'
      : `It is the one that ${client.host} publishes.`
  return section({
    heading: 'Who asks',
    rows: [
      row('Program', [client.name], client.id),
      row('Known by', [known]),
      row('The answer goes to', [where]),
      row('To use', [`${resource.server}, at ${hostOf(resource.url)}`], resource.url),
    ],
  })
}

function hostOf(url) {
  return new URL(url).host
}

function command(text) {
  return element('code', { className: 'command', textContent: text })
}

function waitForApprover(view) {
  return {
    title: 'Somebody else has to approve it',
    lead: `${view.person.name}, you proposed ${view.agent.name}. Who proposes an agent does not approve it here: ask another person who is enrolled. This page goes on by itself.`,
    body: [
      element('p', { className: 'from pulse', textContent: 'Waiting. They run:' }),
      command(`countersign agent approve ${view.agent.id}`),
      asks(view),
    ],
    buttons: [{ words: 'Stop waiting', act: 'decline' }],
    polls: true,
  }
}

function approveAlone(view) {
  const { shown } = view.approval
  const { sections } = viewOf({ kind: 'gesture', shown, names: view.names, person: view.person, entry: null })
  return {
    title: `Approve ${view.agent.name}`,
    lead: 'You proposed this agent, and you may approve it yourself. The log says for ever that you acted alone.',
    body: [asks(view), ...sections.map(section), exact(shown)],
    buttons: [{ words: 'Approve with passkey', act: 'approve', kind: 'approve' }, DECLINE],
  }
}

function choose(view) {
  const { grants, asked, ttl_s, ttl_s_max, can_ask } = view.proposal
  if (grants.length === 0) return nothingToAllow(view)
  const cards = grants.map((grant) => card(grant, { isTicked: asked, can_ask }))
  const times = element('select', { id: 'ttl' })
  for (const { seconds, words } of timesUpTo(ttl_s_max))
    times.append(new Option(words, seconds, seconds === ttl_s, seconds === ttl_s))
  const tally = element('p', { className: 'tally', id: 'tally' })
  const read = () => ({
    grants: chosenGrants(
      grants,
      cards.map((each) => each.read()),
    ),
    ttl_s: Number(times.value),
  })
  const note = asked
    ? 'It asks for this. Take away what it does not need.'
    : 'It did not say what it needs. These are the tools there are: tick those that it may call.'
  return {
    title: `What may ${view.client.name} do?`,
    lead: `${view.person.name}, it would act in your name, and everything it does is recorded.`,
    body: [
      asks(view),
      ...cards.map(({ node }, i) =>
        element(
          'section',
          {},
          element('h2', { textContent: i === 0 ? 'What it may do' : 'And' }),
          ...(i === 0 ? [element('p', { className: 'soft', textContent: note })] : []),
          node,
        ),
      ),
      element(
        'section',
        {},
        element('h2', {}, element('label', { htmlFor: 'ttl', textContent: 'For how long' })),
        times,
      ),
    ],
    before: [tally],
    buttons: [{ words: 'Continue', act: 'draft', kind: 'approve', read }, DECLINE],
    watch: (buttons) => {
      const count = read().grants.reduce((sum, { actions }) => sum + actions.length, 0)
      const isFit = cards.every((each) => each.isFit())
      buttons[0].disabled = count === 0 || !isFit
      tally.textContent = !isFit
        ? 'A number of calls is a whole number, one or more.'
        : count === 0
          ? 'Tick at least one tool to go on.'
          : `${count} ${count === 1 ? 'tool' : 'tools'}. On the next page you read all of it once more, and sign.`
    },
  }
}

function nothingToAllow(view) {
  return {
    title: 'There is nothing to allow',
    lead: `No tool of ${view.resource.server} is registered here, or the template of ${view.agent.class} allows none of them.`,
    body: [command('countersign tool register'), asks(view)],
    buttons: [{ words: 'Go back', act: 'decline' }],
  }
}

/** One grant: its tools to tick, what it says besides, and what a person may add. */
function card(grant, { isTicked, can_ask }) {
  const boxes = grant.actions.map((name) =>
    element('input', { type: 'checkbox', checked: isTicked, value: name }),
  )
  const tools = element(
    'ul',
    { className: 'tools' },
    ...boxes.map((box) => element('li', {}, element('label', {}, box, toolName(box.value)))),
  )
  const { actions: _, server: __, ...rest } = grant
  const rows = grantRows({ ...rest, actions: [], server: '' }).filter(
    ({ label, lines }) => lines.length > 0 && label !== 'Server' && label !== 'Tools',
  )
  const per_day = element('input', { type: 'number', min: 1, step: 1, max: 1_000_000, inputMode: 'numeric' })
  const ask = element('input', { type: 'checkbox' })
  const more = element(
    'div',
    { className: 'more' },
    element('label', {}, 'At most ', per_day, ' calls a day'),
    ...(can_ask ? [element('label', {}, ask, 'Another person approves each call')] : []),
  )
  return {
    node: element('div', { className: 'card' }, tools, rowList(rows), more),
    isFit: () => per_day.checkValidity(),
    read: () => ({
      actions: boxes.filter((box) => box.checked).map((box) => box.value),
      per_day: per_day.value === '' ? null : per_day.valueAsNumber,
      ask: ask.checked,
    }),
  }
}

function toolName(name) {
  return name === '*'
    ? element('span', {
        className: 'every',
        textContent: 'Every tool of this server, also those that come later',
      })
    : element('span', { textContent: name })
}

function signRoot(view) {
  const { shown } = view.draft
  const { title, lead, sections } = rootOf(view)
  return {
    title,
    lead,
    body: [...sections.map(section), asks(view), exact(shown)],
    buttons: [
      { words: 'Approve with passkey', act: 'seal', kind: 'approve' },
      { words: 'Change', act: 'redraft' },
      DECLINE,
    ],
  }
}

function rootOf({ draft, names, person }) {
  return viewOf({ kind: 'gesture', shown: draft.shown, names, person, entry: null })
}

function terms(view) {
  return rootOf(view).sections.at(-1)
}

/** Every member, as it is. */
export function exact(shown) {
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
  )
}
