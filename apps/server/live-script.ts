/** The script of the live page, plain JavaScript. It sets text and never markup. @module */

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
const short = (text) => String(text ?? '').slice(0, 12)

function summaryOf(entry) {
  const b = entry.body
  switch (entry.type) {
    case 'log.created': return 'Log ' + b.origin + ', separation ' + b.separation
    case 'key.created': return 'Key for ' + b.use + ', ' + short(b.kid)
    case 'person.added': return 'A person was invited'
    case 'person.enrolled': return 'A person enrolled with a credential (' + b.credential.amr.join(', ') + ')'
    case 'system.added': return 'System ' + b.name
    case 'tool.registered': return b.server + ' / ' + b.tool
    case 'agent.proposed': return b.class + ': ' + b.purpose
    case 'agent.approved': return b.acted_alone ? 'Approved by the person who proposed it' : 'Approved by another person'
    case 'agent.activated': case 'agent.suspended': case 'agent.retired': return b.reason
    case 'agent.key_added': return 'A holder key was registered'
    case 'agent.statement_issued': return 'Statement for key ' + short(b.jkt)
    case 'point.enrolled': return 'Guards ' + b.server + ' (' + b.placement + ')'
    case 'point.epoch_opened': return 'Epoch ' + b.epoch + ' (' + b.reason + ')'
    case 'delegation.issued': return 'To ' + b.agent + ' until ' + new Date(b.exp * 1000).toISOString()
    case 'chain.segment': return 'Segment ' + short(b.id)
    case 'receipt': return b.kind === 'decision'
      ? b.server + ' / ' + b.tool + (b.reasons.length ? ': ' + b.reasons.join(', ') : '')
      : 'Outcome ' + b.outcome + ' of ' + b.action
    case 'receipt.head': return 'Spool head: epoch ' + b.head.epoch + ', ' + b.head.seq + ' receipts'
    case 'revocation': return 'Frame ' + b.frame.seq + ': ' + b.frame.kind + ' ' + b.frame.handle + ', ' + b.frame.reason
    case 'alert.raised': return Object.entries(b.detail).map(([k, v]) => k + ' ' + v).join(', ')
    default: return ''
  }
}

function badgeOf(entry) {
  const b = entry.body
  if (entry.type === 'receipt' && b.kind === 'decision') return [b.decision, b.decision]
  if (entry.type === 'alert.raised') return ['alert', b.rule]
  if (entry.type === 'revocation') return ['deny', 'revoked']
  return null
}

function rowOf(index, entry) {
  const row = element('details', '')
  row.setAttribute('role', 'listitem')
  const head = element('summary', '')
  head.append(element('span', 'index', '#' + index))
  const time = element('time', '', entry.time.slice(11, 19))
  time.dateTime = entry.time
  time.title = entry.time
  head.append(time, element('span', 'type', entry.type))
  const who = entry.actor.kind + ' ' + entry.actor.id + (entry.subject ? ' → ' + entry.subject : '')
  head.append(element('span', 'who', who))
  const what = element('span', 'what')
  const badge = badgeOf(entry)
  if (badge) what.append(element('span', 'badge ' + badge[0], badge[1]))
  what.append(summaryOf(entry))
  head.append(what)
  row.append(head)
  row.addEventListener('toggle', () => {
    if (row.open && row.childElementCount === 1) row.append(element('pre', '', JSON.stringify(entry, null, 2)))
  })
  return row
}

const rows = byId('rows')
function show(index, entry) {
  rows.prepend(rowOf(index, entry))
  byId('empty').hidden = true
  byId('size').textContent = (index + 1).toLocaleString('en')
  while (rows.childElementCount > ROWS_MAX) {
    rows.lastElementChild.remove()
    byId('capped').hidden = false
  }
}

let refresh = 0
async function checkpoint() {
  refresh = 0
  const answer = await fetch('/log/checkpoint', { cache: 'no-store' })
  if (!answer.ok) return
  const lines = (await answer.text()).split('\\n')
  byId('root').textContent = short(lines[2]) + '… at ' + Number(lines[1]).toLocaleString('en')
}
const checkpointSoon = () => { refresh ||= setTimeout(() => checkpoint().catch(() => {}), 500) }

function connection(state) {
  byId('connection').textContent = state
  byId('lost').hidden = state !== 'lost'
}
const source = new EventSource('/v1/entries/stream?after=' + script.dataset.after)
source.addEventListener('open', () => { connection('live'); checkpointSoon() })
source.addEventListener('error', () => {
  connection('lost')
  if (source.readyState === EventSource.CLOSED) byId('lost').textContent =
    'The session has ended. Ask for a new link: countersign live'
})
source.addEventListener('entry', (event) => {
  const { index, entry } = JSON.parse(event.data)
  show(index, entry)
  checkpointSoon()
})
`
