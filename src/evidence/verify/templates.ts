/**
 * Templates: that each in force was approved, and that every delegation issued lies within the one of its class and
 * has the approvers that it asks for. spec/grants.md (TPL-1, TPL-2), spec/pack.md (PCK-3).
 * @module
 */
import type { Entry } from '../../log/entries.ts'
import { ANY_CLASS, outsideTemplate, readTemplate, type Template } from '../../token/template.ts'
import type { VerifiedChain } from '../../token/verify.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import { emergencyFault } from './emergencies.ts'
import type { Findings } from './report.ts'

/** A root that the log issues and that verified as of its issue. */
export interface IssuedRoot {
  readonly index: number
  readonly entry: Entry<'delegation.issued'>
  readonly chain: VerifiedChain
}

/** A template from the entry on that put it in force. */
interface Reign {
  readonly index: number
  readonly template: Template
}

type Proposal = Indexed<Entry<'template.proposed'>>
type Approval = Indexed<Entry<'template.approved'>>

/** @returns how many templates were ever in force, each in its turn */
export function checkTemplates(history: History, judge: ApprovalJudge, findings: Findings): Reign[] {
  const proposals = new Map<string, Proposal>()
  const approved = new Set<string>()
  const reigns: Reign[] = []
  for (const { index, entry } of history.templates) {
    const id = entry.subject ?? ''
    switch (entry.type) {
      case 'template.preset':
        checkPreset(history, index, reigns, findings)
        addReign(index, index, entry.body.template, reigns, findings)
        break
      case 'template.proposed':
        if (proposals.has(id))
          findings.add({ code: 'IDENTIFIER_REUSED', message: `${id} stands in the log before`, index })
        else proposals.set(id, { index, entry })
        break
      case 'template.approved': {
        const proposal = proposals.get(entry.body.act.template)
        const fault =
          approvalFault({ index, entry }, proposal, approved) ??
          judge.gestureFault({ index, entry }) ??
          judge.separationFault(entry.body, proposal?.entry.actor.id === entry.body.act.approver)
        if (fault !== null) {
          const message = `the approval of ${entry.body.act.template} does not hold: ${fault}`
          findings.add({ code: 'APPROVAL_INVALID', message, index })
        }
        approved.add(id)
        if (proposal !== undefined)
          addReign(index, proposal.index, proposal.entry.body.template, reigns, findings)
      }
    }
  }
  return reigns
}

/** A template that nobody approved holds until people decide, so it comes before there are any. */
function checkPreset(history: History, index: number, reigns: readonly Reign[], findings: Findings): void {
  const enrolled = [...history.people.values()].some((person) => person.index < index)
  if (reigns.length === 0 && !enrolled) return
  findings.add({ code: 'APPROVAL_INVALID', message: 'a template is in force that nobody approved', index })
}

function approvalFault(
  { entry }: Approval,
  proposal: Proposal | undefined,
  approved: ReadonlySet<string>,
): string | null {
  const { act } = entry.body
  if (proposal === undefined || proposal.index !== act.proposal)
    return 'it is not over an earlier proposal of this template'
  if (entry.subject !== act.template) return 'the entry is about another template'
  return approved.has(act.template) ? 'the template was approved before' : null
}

/** @param said the entry that holds the template */
function addReign(index: number, said: number, value: unknown, reigns: Reign[], findings: Findings): void {
  const read = readTemplate(value)
  if (read.ok) reigns.push({ index, template: read.template })
  else
    findings.add({ code: 'ENTRY_INVALID', message: `the template does not fit at ${read.why}`, index: said })
}

/** TPL-1 and TPL-2. */
export function checkWithinTemplates(
  history: History,
  reigns: readonly Reign[],
  roots: readonly IssuedRoot[],
  findings: Findings,
): number {
  for (const root of roots) {
    const fault = outsideFault(history, reigns, root)
    const message = `${root.entry.body.jti} is outside its template: ${fault}`
    if (fault !== null) findings.add({ code: 'DELEGATION_OUTSIDE_TEMPLATE', message, index: root.index })
    checkApprovers(history, root, findings)
  }
  return roots.length
}

function outsideFault(history: History, reigns: readonly Reign[], root: IssuedRoot): string | null {
  const { index, entry, chain } = root
  const { agent, quorum, nbf, exp, depth_max } = chain.root
  const registered = history.agents.get(agent.id)?.proposal.entry.body.class ?? agent.class
  if (agent.class !== registered) return `its agent was registered as of class ${registered}`
  const before = reigns.filter((reign) => reign.index < index)
  const inForce =
    before.findLast(({ template }) => template.class === registered) ??
    before.findLast(({ template }) => template.class === ANY_CLASS)
  if (inForce?.index !== entry.body.template)
    return inForce === undefined ? 'there was none' : `that in force was of entry ${inForce.index}`
  const personOf = (handle: string): string => {
    const person = history.people.get(handle)
    return person !== undefined && person.index < index ? (person.entry.subject ?? handle) : handle
  }
  const approvers = quorum === undefined ? null : { m: quorum.m, of: quorum.of.map(personOf) }
  const grants = [...chain.delegations[0].grants.values()]
  const isAlone = entry.body.emergency !== undefined
  const emergency = isAlone ? emergencyFault(history, { index, entry, exp }) : null
  if (emergency !== null) return emergency
  const offered = { class: registered, ttl_s: exp - nbf, depth_max, grants, approvers }
  const template = isAlone ? { ...inForce.template, approvals: null } : inForce.template
  const outside = outsideTemplate(offered, template)
  return outside === null ? null : `${outside.member}: ${outside.why}`
}

/** Those who approved the root had not left. That they were registered and endorsed is asked of every gesture. */
function checkApprovers(history: History, { index, chain }: IssuedRoot, findings: Findings): void {
  for (const { role, rev } of chain.root.gestures) {
    if (role === 'approver' && history.hadLeft(rev, index))
      findings.add({
        code: 'APPROVAL_INVALID',
        message: `an approver of ${chain.root.jti} had left`,
        index,
      })
  }
}
