/** Folds of outputs, reviews and attestations. spec/registers.md, spec/attestation.md. @module */
import {
  endAttestation,
  insertOutput,
  insertReview,
  putAttestation,
  putRelease,
  revealSeed,
  settleReview,
} from '../output-rows.ts'
import { outputPolicies } from '../output-policies.ts'
import { fileUnder } from '../personal.ts'
import { committed } from './commitments.ts'
import type { Folds } from './state.ts'

export const attestationFolds: Folds = {
  'output_policy.proposed': ({ db, index }, { subject = '', actor, body }) =>
    outputPolicies.insert(db, { id: subject, policy: body.policy, proposer: actor.id, proposal: index }),
  'output_policy.approved': ({ db, index }, { subject = '' }) => outputPolicies.settle(db, subject, index),
  'output.registered': async (at, { subject = '', actor, body, commitments = {} }) => {
    const { digest = '', content = null } = commitments
    await insertOutput(
      at.db,
      {
        id: subject,
        entry: at.index,
        registrar: actor.id,
        registered: at.time_ms,
        digest_commit: digest,
        content_commit: content,
      },
      body,
    )
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'digest', digest)
    await committed(at, subject, 'content', content)
  },
  'output.released': ({ db, time_ms }, { subject = '' }) => putRelease(db, subject, time_ms),
  'review.opened': ({ db, time_ms }, { subject = '', actor, body }) =>
    insertReview(db, { id: subject, output: body.output, person: actor.id, opened: time_ms }),
  'review.decided': ({ db, time_ms }, { subject = '', body }) => settleReview(db, subject, body, time_ms),
  'attestation.issued': async (at, { subject = '', body, commitments = {} }) => {
    const { output, role, human } = body
    const { envelope = '', human: name = '' } = commitments
    const row = { id: subject, output, entry: at.index, role, human }
    await putAttestation(at.db, { ...row, envelope_commit: envelope, human_commit: name }, at.time_ms)
    await committed(at, output, 'envelope', envelope)
    const person = await at.db.selectFrom('people').select('id').where('rev', '=', human).executeTakeFirst()
    if (person !== undefined) await committed(at, person.id, 'human', name)
  },
  'attestation.withdrawn': ({ db, time_ms }, { subject = '' }) =>
    endAttestation(db, subject, 'withdrawn', time_ms),
  'attestation.disputed': ({ db, time_ms }, { subject = '' }) =>
    endAttestation(db, subject, 'disputed', time_ms),
  'seed.committed': async (at, { subject = '', body, commitments = {} }) => {
    const { seed = '' } = commitments
    await at.db
      .insertInto('seeds')
      .values({
        entry: at.index,
        id: subject,
        kind: body.kind,
        seed_commit: seed,
        output: null,
        outcome: null,
      })
      .execute()
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'seed', seed)
  },
  'seed.revealed': ({ db }, { subject = '', body }) => revealSeed(db, subject, body),
}
