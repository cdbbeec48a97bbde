/** Auditors' previews: granted by who may, and nobody looked without one. spec/preview.md (PRV-17). @module */
import { canonicalize } from '../../core/json.ts'
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = History['previews'][number]
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

interface Preview {
  readonly proposed: Of<'preview.proposed'>
  isGranted: boolean
  isInvited: boolean
  isHeld: boolean
  isRevoked: boolean
  /** Of requests; true: it waits. */
  readonly requests: Map<string, boolean>
}

export function checkPreviews(history: History, judge: ApprovalJudge, findings: Findings): void {
  if (history.previews.length === 0) return
  findings.check("auditors' previews were granted, and nobody looked without one in force", () => {
    const previews = new Map<string, Preview>()
    for (const each of history.previews) {
      const fault = faultOf(judge, previews, each)
      if (fault === null) continue
      const message = `preview ${each.entry.subject ?? ''}: ${fault}`
      findings.add({ code: 'PREVIEW_INVALID', message, index: each.index })
    }
    return history.previews.length
  })
}

function faultOf(judge: ApprovalJudge, previews: Map<string, Preview>, each: Logged): string | null {
  const { entry } = each
  const id = entry.subject ?? ''
  const preview = previews.get(id)
  if (entry.type === 'preview.proposed') {
    if (preview !== undefined) return 'it was proposed before'
    const proposed = each as Of<'preview.proposed'>
    const fresh = { isGranted: false, isInvited: false, isHeld: false, isRevoked: false }
    previews.set(id, { proposed, ...fresh, requests: new Map() })
    return personFault(entry.actor.kind)
  }
  if (preview === undefined) return 'nobody proposed it'
  switch (entry.type) {
    case 'preview.granted':
      return grantFault(judge, preview, each as Of<'preview.granted'>)
    case 'preview.invited':
      preview.isInvited = true
      return personFault(entry.actor.kind) ?? forceFault(preview, entry.time)
    case 'preview.revoked':
      if (preview.isRevoked) return 'it was revoked before'
      preview.isRevoked = true
      return personFault(entry.actor.kind)
    case 'preview.enrolled': {
      const fault = preview.isInvited ? null : 'its holder came without an invitation'
      preview.isInvited = false
      preview.isHeld = true
      return fault ?? auditorFault(id, entry) ?? forceFault(preview, entry.time)
    }
    case 'preview.looked':
    case 'preview.exported':
      return actFault(preview, id, entry)
    case 'preview.commented':
      return entry.actor.kind === 'person' ? null : actFault(preview, id, entry)
    case 'evidence_request.opened':
      if (preview.requests.has(entry.body.request)) return 'a request was opened before'
      preview.requests.set(entry.body.request, true)
      return actFault(preview, id, entry)
    case 'evidence_request.answered': {
      const waits = preview.requests.get(entry.body.request) === true
      preview.requests.set(entry.body.request, false)
      return waits ? personFault(entry.actor.kind) : 'an answer is to no request that waits'
    }
  }
}

function personFault(kind: Logged['entry']['actor']['kind']): string | null {
  return kind === 'person' ? null : 'it is not by a person'
}

/** The auditor of this preview, and no other. */
function auditorFault(id: string, { actor }: Pick<Logged['entry'], 'actor'>): string | null {
  return actor.kind === 'auditor' && actor.id === id ? null : 'it is not by its auditor'
}

/** Of what an auditor does: after the holder came, and before the end. */
function actFault(
  preview: Preview,
  id: string,
  entry: Pick<Logged['entry'], 'actor' | 'time'>,
): string | null {
  return (
    auditorFault(id, entry) ?? (preview.isHeld ? null : 'nobody held it') ?? forceFault(preview, entry.time)
  )
}

function forceFault({ isGranted, isRevoked, proposed }: Preview, time: string): string | null {
  if (!isGranted) return 'nobody had granted it'
  if (isRevoked) return 'it was revoked before'
  return Date.parse(time) < Date.parse(proposed.entry.body.expires) ? null : 'it had expired'
}

function grantFault(judge: ApprovalJudge, preview: Preview, one: Of<'preview.granted'>): string | null {
  const { act } = one.entry.body
  const { index, entry } = preview.proposed
  const { act: _, preview: of, proposal, approver, ...scope } = act
  if (preview.isGranted) return 'it was granted before'
  if (preview.isRevoked) return 'it was revoked before it was granted'
  if (of !== entry.subject || proposal !== index || canonicalize(scope) !== canonicalize(entry.body))
    return 'it was not granted as it was proposed'
  preview.isGranted = true
  return judge.gestureFault(one) ?? judge.separationFault(one.entry.body, entry.actor.id === approver)
}
