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
const short = (text) => String(text ?? '').slice(0, 12) + '…'
/** An identifier by its kind and its end: those made together begin alike. */
const tail = (id) => /^[a-z]+_.{26}$/.test(id) ? id.slice(0, 4) + '…' + id.slice(-6) : id.length > 24 ? short(id) : id

/** Types as people say them, and whether a row is shown softly. */
const LABELS = {
  'log.created': 'Log created', 'key.created': 'Key', 'person.added': 'Person invited', 'person.enrolled': 'Person enrolled',
  'person.endorsed': 'Person endorsed', 'person.left': 'Invitation ended', 'budget.reserved': 'Limits reserved',
  'restore.tested': 'Backup tested',
  'system.added': 'System', 'tool.registered': 'Tool registered', 'agent.proposed': 'Agent proposed',
  'agent.approved': 'Agent approved', 'agent.activated': 'Agent active', 'agent.suspended': 'Agent suspended',
  'agent.retired': 'Agent retired', 'agent.key_added': 'Holder key', 'agent.statement_issued': 'Agent statement',
  'version.proposed': 'Version proposed', 'version.approved': 'Version approved',
  'version.withdrawn': 'Version withdrawn', 'version.statement_issued': 'Version statement',
  'inventory.recorded': 'Inventory', 'inventory.assigned': 'Inventory assigned', 'inventory.removed': 'Inventory removed',
  'point.enrolled': 'Point enrolled', 'point.epoch_opened': 'Point epoch', 'delegation.issued': 'Delegation',
  'chain.segment': 'Chain segment', 'receipt.head': 'Spool head', revocation: 'Revocation', 'alert.raised': 'Alert',
  'log.anchored': 'Log anchored',
  'subject.erased': 'Erased', 'erasure.deferred': 'Erasure deferred', 'hold.placed': 'Legal hold', 'hold.lifted': 'Hold lifted',
  'field.opened': 'Field opened', 'evidence.built': 'Pack built', 'note.added': 'Note',
}
const SOFT = new Set(['outcome', 'receipt.head', 'chain.segment'])

function kindOf(entry) {
  return entry.type === 'receipt' ? entry.body.kind : entry.type
}
function labelOf(entry) {
  if (entry.type === 'receipt') return entry.body.kind === 'decision' ? 'Decision' : 'Outcome'
  return LABELS[entry.type] ?? entry.type
}

function summaryOf(entry) {
  const b = entry.body
  switch (entry.type) {
    case 'log.created': return b.origin + ', separation: ' + b.separation
    case 'key.created': return 'For ' + b.use + ': ' + short(b.kid)
    case 'person.added': return 'An invitation is open'
    case 'person.enrolled': return 'With a credential (' + b.credential.amr.join(', ') + ')'
    case 'person.endorsed': return b.acted_alone ? 'By themselves' : 'By another person'
    case 'person.left': return b.reason
    case 'budget.reserved': return b.debits.map((d) => d.amount + ' ' + d.unit + ' of ' + d.max).join(', ')
    case 'restore.tested': return (b.ok ? 'Restores to ' : 'Does not restore to ') + b.size + ' entries'
    case 'system.added': return b.name
    case 'tool.registered': return b.server + ' / ' + b.tool
    case 'agent.proposed': return b.class + ': ' + b.purpose
    case 'agent.approved': return b.acted_alone ? 'By the person who proposed it' : 'By another person than the proposer'
    case 'version.proposed': return short(b.manifest)
    case 'version.approved': return b.acted_alone ? 'By the person who proposed it' : 'By another person than the proposer'
    case 'version.statement_issued': return short(b.manifest)
    case 'inventory.recorded': return b.item.kind + ': ' + b.item.name
    case 'version.withdrawn': case 'inventory.removed': return b.reason
    case 'agent.activated': case 'agent.suspended': case 'agent.retired': return b.reason
    case 'agent.key_added': return 'Registered'
    case 'agent.statement_issued': return 'For key ' + short(b.jkt)
    case 'point.enrolled': return 'Guards ' + b.server + ' (' + b.placement + ')'
    case 'point.epoch_opened': return 'Epoch ' + b.epoch + ' (' + b.reason + ')'
    case 'delegation.issued': return 'To ' + tail(b.agent) + ' until ' + new Date(b.exp * 1000).toISOString().slice(0, 19) + 'Z'
    case 'chain.segment': return short(b.id)
    case 'receipt': return b.kind === 'decision'
      ? b.server + ' / ' + b.tool + (b.reasons.length ? ': ' + b.reasons.join(', ') : '')
      : b.outcome + ', ' + tail(b.action)
    case 'receipt.head': return 'Epoch ' + b.head.epoch + ', ' + b.head.seq + ' receipts'
    case 'revocation': return b.frame.kind + ' ' + tail(b.frame.handle) + ': ' + b.frame.reason
    case 'subject.erased': return b.fields_n + ' values of ' + tail(entry.subject)
    case 'erasure.deferred': return tail(entry.subject) + ', for ' + b.holds.map(tail).join(', ')
    case 'hold.placed': return b.target === '*' ? 'On everything' : 'On ' + tail(b.target)
    case 'field.opened': return b.field + ' of entry ' + b.entry
    case 'note.added': return 'On entry ' + b.entry
    case 'evidence.built': return b.from + ' to ' + b.to + ', ' + b.size + ' entries'
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

/** Which choices of the filter show a row. */
function shownBy(entry) {
  const kind = kindOf(entry)
  if (kind === 'decision') return entry.body.decision === 'allow' ? 'decisions' : 'decisions denials'
  if (kind === 'revocation' || kind === 'alert.raised') return 'alarms'
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
  checkpointSoon()
})
`
