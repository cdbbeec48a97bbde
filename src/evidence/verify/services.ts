/**
 * Service accounts: approved by who may, enrolled by a key of their own, and nothing done by them but what their roles
 * may while they stood. spec/service-accounts.md (SVC-16).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { canonicalize } from '../../core/json.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import type { ServiceRole } from '../../core/roles.ts'
import { rotationTime } from '../../core/service-rotation.ts'
import type { EntryType } from '../../log/entries.ts'
import { SERVICE_DAYS_MAX } from '../../log/service-bodies.ts'
import type { History, ServiceAct } from '../history.ts'
import { serviceBook, type ServiceBook, type ServiceRecord } from '../populations/services.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = Extract<History['governance'][number], { entry: { type: `service_account.${string}` } }>
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

const DAY_MS = 86_400_000

/** Types of entries that a program writes, by the role that lets it; null: of its own key. */
const MAY_WRITE: Readonly<Partial<Record<EntryType, ServiceRole | null>>> = {
  'service_account.enrolled': null,
  'service_account.rotated': null,
  'system.added': 'developer',
  'tool.registered': 'developer',
  'tool.changed': 'developer',
  'agent.proposed': 'developer',
  'version.proposed': 'developer',
  'inventory.recorded': 'developer',
  'inventory.assigned': 'developer',
  revocation: 'responder',
  'agent.retired': 'responder',
  'agent.suspended': 'responder',
}

export function checkServices(
  crypto: Crypto,
  history: History,
  judge: ApprovalJudge,
  findings: Findings,
): void {
  const all = history.governance.filter((one): one is Logged => one.entry.type.startsWith('service_account.'))
  if (all.length + history.tested.serviceActs.length === 0) return
  findings.check('service accounts were approved, and did what they may while they stood', () => {
    const book = serviceBook(history)
    for (const each of all) {
      const id = each.entry.subject ?? ''
      report(id, each.index, entryFault(crypto, judge, book.get(id), each))
    }
    for (const act of history.tested.serviceActs) report(act.account, act.index, actFault(book, act))
    return all.length + history.tested.serviceActs.length

    function report(id: string, index: number, fault: string | null): void {
      if (fault === null) return
      const message = `service account ${id}: ${fault}`
      findings.add({ code: 'SERVICE_ACCOUNT_INVALID', message, index })
    }
  })
}

function entryFault(
  crypto: Crypto,
  judge: ApprovalJudge,
  record: ServiceRecord | undefined,
  each: Logged,
): string | null {
  const { index, entry } = each
  if (record === undefined || record.proposed.index > index) return 'nobody proposed it'
  const { proposed, ended } = record
  if (proposed.index !== index && ended !== null && ended.index < index) return 'it went on after it ended'
  switch (entry.type) {
    case 'service_account.proposed':
      return proposalFault(record, each as Of<'service_account.proposed'>)
    case 'service_account.approved':
      return approvalFault(judge, record, each as Of<'service_account.approved'>)
    case 'service_account.invited': {
      if (!isApproved(record, index)) return 'it was invited before it was approved'
      const isOwner = entry.actor.kind === 'person' && entry.actor.id === proposed.entry.body.owner
      return isOwner ? null : 'somebody else than its owner invited it'
    }
    case 'service_account.enrolled':
      return enrolmentFault(record, index)
    case 'service_account.rotated':
      return rotationFault(crypto, record, each as Of<'service_account.rotated'>)
    case 'service_account.disabled':
      return entry.actor.kind === 'person' ? null : 'nobody disabled it'
    case 'service_account.retired':
      return entry.actor.kind === 'service' ? 'it retired itself' : null
  }
}

function proposalFault(
  { proposed }: ServiceRecord,
  { index, entry }: Of<'service_account.proposed'>,
): string | null {
  if (entry.actor.kind !== 'person') return 'nobody proposed it'
  if (proposed.index !== index) return 'it was proposed before'
  const { expires, roles } = entry.body
  if (Date.parse(expires) - Date.parse(entry.time) > SERVICE_DAYS_MAX * DAY_MS)
    return `it is for more than ${SERVICE_DAYS_MAX} days`
  return new Set(roles).size < roles.length ? 'it has a role twice' : null
}

function approvalFault(
  judge: ApprovalJudge,
  { proposed, approved }: ServiceRecord,
  { index, entry }: Of<'service_account.approved'>,
): string | null {
  const { act: _, account, proposal, approver, ...terms } = entry.body.act
  const isOver =
    account === entry.subject &&
    proposal === proposed.index &&
    canonicalize({ ...terms }) === canonicalize({ ...proposed.entry.body }) &&
    approved?.index === index
  if (!isOver) return 'its approval is not over its proposal, or not the first'
  if (Date.parse(entry.time) >= Date.parse(terms.expires)) return 'it was approved after it had expired'
  const isOwn = approver === proposed.entry.body.owner || approver === proposed.entry.actor.id
  return judge.gestureFault({ index, entry }) ?? judge.separationFault(entry.body, isOwn)
}

function isApproved({ approved }: ServiceRecord, index: number): boolean {
  return approved !== null && approved.index < index
}

function enrolmentFault({ invited, keys }: ServiceRecord, index: number): string | null {
  if (keys[0]?.index !== index) return 'it was enrolled before'
  return invited.some((one) => one.index < index) ? null : 'nobody invited it'
}

function rotationFault(
  crypto: Crypto,
  { keys }: ServiceRecord,
  { index, entry }: Of<'service_account.rotated'>,
): string | null {
  const before = keys.findLast((key) => key.index < index)
  if (before === undefined) return 'it had no key to rotate'
  const [from, to] = [publicJwk({ ...before.entry.body.jwk }), publicJwk({ ...entry.body.jwk })]
  const over = {
    account: entry.subject ?? '',
    from: thumbprint(crypto, from),
    to: thumbprint(crypto, to),
  }
  if (rotationTime(crypto, from, over, entry.body.old) === null)
    return 'the key so far did not sign its rotation'
  return rotationTime(crypto, to, over, entry.body.new) === null
    ? 'the new key did not sign its rotation'
    : null
}

function actFault(book: ServiceBook, { index, type, account, subject, time_ms }: ServiceAct): string | null {
  const record = book.get(account)
  const needed = MAY_WRITE[type]
  if (needed === undefined) return `no program may write ${type}`
  if (record === undefined || !isApproved(record, index)) return 'it acted, and nobody had approved it'
  if (needed === null) {
    if (subject !== account) return 'it is about the key of another'
  } else {
    if (!record.proposed.entry.body.roles.includes(needed)) return `it has no role for ${type}`
    if (!record.keys.some((key) => key.index < index)) return 'it acted without a key'
  }
  if (record.ended !== null && record.ended.index < index && needed !== null)
    return 'it acted after it had ended'
  return time_ms >= Date.parse(record.proposed.entry.body.expires) ? 'it acted after it had expired' : null
}
