/** The script of the live page, plain JavaScript. It sets text and never markup. @module */
import { LIVE_WORDS } from './live-words.ts'

export const LIVE_SCRIPT = `
'use strict'
const ROWS_MAX = 500
const byId = (id) => document.getElementById(id)
const script = byId('live')
history.replaceState(null, '', '/live')

function element(name, className, text) {
  const node = document.createElement(name)
  node.className = className
  if (text !== undefined) node.textContent = text
  return node
}
const short = (text) => String(text ?? '').slice(0, 12) + '…'
/** An identifier by its kind and its end: those made together begin alike. */
const tail = (id) => /^[a-z]+_.{26}$/.test(id) ? id.slice(0, 4) + '…' + id.slice(-6) : id.length > 24 ? short(id) : id

${LIVE_WORDS}
function badgeOf(entry) {
  const b = entry.body
  if (entry.type === 'receipt' && b.kind === 'decision') return [b.decision, b.decision]
  if (entry.type === 'alert.raised') return ['alert', b.rule]
  if (kindOf(entry) === 'revocation') return ['deny', 'revoked']
  if (entry.type === 'kill.pulled') return ['deny', 'killed']
  if (entry.type === 'kill.lifted') return ['allow', 'lifted']
  return null
}

const ALARMS = new Set(['revocation', 'alert.raised', 'kill.pulled', 'kill.lifted', 'drill.started', 'drill.closed', 'topup.requested'])
/** Which choices of the filter show a row. */
function shownBy(entry) {
  const kind = kindOf(entry)
  if (kind === 'decision') return entry.body.decision === 'allow' ? 'decisions' : 'decisions denials'
  if (ALARMS.has(kind)) return 'alarms'
  return SOFT.has(kind) ? '' : 'changes'
}

function rowOf(index, entry) {
  const row = element('details', SOFT.has(kindOf(entry)) ? 'soft' : '')
  row.setAttribute('role', 'listitem')
  row.dataset.in = shownBy(entry)
  const head = element('summary', '')
  head.append(element('span', 'index', '#' + index))
  const time = element('time', '', entry.time.slice(11, 19))
  time.dateTime = entry.time
  time.title = entry.time
  head.append(time, element('span', 'type', labelOf(entry)))
  const what = element('span', 'what')
  const badge = badgeOf(entry)
  if (badge) what.append(element('span', 'badge ' + badge[0], badge[1]))
  what.append(summaryOf(entry))
  const other = entry.subject && entry.subject !== entry.actor.id ? entry.subject : ''
  const who = element('span', 'who', tail(entry.actor.id) + (other ? ' → ' + tail(other) : ''))
  who.title = entry.actor.kind + ' ' + entry.actor.id + (other ? ' → ' + other : '')
  head.append(what, who)
  row.append(head)
  row.addEventListener('toggle', () => {
    if (row.open && row.childElementCount === 1) row.append(element('pre', '', JSON.stringify(entry, null, 2)))
  })
  return row
}

/** Says so when the filter leaves nothing over. */
function none() {
  const { show } = rows.dataset
  const found = show === 'all' || rows.querySelector('[data-in~="' + show + '"]') !== null
  byId('none').hidden = found
  rows.hidden = !found
}
byId('show').addEventListener('change', (event) => {
  rows.dataset.show = event.target.value
  none()
})

const rows = byId('rows')
function show(index, entry) {
  rows.prepend(rowOf(index, entry))
  byId('empty').hidden = true
  if (rows.dataset.show !== 'all') none()
  byId('size').textContent = (index + 1).toLocaleString('en')
  while (rows.childElementCount > ROWS_MAX) {
    rows.lastElementChild.remove()
    byId('capped').hidden = false
  }
}

/** Kills in force: those of when the page was made, and what was pulled and lifted since. */
const KILLS_SHOWN = 5
const inForce = new Map(JSON.parse(script.dataset.kills).map((kill) => [kill.id, kill]))
function switched({ type, body }) {
  if (type === 'kill.pulled') inForce.set(body.statement.kill.id, body.statement.kill)
  else if (type === 'kill.lifted') for (const kill of body.statement.lift.kills) inForce.delete(kill)
  else return
  killed()
}
function killed() {
  byId('killed').hidden = inForce.size === 0
  const lines = [...inForce.values()].slice(-KILLS_SHOWN).reverse().map(({ id, scope, reason, t }) => {
    const line = element('li', '')
    line.append(element('strong', '', scopeOf(scope)), ' since ' + new Date(t).toISOString().slice(0, 19) + 'Z, ' + reason + ' ', element('code', '', id))
    return line
  })
  if (inForce.size > KILLS_SHOWN) lines.push(element('li', '', 'and ' + (inForce.size - KILLS_SHOWN) + ' more: countersign kill list'))
  byId('kills').replaceChildren(...lines)
}
killed()

let refresh = 0
async function checkpoint() {
  refresh = 0
  const answer = await fetch('/log/checkpoint', { cache: 'no-store' })
  if (!answer.ok) return
  const lines = (await answer.text()).split('\\n')
  byId('root').textContent = short(lines[2]) + ' at ' + Number(lines[1]).toLocaleString('en')
  byId('root').title = lines[2]
}
const checkpointSoon = () => { refresh ||= setTimeout(() => checkpoint().catch(() => {}), 500) }

function connection(state) {
  byId('connection').textContent = state
  byId('connection').dataset.state = state
  byId('lost').hidden = state === 'live'
}
const source = new EventSource('/v1/entries/stream?after=' + script.dataset.after)
source.addEventListener('open', () => { connection('live'); checkpointSoon() })
source.addEventListener('error', () => {
  const ended = source.readyState === EventSource.CLOSED
  connection(ended ? 'ended' : 'lost')
  if (ended) byId('lost').textContent = 'The session has ended. Ask for a new link: countersign live'
})
source.addEventListener('entry', (event) => {
  const { index, entry } = JSON.parse(event.data)
  show(index, entry)
  switched(entry)
  checkpointSoon()
})
`
