/** Folds of delegations, their segments, access tokens and revocations. spec/registers.md. @module */
import { canonicalize } from '../../core/json.ts'
import { seconds } from '../../core/time.ts'
import type { Handle } from '../../token/handles.ts'
import { agentOfSegment } from '../../token/segment.ts'
import { countDelegation } from '../emergencies.ts'
import { forgetOver } from '../exchanges.ts'
import { fileUnder } from '../personal.ts'
import { subjectOfSegment } from '../segments.ts'
import { recordHandles } from '../statuses.ts'
import { segmentFacts, type SegmentFacts } from './chains.ts'
import { CLAIM, committed } from './commitments.ts'
import type { At, Folds } from './state.ts'
import { dropRecovery } from '../passkey-rows.ts'

/** Hops a chain has at most, and its root: what follows parents must end. */
const SEGMENTS_OF_CHAIN_MAX = 16

export const delegationFolds: Folds = {
  'chain.segment': async (at, { body }) => {
    const { db, crypto, state } = at
    const { id, parent, segment } = body
    const above = parent === null ? null : await subjectOfSegment(at, parent)
    const subject = above ?? id
    await db
      .insertInto('segments')
      .values({ id, subject, agent: agentOfSegment(segment), parent, entry: at.index })
      .execute()
    // Of another issuer, unless the delegation that it is the root of comes next.
    if (subject === id) await fileUnder(at, { id, owner: null, first: at.index })
    const facts = segmentFacts(crypto, parent, segment)
    if (facts !== null) state.segments.set(id, facts)
    state.lastSegment = { id, text: segment }
  },
  'delegation.issued': async (at, { actor, body }) => {
    const { jti, agent, exp, segment } = body
    const { lastSegment: last } = at
    // Without its segment the row says so: an empty chain is none.
    const chain = last?.id === segment ? last.text : ''
    await at.db
      .insertInto('delegations')
      .values({ jti, agent, principal: actor.id, exp, chain, issued: at.time_ms, revoked: 0 })
      .execute()
    if (body.emergency !== undefined) await countDelegation(at.db, body.emergency)
    await at.db.updateTable('segments').set({ subject: jti }).where('id', '=', segment).execute()
    await at.db.deleteFrom('subjects').where('id', '=', segment).execute()
    await fileUnder(at, { id: jti, owner: actor.id, first: at.index })
    const facts = at.segments.get(segment)
    if (facts === undefined) return
    for (const commitment of facts.claims) await committed(at, jti, CLAIM, commitment)
    if (facts.status !== null)
      await at.db
        .insertInto('statuses')
        .values({ ...facts.status, jti })
        .execute()
    await recordHandles(at, jti, facts.handles)
  },
  'token.exchanged': async (at, { body }) => {
    const { jti, delegation, agent, exp, segment } = body
    await forgetOver(at, seconds(at.time_ms))
    await at.db.insertInto('exchanges').values({ jti, delegation, agent, exp, revoked: 0 }).execute()
    await recordHandles(at, jti, handlesOf(at, segment))
  },
  'token.revoked': async ({ db }, { subject = '' }) => {
    await db.updateTable('exchanges').set({ revoked: 1 }).where('jti', '=', subject).execute()
  },
  revocation: async (at, { body }) => {
    const { frame, sig, target } = body
    const { seq, kind, handle } = frame
    await at.db
      .insertInto('frames')
      .values({ seq, kind, handle, frame_json: canonicalize(frame), sig })
      .execute()
    if (kind === 'delegation')
      await at.db.updateTable('delegations').set({ revoked: 1 }).where('jti', '=', handle).execute()
    if (kind === 'key')
      await at.db.updateTable('agent_keys').set({ revoked: 1 }).where('jkt', '=', handle).execute()
    if (kind !== 'person') return
    await at.db.updateTable('people').set({ status: 'left' }).where('id', '=', target).execute()
    await dropRecovery(at.db, target)
  },
}

/** Of the whole chain, root first. */
function handlesOf({ segments }: At, last: string): Handle[] {
  const handles: Handle[] = []
  let at: string | null = last
  for (let n = 0; at !== null && n < SEGMENTS_OF_CHAIN_MAX; n++) {
    const facts: SegmentFacts | undefined = segments.get(at)
    handles.unshift(...(facts?.handles ?? []))
    at = facts?.parent ?? null
  }
  return handles
}
