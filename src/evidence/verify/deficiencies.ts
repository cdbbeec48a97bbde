/**
 * Evaluations of deviations and deficiencies: drafted, then signed; repaired, then retested, then closed; by who may.
 * spec/deviations.md (DEV-6, DEF-9).
 * @module
 */
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Registered<P extends string> = Extract<
  History['governance'][number],
  { entry: { type: `${P}.${string}` } }
>
type Evaluated = Registered<'evaluation'>
type Logged = Registered<'deficiency'>
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

export function checkEvaluations(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.governance.filter((one): one is Evaluated => one.entry.type.startsWith('evaluation.'))
  if (all.length === 0) return
  findings.check('evaluations of deviations were signed over their drafts', () => {
    const drafts = new Map<string, Extract<Evaluated, { entry: { type: 'evaluation.proposed' } }>>()
    const signed = new Set<string>()
    for (const { index, entry } of all) {
      const id = entry.subject ?? ''
      if (entry.type === 'evaluation.proposed') {
        if (drafts.has(id)) add(index, id, 'it was drafted before')
        else drafts.set(id, { index, entry })
        continue
      }
      const draft = drafts.get(id)
      const { act } = entry.body
      const isOver =
        act.evaluation === id && draft?.index === act.proposal && draft.entry.body.deviation === act.deviation
      const fault = signed.has(id)
        ? 'it was signed before'
        : !isOver
          ? 'it is not over an earlier draft of this evaluation'
          : (judge.gestureFault({ index, entry }) ??
            judge.separationFault(entry.body, draft.entry.actor.id === act.approver))
      signed.add(id)
      if (fault !== null) add(index, id, fault)
    }
    return all.length
  })

  function add(index: number, id: string, fault: string): void {
    findings.add({ code: 'EVALUATION_INVALID', message: `evaluation ${id}: ${fault}`, index })
  }
}

interface Deficiency {
  readonly opened: number
  owner: string | null
  /** The last one, and who said so. */
  remediation: { readonly index: number; readonly by: string } | null
  retest: Of<'deficiency.retested'> | null
  isClosed: boolean
}

export function checkDeficiencies(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.governance.filter((one): one is Logged => one.entry.type.startsWith('deficiency.'))
  if (all.length === 0) return
  findings.check('deficiencies were retested after they were repaired, and closed by somebody else', () => {
    const known = new Map<string, Deficiency>()
    for (const each of all) {
      const fault = faultOf(judge, known, each)
      if (fault === null) continue
      const message = `deficiency ${each.entry.subject ?? ''}: ${fault}`
      findings.add({ code: 'DEFICIENCY_INVALID', message, index: each.index })
    }
    return all.length
  })
}

function faultOf(judge: ApprovalJudge, known: Map<string, Deficiency>, each: Logged): string | null {
  const { index, entry } = each
  const id = entry.subject ?? ''
  const deficiency = known.get(id)
  if (entry.type === 'deficiency.opened') {
    if (deficiency !== undefined) return 'it was opened before'
    const { owner } = entry.body
    known.set(id, { opened: index, owner, remediation: null, retest: null, isClosed: false })
    return entry.body.entries.some((at) => at >= index) ? 'it names an entry that came after it' : null
  }
  if (deficiency === undefined) return 'nobody opened it'
  if (deficiency.isClosed) return 'it went on after it was closed'
  switch (entry.type) {
    case 'deficiency.assigned':
      deficiency.owner = entry.body.owner
      return null
    case 'deficiency.noted':
      if (entry.body.phase === 'remediation') {
        deficiency.remediation = { index, by: entry.actor.id }
        deficiency.retest = null
      }
      return entry.body.entries.some((at) => at >= index) ? 'it names an entry that came after it' : null
    case 'deficiency.retested':
      return retestFault(judge, deficiency, { index, entry })
    case 'deficiency.closed':
      deficiency.isClosed = true
      return closingFault(judge, deficiency, { index, entry })
  }
}

function retestFault(
  judge: ApprovalJudge,
  deficiency: Deficiency,
  one: Of<'deficiency.retested'>,
): string | null {
  const { body, actor } = one.entry
  const { owner, remediation } = deficiency
  if (remediation?.index !== body.remediation) return 'its retest is not of what was done last'
  deficiency.retest = body.result === 'passed' ? one : null
  return judge.separationFault(body, actor.id === owner || actor.id === remediation.by)
}

function closingFault(
  judge: ApprovalJudge,
  { opened, owner, remediation, retest }: Deficiency,
  { index, entry }: Of<'deficiency.closed'>,
): string | null {
  const { act } = entry.body
  const isOver =
    act.deficiency === entry.subject &&
    act.opened === opened &&
    act.remediation === remediation?.index &&
    act.retest === retest?.index
  if (!isOver) return 'its closing is not over what opened, repaired and retested it'
  return judge.gestureFault({ index, entry }) ?? judge.separationFault(entry.body, owner === act.approver)
}
