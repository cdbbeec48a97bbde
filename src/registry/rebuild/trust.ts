/** Folds of the log's first entry, issuer keys, other issuers and templates. spec/registers.md. @module */
import type { Kysely } from 'kysely'
import { canonicalize } from '../../core/json.ts'
import { publicJwk } from '../../core/jwk.ts'
import type { Entry } from '../../log/entries.ts'
import type { Schema } from '../../ports/schema.ts'
import { recordFirstFrameKey } from '../frame-ring.ts'
import { ROTATED } from '../issuer-keys.ts'
import { NAME as TRUST_SEQ, trustSeq } from '../trust-seq.ts'
import { setMeta, type At, type Folds } from './state.ts'

export const trustFolds: Folds = {
  'log.created': async ({ state }, { body }) => {
    state.settings = body
  },
  'key.created': async (at, { body }) => {
    const { use, kid, jwk } = body
    if (use !== 'issuer') {
      at.kids[use] = kid
      if (use === 'frame') await recordFirstFrameKey(at.crypto, at.db, publicJwk(jwk))
      return
    }
    await at.db
      .updateTable('issuer_keys')
      .set({ status: 'verifying' })
      .where('status', '=', 'current')
      .execute()
    const row = { kid, jwk_json: canonicalize({ ...jwk }), status: 'current' as const, retired_at: null }
    await at.db.insertInto('issuer_keys').values(row).execute()
    await setMeta(at.db, ROTATED, String(at.time_ms))
    await countTrust(at.db)
  },
  'key.retired': async ({ db }, { body }) => {
    const { kid, retired_at } = body
    await db
      .updateTable('issuer_keys')
      .set({ status: 'retired', retired_at })
      .where('kid', '=', kid)
      .execute()
    await countTrust(db)
  },
  'key.compromised': async ({ db }, { body }) => {
    await db.updateTable('issuer_keys').set({ status: 'compromised' }).where('kid', '=', body.kid).execute()
    await countTrust(db)
  },
  'issuer.proposed': async ({ db, index }, { subject = '', actor, body }) => {
    const { issuer } = body
    await replaceIssuer(db, 'proposed', issuer.iss)
    await db
      .insertInto('issuers')
      .values({
        id: subject,
        iss: issuer.iss,
        status: 'proposed',
        issuer_json: canonicalize(issuer),
        proposer: actor.id,
        proposal: index,
        approval: null,
      })
      .execute()
  },
  'issuer.trusted': async ({ db, index }, { subject = '', body }) => {
    await replaceIssuer(db, 'trusted', body.act.issuer.iss)
    await db
      .updateTable('issuers')
      .set({ status: 'trusted', approval: index })
      .where('id', '=', subject)
      .execute()
    await countTrust(db)
  },
  'issuer.dropped': async ({ db }, { body }) => {
    await db
      .updateTable('issuers')
      .set({ status: 'dropped' })
      .where('iss', '=', body.iss)
      .where('status', 'in', ['proposed', 'trusted'])
      .execute()
    await countTrust(db)
  },
}

async function countTrust(db: Kysely<Schema>): Promise<void> {
  await setMeta(db, TRUST_SEQ, String((await trustSeq(db)) + 1))
}

async function replaceIssuer(db: Kysely<Schema>, status: 'proposed' | 'trusted', iss: string): Promise<void> {
  await db
    .updateTable('issuers')
    .set({ status: 'replaced' })
    .where('iss', '=', iss)
    .where('status', '=', status)
    .execute()
}

export const templateFolds: Folds = {
  'template.preset': (at, entry) => insertTemplate(at, entry, at.index),
  'template.proposed': (at, entry) => insertTemplate(at, entry, null),
  'template.approved': async ({ db, index }, { subject = '' }) => {
    const row = await db.selectFrom('templates').select('class').where('id', '=', subject).executeTakeFirst()
    await db
      .updateTable('templates')
      .set({ status: 'replaced' })
      .where('class', '=', row?.class ?? '')
      .where('status', '=', 'active')
      .execute()
    await db
      .updateTable('templates')
      .set({ status: 'active', approval: index })
      .where('id', '=', subject)
      .execute()
  },
}

async function insertTemplate(
  { db, index }: At,
  { subject = '', actor, body }: Entry<'template.preset' | 'template.proposed'>,
  approval: number | null,
): Promise<void> {
  const { template } = body
  await db
    .insertInto('templates')
    .values({
      id: subject,
      class: template.class,
      status: approval === null ? 'proposed' : 'active',
      template_json: canonicalize(template),
      proposer: actor.id,
      proposal: index,
      approval,
    })
    .execute()
}
