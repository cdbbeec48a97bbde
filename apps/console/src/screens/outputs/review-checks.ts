/**
 * What is checked before a passkey is asked for at the review desk, and the signing. spec/outputs.md (OUT-11).
 * Invariant: nothing is signed that was not shown.
 * @module
 */
import { canonicalize, challengeOf } from '../../../../server/pages/shown.js'
import { endOf as endOfFault } from '../../../../server/pages/review-ends.js'
import { api, ApiFault, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { assertion, PasskeyError } from '../../gesture/passkey.ts'
import type { Session } from '../../session/session.ts'
import type { words } from '../../words/words.ts'
import type { About } from './output-queries.ts'

const TAGS = { attest: 'countersign-act-v1', approve: 'countersign-approval-v1' }
const STATEMENT_TAG = 'countersign-attestation-v1'

export type End = keyof (typeof words)['outputs']['ends']
type Draft = paths['/v1/outputs/{id}/attestations']['post']['responses'][200]['content']['application/json']

/** Whether what is shown is what is digested: text and JSON are shown as their very form (ATT-3). */
export async function isContent(content: string, subject: About['subject']): Promise<boolean> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content))
  const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return subject.some((one) => one.digest.sha256 === sha256)
}

/** Whether the act is over this statement, and the statement about what is shown (ATT-6). */
async function isOf({ statement, act }: Draft, { output, subject }: About): Promise<boolean> {
  const {
    act: _,
    gesture: __,
    ...predicate
  } = statement.predicate as Draft['statement']['predicate'] & {
    act?: unknown
    gesture?: unknown
  }
  const digest = await challengeOf(STATEMENT_TAG, { ...statement, predicate })
  return (
    act.statement === digest &&
    predicate.output.id === output.id &&
    canonicalize(statement.subject) === canonicalize(subject) &&
    ('act' in act ? act.output === output.id : act.decision === 'approve')
  )
}

/** Drafts, checks, asks the passkey, seals. @throws {PasskeyError}, {ApiFault} */
export async function attest(
  session: Session,
  about: About,
  review: string,
): Promise<'issued' | 'flagged' | 'missed'> {
  await see(review)
  const draft = await said(
    api.POST('/v1/outputs/{id}/attestations', { params: { path: { id: about.output.id } } }),
  )
  if (!(await isOf(draft, about))) throw new PasskeyError('mismatch')
  const { act, attestation } = draft
  const challenge = await challengeOf('act' in act ? TAGS.attest : TAGS.approve, act)
  const { gesture } = await assertion(session.place, challenge, session.person.credential_ids)
  const { outcome } = await said(
    api.POST('/v1/attestations/{id}/seal', { params: { path: { id: attestation } }, body: gesture }),
  )
  return outcome === 'seed' ? 'missed' : outcome
}

/** Says that it is in view. @returns for how long it was, milliseconds */
export async function see(review: string): Promise<number> {
  const answer = await said(api.POST('/v1/reviews/{id}/view', { params: { path: { id: review } } }))
  return answer.in_view_ms
}

export async function turnDown(review: string): Promise<'refused' | 'caught'> {
  const { seed } = await said(api.POST('/v1/reviews/{id}/refuse', { params: { path: { id: review } } }))
  return seed ? 'caught' : 'refused'
}

/** How the desk ends by a fault; null: it can be tried again. */
export function endOf(error: unknown): End | null {
  if (!(error instanceof ApiFault)) return null
  const end = endOfFault(error) as string
  return end === 'own' || end === 'erased' || end === 'over' ? end : null
}
