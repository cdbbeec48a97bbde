/** What the live page calls the types of entries, and how it sums one up: plain JavaScript, part of its script. @module */

export const LIVE_WORDS = `
/** Types as people say them, and whether a row is shown softly. */
const LABELS = {
  'log.created': 'Log created', 'key.created': 'Key', 'person.added': 'Person invited', 'person.enrolled': 'Person enrolled',
  'person.endorsed': 'Person endorsed', 'person.left': 'Invitation ended',
  'person.passkey_added': 'Passkey added', 'person.passkey_removed': 'Passkey removed',
  'person.recovery_invited': 'Person invited again', 'person.reregistered': 'Person registered anew', 'budget.reserved': 'Limits reserved',
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
  'key.retired': 'Key retired', 'key.compromised': 'Key compromised', 'frame_key.replaced': 'Frame key replaced',
  'break_glass.created': 'Break-glass key', 'roster.set': 'Kill roster', 'kill.pulled': 'Kill', 'kill.lifted': 'Kill lifted',
  'kill.probed': 'Kill channel probed', 'kill.probe_answered': 'Probe answered',
  'drill.planned': 'Drill planned', 'drill.started': 'Drill begun', 'drill.closed': 'Drill closed',
  'lease.granted': 'Lease', 'lease.recalled': 'Lease recalled', 'lease.settled': 'Lease settled',
  'topup.requested': 'Top-up asked for', 'topup.granted': 'Top-up granted', 'topup.declined': 'Top-up declined',
  'alert.acknowledged': 'Alert taken', 'alert.escalated': 'Alert escalated', 'alert.closed': 'Alert closed',
  'alert_policy.proposed': 'Alert policy proposed', 'alert_policy.approved': 'Alert policy approved',
  'channel.added': 'Channel', 'channel.removed': 'Channel removed', 'detector.canary': 'Detector tried',
  'listener.added': 'Listener', 'listener.removed': 'Listener removed', 'log.pruned': 'Log pruned',
  'source.added': 'Telemetry source', 'source.removed': 'Telemetry source removed',
  'span.unmatched': 'Call without receipt', 'spans.reconciled': 'Telemetry of a day',
  'issuer.proposed': 'Issuer proposed', 'issuer.trusted': 'Issuer trusted', 'issuer.dropped': 'Issuer dropped',
  'template.preset': 'Template, preset', 'template.proposed': 'Template proposed', 'template.approved': 'Template approved',
  'label.proposed': 'Labels proposed', 'label.approved': 'Labels approved',
  'flow_policy.proposed': 'Flow policy proposed', 'flow_policy.approved': 'Flow policy approved',
  'drift_policy.proposed': 'Drift policy proposed', 'drift_policy.approved': 'Drift policy approved',
  'drift.epoch_started': 'Agent is learned anew', 'baseline.proposed': 'Baseline proposed', 'baseline.approved': 'Baseline approved',
  'drift.scored': 'Session scored',
  'token.exchanged': 'Access token', 'token.revoked': 'Token revoked',
}
const SOFT = new Set(['outcome', 'frame', 'receipt.head', 'chain.segment', 'lease.granted', 'lease.recalled', 'lease.settled'])

/** Kill scopes and modes in words. */
const scopeOf = (scope) => scope.kind === 'global' ? 'everything' : scope.kind + ' ' + tail(scope.id)
const count = (n, one, many) => n + ' ' + (n === 1 ? one : many)
const amountOf = (d) => d.amount + ' ' + d.measure + (d.unit === '1' ? '' : ' (' + d.unit + ')')
const LISTENERS = { webhook: 'Webhook', ssf_push: 'Shared Signals, push', ssf_poll: 'Shared Signals, poll' }

function kindOf(entry) {
  if (entry.type === 'receipt') return entry.body.kind
  // The entry of the kill or the lift stands before its frame and says it all.
  return entry.type === 'revocation' && entry.body.frame.statement ? 'frame' : entry.type
}
function labelOf(entry) {
  if (entry.type === 'receipt') return entry.body.kind === 'decision' ? 'Decision' : 'Outcome'
  if (kindOf(entry) === 'frame') return 'Sent to points'
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
    case 'person.left': case 'person.passkey_removed': return b.reason
    case 'person.passkey_added': return 'By a passkey that counts'
    case 'person.recovery_invited': return e.actor.kind === 'system' ? 'By the machine of the control plane' : 'By another person'
    case 'person.reregistered': return 'Of no effect until it is endorsed'
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
    case 'point.enrolled': return 'Guards ' + b.servers.join(', ') + ' (' + b.placement + ')'
    case 'point.epoch_opened': return 'Epoch ' + b.epoch + ' (' + b.reason + ')'
    case 'delegation.issued': return 'To ' + tail(b.agent) + ' until ' + new Date(b.exp * 1000).toISOString().slice(0, 19) + 'Z'
    case 'chain.segment': return short(b.id)
    case 'key.retired': case 'key.compromised': return 'For ' + b.use + ': ' + short(b.kid) + (b.reason ? ', ' + b.reason : '')
    case 'frame_key.replaced': return 'Frames from here on are of epoch ' + b.frame_key.epoch
    case 'break_glass.created': return 'Signs kills when the control plane is gone'
    case 'roster.set': return b.roster.m + ' of ' + count(b.roster.people.length, 'person lifts', 'people lift')
    case 'kill.pulled': return scopeOf(b.statement.kill.scope) + ': ' + b.statement.kill.reason +
      (b.statement.by === 'break_glass' ? ', by the break-glass key' : '')
    case 'kill.lifted': return b.statement.lift.kills.map(tail).join(', ') + ': ' + b.statement.lift.reason +
      ', by ' + count(b.statement.gestures.length, 'person', 'people')
    case 'kill.probed': return count(b.points.length, 'point', 'points') + ' asked, with ' + tail(b.statement.probe.id)
    case 'kill.probe_answered': return 'By ' + b.answer.ack.way + ', to ' + tail(b.statement.probe.id)
    case 'drill.planned': return b.mode + ', on ' + scopeOf(b.scope) + ', for ' + b.at.slice(0, 16) + 'Z'
    case 'drill.started': return b.kill === null ? 'As a tabletop: nothing is stopped' : 'It pulled ' + tail(b.kill)
    case 'drill.closed': return b.report.mode === 'tabletop' ? 'A tabletop' :
      b.report.answered_n + ' of ' + count(b.report.points_n, 'point', 'points') + ' denied'
    case 'lease.granted': return b.leases.map(amountOf).join(', ')
    case 'lease.recalled': return count(b.leases.length, 'lease', 'leases')
    case 'lease.settled': return b.leases.map((l) => l.debited + ' used, ' + l.credited + ' given back').join('; ')
    case 'topup.requested': return b.asked + ' needed, ' + b.limit.max + ' ' + b.limit.measure + ' per ' + b.limit.per + ' are used up'
    case 'topup.granted': return 'With ' + tail(b.delegation)
    case 'topup.declined': case 'token.revoked': case 'issuer.dropped': return b.reason
    case 'listener.added': return LISTENERS[b.kind] + (b.url === null ? '' : ': ' + b.url)
    case 'listener.removed': return b.reason === 'gone' ? 'It asked to be' : 'By a person'
    case 'log.pruned': return 'Entries ' + b.act.from + ' to ' + (b.act.to - 1) + ': ' + b.pruned_n + ' go, ' + b.kept_n + ' stay'
    case 'issuer.proposed': return b.issuer.iss
    case 'issuer.trusted': return b.act.issuer.iss
    case 'template.preset': case 'template.proposed': return 'For the class ' + b.template.class
    case 'label.proposed': return count(b.labels.length, 'tool', 'tools')
    case 'baseline.proposed': return 'Of ' + tail(b.agent) + ', from ' + count(b.sessions, 'session', 'sessions')
    case 'drift.scored': return 'Session ' + (b.n + 1) + ', level ' + b.level + (b.counted ? '' : ', not counted yet')
    case 'flow_policy.proposed': return 'Mode ' + b.policy.mode
    case 'label.approved': case 'flow_policy.approved': case 'drift_policy.approved': case 'baseline.approved': case 'template.approved': return b.acted_alone ? 'By the person who proposed it' : 'By another person than the proposer'
    case 'token.exchanged': return 'For ' + tail(b.agent) + ' until ' + new Date(b.exp * 1000).toISOString().slice(0, 19) + 'Z'
    case 'receipt': return b.tool === 'countersign/kill'
      ? 'This point denies from here on, by ' + tail(b.kill ?? '')
      : b.kind === 'decision'
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
    case 'alert.acknowledged': return 'alt_' + b.of + ', ' + b.triage
    case 'alert.escalated': return 'alt_' + b.of + ', told ' + count(b.channels.length, 'channel', 'channels')
    case 'alert.closed': return 'alt_' + b.of + ', ' + b.disposition
    case 'channel.added': return b.kind + ' at ' + b.host
    case 'detector.canary': return b.rule + (b.ok ? ' found its canary' : ' was silent')
    case 'alert.raised': return (b.canary ? 'Canary. ' : '') + Object.entries(b.detail).map(([k, v]) => k + ' ' + v).join(', ')
    default: return ''
  }
}
`
