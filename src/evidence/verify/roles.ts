/** Roles and custody: the set-up gives one, the others were approved by who may. spec/roles.md (ROL-12). @module */
import { holdingName } from '../../core/roles.ts'
import type { History } from '../history.ts'
import { roleBook, type RoleBook } from '../populations/administrators.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = Extract<History['governance'][number], { entry: { type: `role.${string}` } }>

export function checkRoles(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.governance.filter((one): one is Logged => one.entry.type.startsWith('role.'))
  if (all.length === 0) return
  findings.check('roles and custody were approved by somebody else, but for the first owner', () => {
    const book = roleBook(history)
    for (const each of all) {
      const fault = faultOf(history, judge, book, each)
      if (fault === null) continue
      const message = `role ${each.entry.subject ?? ''}: ${fault}`
      findings.add({ code: 'ROLE_INVALID', message, index: each.index })
    }
    return all.length
  })
}

function faultOf(
  history: History,
  judge: ApprovalJudge,
  book: RoleBook,
  { index, entry }: Logged,
): string | null {
  const id = entry.subject ?? ''
  const record = book.get(id)
  if (record === undefined || record.begun.index > index) return 'nobody proposed it'
  const { begun, holding, approved, removed } = record
  if (entry.type === 'role.preset') {
    if (entry.actor.kind !== 'system') return 'the set-up did not give it'
    const isFirst = begun.index === index && [...book.keys()][0] === id
    const isInvited = history.inviters.get(entry.body.person) === entry.actor.id
    return isFirst && isInvited ? null : 'it is not the first, of the first person'
  }
  if (begun.index !== index && removed !== null && removed.index < index)
    return 'it went on after it was removed'
  switch (entry.type) {
    case 'role.proposed':
      if (entry.actor.kind !== 'person') return 'nobody proposed it'
      return begun.index === index ? null : 'it was proposed before'
    case 'role.removed':
      return entry.actor.kind === 'person' ? null : 'nobody removed it'
    case 'role.approved': {
      const { act } = entry.body
      const isOver =
        act.role === id &&
        act.person === holding.person &&
        act.holds === holdingName(holding) &&
        act.proposal === begun.index &&
        approved?.index === index
      if (!isOver) return 'its approval is not over its proposal, or not the first'
      const isOwn = act.approver === holding.person || act.approver === begun.entry.actor.id
      return judge.gestureFault({ index, entry }) ?? judge.separationFault(entry.body, isOwn)
    }
  }
}
