/** Requests of an auditor with their answers, and comments. spec/preview.md (PRV-11, PRV-12). @module */
import { ask } from './preview-ask.js'
import { button, element, part, seen, soft, words } from './preview-parts.js'

const WORDS_MAX = 4000

function nameOf(about) {
  return about === null ? 'In general' : `${about.kind} ${about.id}`
}

/** To what it is about, where that is a view of its own. */
function aboutLink(about, to) {
  const title = element('h3')
  const isView = about !== null && ['test', 'population', 'action', 'entry'].includes(about.kind)
  title.append(
    ...(isView ? [button(nameOf(about), 'link', to.go(about.kind, about.id))] : seen(nameOf(about))),
  )
  return title
}

function form(label, name, to, send) {
  const text = element('textarea', { rows: 3, maxLength: WORDS_MAX, id: `words-${name}` })
  const act = to.press(label, 'approve', async () => {
    if (text.value.trim() === '') throw new Error('say it in words first')
    await send(text.value.trim())
    await to.again()
  })
  const title = element('label', { textContent: 'In your own words', htmlFor: text.id })
  return element('form', {}, title, text, element('div', { className: 'buttons' }, act))
}

export async function requestsView({ criteria }, to) {
  const { requests } = await ask('GET', '/requests')
  const about = element('select', { id: 'about' })
  about.append(
    element('option', { value: '', textContent: 'In general' }),
    ...criteria.map(({ id, title }) => element('option', { value: id, textContent: `${id}: ${title}` })),
  )
  const cards = requests.map(({ request, about: on, opened, text, outcome, answer, person, answered }) =>
    element(
      'div',
      { className: 'card' },
      aboutLink(on, to),
      element('span', {
        className: outcome === 'provided' ? 'state good' : 'state',
        textContent: outcome ?? 'waits',
      }),
      soft(`${request}, asked at ${opened}`),
      words(text),
      ...(outcome === null ? [] : [soft(`Answered by ${person} at ${answered}`), words(answer)]),
    ),
  )
  const send = (text) =>
    ask('POST', '/requests', {
      about: about.value === '' ? null : { kind: 'criterion', id: about.value },
      text,
    })
  return [
    part(
      'Ask for evidence',
      element('label', { textContent: 'About', htmlFor: 'about' }),
      about,
      form('Ask', 'request', to, send),
    ),
    part('What you asked for', ...(cards.length === 0 ? [soft('Nothing yet.')] : cards)),
  ]
}

export async function commentsView(_world, to) {
  const { comments } = await ask('GET', '/comments')
  const cards = comments.map(({ about, person, time, text }) =>
    element(
      'div',
      { className: 'card' },
      aboutLink(about, to),
      soft(`${person ?? 'You'} at ${time}`),
      words(text),
    ),
  )
  return [part('Comments', ...(cards.length === 0 ? [soft('Nobody said anything yet.')] : cards))]
}

/** Under whatever is looked at: ask for more of it, or comment on it. */
export function talkAbout(about, to) {
  const said = element(
    'details',
    {},
    element('summary', { textContent: 'Ask for more, or comment' }),
    form('Comment', 'comment', to, (text) => ask('POST', '/comments', { about, text })),
    form('Ask for evidence', 'ask', to, (text) => ask('POST', '/requests', { about, text })),
  )
  return element('section', {}, said)
}
