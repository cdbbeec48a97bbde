/** What a data subject gives and withdraws in their own browser. spec/consent.md (CNS-12 to CNS-15). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { consentRecordSchema, giveAct, type ConsentRecord } from '../../src/core/consent.ts'
import { newId } from '../../src/core/ids.ts'
import { seconds } from '../../src/core/time.ts'
import { giveConsent, withdrawConsent } from '../../src/registry/consents.ts'
import { findSubject, subjectActor } from '../../src/registry/data-subjects.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { findNotice } from '../../src/registry/notices.ts'
import { consentsThrough } from '../../src/registry/subject-view.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { term } from './consent-schemas.ts'
import type { App, ServerContext } from './context.ts'
import { anyone } from './middleware.ts'
import { acknowledged } from './routes-revocations.ts'
import { answers, body, framesAnswer, gestureParts } from './schemas.ts'
import { subjectOf, whoIsIn, type SubjectSessions } from './subject-sessions.ts'

const wanted = z.strictObject({
  notice: z.string().max(64),
  purposes: z.array(term).min(1).max(16),
  explicit: z.literal(true).exactOptional(),
  /** Days from now. */
  days: z.int().min(1).max(3660),
})

export function ownConsentRoutes(app: App, ctx: ServerContext, sessions: SubjectSessions): void {
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/consents/draft',
      summary: 'The record that their gesture would be over; nothing is kept of it',
      middleware: anyone(),
      request: { body: body(wanted) },
      responses: answers(
        'The record and the challenge',
        z.object({ record: consentRecordSchema, challenge: z.string() }),
      ),
    }),
    async (c) => {
      const subject = subjectOf(c, sessions)
      const record = await draft(ctx, subject, c.req.valid('json'))
      return c.json({ record, challenge: challengeOf(registry.crypto, ACT_TAG, giveAct(record)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/consents',
      summary: 'Give consent, with a gesture over the record',
      middleware: anyone(),
      request: { body: body(z.strictObject({ record: consentRecordSchema, gesture: gestureParts })) },
      responses: answers('Given', z.object({ consent: z.string(), entry: z.int() })),
    }),
    async (c) => {
      const subject = subjectOf(c, sessions)
      const { record, gesture: parts } = c.req.valid('json')
      if (record.subject !== subject)
        throw new RegistryError('CONSENT_SUBJECT_MISMATCH', 'this record is of another data subject')
      return c.json(
        await giveConsent(registry, subjectActor(subject), record, { type: 'passkey', parts }),
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/withdraw',
      summary: 'Withdraw a consent, or some of its purposes: no gesture is asked for',
      middleware: anyone(),
      request: {
        body: body(
          z.strictObject({ consent: z.string().max(64), purposes: z.array(term).min(1).max(16).nullable() }),
        ),
      },
      responses: answers('Committed', framesAnswer),
    }),
    async (c) => {
      const { subject, through } = whoIsIn(c, sessions)
      const { consent, purposes } = c.req.valid('json')
      const isOwn = (await registry.store.query((db) => consentsThrough(db, subject, through))).some(
        ({ id }) => id === consent,
      )
      if (!isOwn) throw new RegistryError('UNKNOWN_CONSENT', 'no such consent of yours')
      const said = { consent, purposes, by: 'subject' as const, reason: 'withdrawn' }
      return c.json(
        await acknowledged(ctx, await withdrawConsent(registry, subjectActor(subject), said)),
        200,
      )
    },
  )
}

async function draft(
  ctx: ServerContext,
  subject: string,
  { notice: id, purposes, explicit, days }: z.infer<typeof wanted>,
): Promise<ConsentRecord> {
  const { crypto, store } = ctx.registry
  const now_ms = ctx.clock.now()
  const { notice } = await store.query((db) => findNotice(db, id))
  const { jurisdiction } = await store.query((db) => findSubject(db, subject))
  const given_at = seconds(now_ms)
  return {
    v: 1,
    consent: newId(crypto, 'cns', now_ms),
    subject,
    rev: newId(crypto, 'rev', now_ms),
    notice: id,
    language: notice.language,
    jurisdiction,
    purposes,
    categories: notice.categories,
    ...(explicit === undefined ? {} : { explicit }),
    given_at,
    expires: given_at + days * 86_400,
  }
}
