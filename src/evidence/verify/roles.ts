/** Roles and custody: the set-up gives one, the others were approved by who may. spec/roles.md (ROL-12). @module */
import { holdingName } from '../../core/roles.ts'
import type { Actor } from '../../log/entries.ts'
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
    for (const { index, fault } of lostOwners(history, book))
      findings.add({ code: 'ROLE_INVALID', message: fault, index })
    return all.length
  })
}

/** ROL-18: the last owner is let go by nobody, themselves included, once roles decide. */
function lostOwners(
  history: History,
  book: RoleBook,
): readonly { readonly index: number; readonly fault: string }[] {
  return history.revocations.flatMap(({ index, entry }) => {
    const { kind, handle } = entry.body.frame
    const person = kind === 'person' ? history.people.get(handle)?.entry.subject : undefined
    if (person === undefined || !decides(book, index)) return []
    const owners = ownersAt(history, book, index)
    const isLast = owners.length > 0 && owners.every((owner) => owner.person === person)
    return isLast ? [{ index, fault: `${person} was the last owner, and was let go` }] : []
  })
}

/** Whether people had approved a role before this entry (ROL-13). */
function decides(book: RoleBook, index: number): boolean {
  return book
    .values()
    .some(
      ({ begun, holding, approved }) =>
        holding.kind === 'role' && begun.entry.type === 'role.proposed' && (approved?.index ?? index) < index,
    )
}

/** Who was an owner when this entry was written, and had not left. */
function ownersAt(
  history: History,
  book: RoleBook,
  index: number,
): readonly { readonly role: string; readonly person: string }[] {
  const here = new Set(
    [...history.people].flatMap(([rev, { index: enrolled, entry }]) =>
      enrolled < index && !history.hadLeft(rev, index) ? [entry.subject] : [],
    ),
  )
  return [...book].flatMap(([role, { holding, approved, removed }]) =>
    holding.kind === 'role' &&
    holding.role === 'owner' &&
    (approved?.index ?? index) < index &&
    (removed?.index ?? index) >= index &&
    here.has(holding.person)
      ? [{ role, person: holding.person }]
      : [],
  )
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
      if (!mayAsk(entry.actor.kind)) return 'nobody proposed it'
      return begun.index === index ? null : 'it was proposed before'
    case 'role.removed': {
      if (!mayAsk(entry.actor.kind)) return 'nobody removed it'
      const isOwner =
        holding.kind === 'role' && holding.role === 'owner' && (approved?.index ?? index) < index
      return isOwner && ownersAt(history, book, index).every(({ role }) => role === id)
        ? 'it was the last owner'
        : null
    }
    case 'role.approved': {
      const { act } = entry.body
      const isOver =
        act.role === id &&
        act.person === holding.person &&
        act.holds === holdingName(holding) &&
        act.proposal === begun.index &&
        approved?.index === index
      if (!isOver) return 'its approval is not over its proposal, or not the first'
      if (holding.kind === 'role' && holding.role === 'owner') {
        const owners = ownersAt(history, book, index)
        if (owners.length > 0 && owners.every(({ person }) => person !== act.approver))
          return 'somebody approved an owner who was none'
      }
      const isOwn = act.approver === holding.person || act.approver === begun.entry.actor.id
      return judge.gestureFault({ index, entry }) ?? judge.separationFault(entry.body, isOwn)
    }
  }
}

/** A provisioner proposes, and takes away (IDN-25). */
function mayAsk(kind: Actor['kind']): boolean {
  return kind === 'person' || kind === 'provisioner'
}
