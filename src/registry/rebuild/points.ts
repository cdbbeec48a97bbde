/** Folds of enforcement points and their receipts. spec/registers.md. @module */
import { canonicalize } from '../../core/json.ts'
import { thumbprint } from '../../core/jwk.ts'
import { receiptHash } from '../../log/receipt.ts'
import { recordDisclosures } from '../disclosures.ts'
import { recordDebits, recordEpochEnd } from '../ledgers.ts'
import { fileUnder } from '../personal.ts'
import { subjectOfSegment } from '../segments.ts'
import { committed } from './commitments.ts'
import type { Folds } from './state.ts'

export const pointFolds: Folds = {
  'point.enrolled': async (at, { subject = '', body }) => {
    const { db, crypto } = at
    const { name = '', jwk, placement, servers } = body
    await db
      .insertInto('points')
      .values({
        id: subject,
        name,
        jkt: thumbprint(crypto, jwk),
        jwk_json: canonicalize({ ...jwk }),
        placement,
        servers_json: canonicalize(servers),
        epoch: 0,
        seq: 0,
        hash: '',
      })
      .execute()
    await fileUnder(at, { id: subject, owner: null, first: at.index })
  },
  'listener.added': async ({ db, index }, { subject = '', body }) => {
    const { kind, url, after } = body
    await db
      .insertInto('listeners')
      .values({
        id: subject,
        kind,
        url,
        added: index,
        after,
        removed: null,
        token_hash: null,
        secret_box: null,
      })
      .execute()
  },
  'listener.removed': async ({ db, index }, { subject = '' }) => {
    await db.updateTable('listeners').set({ removed: index }).where('id', '=', subject).execute()
  },
  'source.added': async ({ db, index }, { subject = '', body }) => {
    const row = { id: subject, ...body, added: index, removed: null, token_hash: null }
    await db.insertInto('sources').values(row).execute()
  },
  'source.removed': async ({ db, index }, { subject = '' }) => {
    await db.updateTable('sources').set({ removed: index }).where('id', '=', subject).execute()
  },
  'point.epoch_opened': async ({ db, streams }, { subject = '', body }) => {
    await recordEpochEnd(db, subject)
    streams.set(subject, { epoch: body.epoch, seq: 0, hash: '' })
  },
  receipt: async (at, { body }) => {
    const { db, crypto, streams } = at
    const { point, epoch, seq } = body
    const hash = receiptHash(crypto, body)
    await db.insertInto('receipts').values({ point, epoch, seq, hash }).execute()
    await recordDebits(db, [body])
    await recordDisclosures(db, at.index, body)
    const stream = streams.get(point)
    // One that fills a gap moves nothing.
    if (stream?.epoch === epoch && stream.seq < seq) streams.set(point, { epoch, seq, hash })
    if (!at.withCommitments || body.kind !== 'decision' || body.args_commit === null) return
    const subject = (body.chain === null ? null : await subjectOfSegment(at, body.chain)) ?? point
    await committed(at, subject, 'args', body.args_commit)
  },
}
