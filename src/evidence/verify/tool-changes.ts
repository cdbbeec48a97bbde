/**
 * Pinned tools: another definition is in force only since a person who did not propose it approved it. spec/mcp.md
 * (MCP-12, MCP-14), spec/pack.md.
 * @module
 */
import type { History } from '../history.ts'
import { checkApprovals, type ApprovalJudge } from './approvals.ts'
import { checkBaselines } from './baselines.ts'
import { checkLabels } from './labels.ts'
import type { Findings } from './report.ts'

type Change = Extract<History['toolChanges'][number]['entry'], { type: 'tool.changed' }>
type Approved = Extract<History['toolChanges'][number]['entry'], { type: 'tool.approved' }>

/** Agents, labels of tools, and tools that changed. @param whose gestures count */
export function checkApproved(
  history: History,
  judge: ApprovalJudge,
  findings: Findings,
  whose: string,
): void {
  findings.check(`agents were approved by a registered gesture of ${whose}`, () =>
    checkApprovals(history, judge, findings),
  )
  if (history.labels.length > 0)
    findings.check(`labels and policies were approved by a registered gesture of ${whose}`, () =>
      checkLabels(history, judge, findings),
    )
  if (history.baselines.length > 0)
    findings.check(`baselines were approved by a registered gesture of ${whose}`, () =>
      checkBaselines(history, judge, findings),
    )
  if (!hasToolChanges(history)) return
  findings.check(`changed tools were approved by a registered gesture of ${whose}`, () =>
    checkToolChanges(history, judge, findings),
  )
}

/** Whether a tool was ever registered twice, or another definition of one was proposed. */
function hasToolChanges({ toolChanges, tools }: History): boolean {
  return toolChanges.length > 0 || new Set(tools.map(({ entry }) => entry.subject)).size < tools.length
}

/** @returns how many approvals there were */
function checkToolChanges(history: History, judge: ApprovalJudge, findings: Findings): number {
  const changes = new Map<string, { readonly index: number; readonly entry: Change }>()
  const approvals = new Map<number, Change | undefined>()
  for (const { index, entry } of history.toolChanges) {
    const id = entry.subject ?? ''
    if (entry.type === 'tool.changed') {
      if (changes.has(id))
        findings.add({ code: 'IDENTIFIER_REUSED', message: `${id} stands in the log before`, index })
      else changes.set(id, { index, entry })
      continue
    }
    const change = changes.get(entry.body.act.change)
    const fault =
      approvalFault(entry, change) ??
      judge.gestureFault({ index, entry }) ??
      judge.separationFault(entry.body, judge.isBehind(change?.entry.actor.id, entry.body.act.approver))
    if (fault !== null)
      findings.add({
        code: 'APPROVAL_INVALID',
        message: `the approval of ${entry.body.act.change} does not hold: ${fault}`,
        index,
      })
    approvals.set(index, change?.entry)
  }
  checkPins(history, approvals, findings)
  return approvals.size
}

function approvalFault(
  { subject, body: { act } }: Approved,
  change: { readonly index: number } | undefined,
): string | null {
  if (change === undefined || change.index !== act.proposal)
    return 'it is not over an earlier change of a tool'
  return subject === act.change ? null : 'the entry is about another change'
}

/** The registration that an approval puts in force follows it. */
function checkPins(
  history: History,
  approvals: ReadonlyMap<number, Change | undefined>,
  findings: Findings,
): void {
  const pinned = new Map<string, string>()
  for (const { index, entry } of history.tools) {
    const id = entry.subject ?? ''
    const { definition_hash, server, tool } = entry.body
    const before = pinned.get(id)
    pinned.set(id, definition_hash)
    if (before === undefined || before === definition_hash) continue
    const change = approvals.get(index - 1)
    if (change?.body.registered === id && change.body.becomes.definition_hash === definition_hash) continue
    const message = `another definition of ${server} / ${tool} is in force that nobody approved`
    findings.add({ code: 'APPROVAL_INVALID', message, index })
  }
}
