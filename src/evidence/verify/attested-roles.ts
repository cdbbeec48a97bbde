/**
 * Whether the log has the evidence that a role asks for: a review before release by somebody eligible, a recorded
 * composition, an instruction that names the kind. spec/attestation.md (ATT-9 to ATT-14, ATT-21, ATT-30).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { HUMAN_SHARE, type OutputKind, type OutputPolicy } from '../../core/output.ts'
import { parseJws } from '../../core/sign.ts'
import type { Entry } from '../../log/entries.ts'
import { resolveDisclosures } from '../../token/disclosure.ts'
import { isRootPayload, type RootPayload } from '../../token/payload.ts'
import { parsePresentation } from '../../token/presentation.ts'
import type { History, Indexed } from '../history.ts'
import type { Fault } from './report.ts'

const INSTRUCTION_LIFE_MS = 90 * 24 * 3600 * 1000

export interface RoleEvidence {
  readonly issued: Indexed<Entry<'attestation.issued'>>
  readonly output: {
    readonly registered: Indexed<Entry<'output.registered'>>
    readonly released: Indexed<Entry<'output.released'>> | null
  }
  readonly review: {
    readonly opened: Indexed<Entry<'review.opened'>>
    readonly decided: Indexed<Entry<'review.decided'>> | null
  } | null
  readonly kind: OutputKind
  readonly policy: OutputPolicy
}

interface Root {
  readonly payload: RootPayload
  readonly grants: ReadonlyMap<string, { readonly server: string; readonly actions: readonly string[] }>
  readonly principal: string | null
}

type Found = Pick<Fault, 'code' | 'message'> | null

const unproven = (message: string): Found => ({ code: 'ATTESTATION_UNPROVEN', message })

/** @returns what does not hold, or null */
export function roleFault(crypto: Crypto, history: History, evidence: RoleEvidence): Found {
  const { body } = evidence.issued.entry
  const { jti } = evidence.output.registered.entry.body
  const root = jti === null ? null : rootOf(crypto, history, jti, evidence.issued.index)
  if (jti !== null && root === null) return unproven('the root under which it was made is not in the log')
  const independent = root !== null && root.principal !== body.human && body.role !== 'directed'
  if (body.independent !== independent)
    return unproven('it does not say rightly whether the human is independent')
  switch (body.role) {
    case 'authored':
      return isComposed(evidence) ? null : unproven('no composition of the human reaches the share')
    case 'supervised':
      return supervisedFault(evidence, root?.principal ?? null)
    case 'directed':
      return directedFault(evidence, root)
  }
}

function isComposed({ issued, output, kind }: RoleEvidence): boolean {
  const { composition } = output.registered.entry.body
  const share = kind.human_share ?? HUMAN_SHARE
  return composition?.by === issued.entry.body.human && composition.human_share >= share
}

function supervisedFault(
  { issued, output, review, kind, policy }: RoleEvidence,
  principal: string | null,
): Found {
  const { body, actor, time } = issued.entry
  const decided = review?.decided ?? null
  if (review === null || decided === null || decided.entry.body.decision !== 'attest')
    return unproven('no review was decided before')
  const own = review.opened.entry.body.output === body.output && decided.entry.actor.id === actor.id
  if (!own) return unproven('the review is of another output or person')
  if (decided.entry.body.flagged) return unproven('the review is flagged')
  if (decided.entry.body.act?.statement !== body.statement)
    return unproven('another statement was signed in the review')
  if (output.released !== null && output.released.index < decided.index)
    return unproven('it had left before it was reviewed')
  const listed = kind.reviewers.find(({ person }) => person === actor.id)
  if (listed === undefined || Date.parse(listed.trained_until) <= Date.parse(time))
    return { code: 'REVIEWER_INELIGIBLE', message: 'the policy does not let this person review' }
  if (policy.separation === 'independent' && principal === body.human)
    return { code: 'REVIEWER_INELIGIBLE', message: 'who set the task reviewed it' }
  return null
}

function directedFault({ issued, output, kind }: RoleEvidence, root: Root | null): Found {
  const { instruction, human } = issued.entry.body
  if (root === null || instruction === null || root.principal !== human)
    return unproven('the human is not who set the task')
  const signed_ms = root.payload.iat * 1000
  const age_ms = Date.parse(output.registered.entry.time) - signed_ms
  if (Date.parse(instruction.signed_at) !== signed_ms || age_ms < 0 || age_ms >= INSTRUCTION_LIFE_MS)
    return unproven('the instruction is not of the 90 days before')
  if (instruction.names === 'grant') {
    const grant = root.grants.get(instruction.grant ?? '')
    const names = kind.tools.some(
      ({ server, tool }) => grant?.server === server && grant.actions.includes(tool),
    )
    return names ? null : unproven('no grant of the root names this kind')
  }
  // The words are not in the log: that they name the kind is the issuer's word.
  const said = instruction.names === 'text' && root.payload._sd?.includes(instruction.commit ?? '') === true
  return said ? null : unproven('the root has no such instruction')
}

function rootOf(crypto: Crypto, history: History, jti: string, index: number): Root | null {
  const issued = history.delegations.get(jti)
  const segment = history.segments.get(issued?.entry.body.segment ?? '')?.entry.body.segment
  if (issued === undefined || issued.index >= index || segment === undefined) return null
  try {
    const [root] = parsePresentation(segment).segments
    const { payload } = parseJws(root?.jwt ?? '')
    if (!isRootPayload(payload) || root === undefined) return null
    const digests = payload.authorization_details.map((one) => one['...'])
    const { grants } = resolveDisclosures(crypto, root.disclosures, digests, payload._sd ?? [])
    const principal = payload.gestures.find(({ role }) => role === 'principal')?.rev ?? null
    return { payload, grants, principal }
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
