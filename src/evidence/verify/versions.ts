/**
 * Versions of agents: that each was approved by a registered gesture of somebody else, and that no allow was under one
 * that was not. spec/inventory.md (VER-8). What an agent runs in truth no log can tell: this is about what it reported.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { manifestDigest } from '../../core/manifest.ts'
import type { Entry } from '../../log/entries.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { ProvenAllows } from './allows.ts'
import type { Findings } from './report.ts'

type Proposal = Indexed<Entry<'version.proposed'>>
type Approval = Indexed<Entry<'version.approved'>>

/** Index of the entry from which on a version counts, by agent and digest. */
export type ApprovedVersions = ReadonlyMap<string, number>

const nameOf = (agent: string, manifest: string): string => `${agent} ${manifest}`

export function checkVersions(
  crypto: Crypto,
  history: History,
  judge: ApprovalJudge,
  findings: Findings,
): ApprovedVersions {
  const approved = new Map<string, number>()
  for (const [agent, { proposal, approval }] of history.agents)
    if (approval !== null) approved.set(nameOf(agent, proposal.entry.body.manifest), approval.index)
  const proposals = new Map<string, Proposal>()
  for (const { index, entry } of history.versions) {
    if (entry.type === 'version.proposed') {
      const { manifest, document } = entry.body
      if (manifestDigest(crypto, document) !== manifest) {
        const message = 'the manifest of a version has another digest than it says'
        findings.add({ code: 'APPROVAL_INVALID', message, index })
      }
      proposals.set(nameOf(entry.subject ?? '', manifest), { index, entry })
      continue
    }
    const { act } = entry.body
    const name = nameOf(act.agent, act.manifest)
    const fault = approvalFault(history, { index, entry }, proposals.get(name), judge)
    if (fault !== null) {
      const message = `the approval of a version of ${act.agent} does not hold: ${fault}`
      findings.add({ code: 'APPROVAL_INVALID', message, index })
    } else if (!approved.has(name)) approved.set(name, index)
  }
  return approved
}

function approvalFault(
  history: History,
  approval: Approval,
  proposal: Proposal | undefined,
  judge: ApprovalJudge,
): string | null {
  const { act } = approval.entry.body
  if (proposal?.index !== act.proposal || approval.entry.subject !== act.agent)
    return 'it is not over an earlier proposal of this agent'
  const owner = history.agents.get(act.agent)?.proposal.entry.body.owner
  const same = judge.isBehind(proposal.entry.actor.id, act.approver) || act.approver === owner
  return judge.gestureFault(approval) ?? judge.separationFault(approval.entry.body, same)
}

/** @returns how many allows were looked at */
export function checkRunVersions(
  history: History,
  allows: ProvenAllows,
  approved: ApprovedVersions,
  findings: Findings,
): number {
  const ours = history.created?.entry.body.origin
  for (const { index, receipt, chain } of allows.where((one) => one.receipt.manifest !== undefined)) {
    const { manifest } = receipt
    if (manifest === undefined) continue
    if (chain.delegations.length === 1 && chain.root.agent.manifest === manifest) continue
    // What another issuer approved stands in its own log.
    if (chain.iss !== ours) continue
    if ((approved.get(nameOf(chain.agent, manifest)) ?? Infinity) < index) continue
    const message = `allowed to a version of ${chain.agent} that nobody had approved`
    findings.add({ code: 'VERSION_NOT_APPROVED', message, index })
  }
  return allows.length
}
