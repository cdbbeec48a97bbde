/** Consents: given by a manager or imported, reviewed, withdrawn, exported. spec/consent.md (CNS-12 to CNS-17, CNS-31). @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { consentExportSchema } from '../../src/core/consent-export.ts'
import { consentProofSchema, consentRecordSchema } from '../../src/core/consent.ts'
import { categoryTerms, DPV_VERSION, purposeTerms } from '../../src/core/dpv.ts'
import type { Actor } from '../../src/log/entries.ts'
import { cascadesOf } from '../../src/registry/cascade.ts'
import {
  consentsOf,
  findConsent,
  giveConsent,
  withdrawConsent,
  type Consent,
} from '../../src/registry/consents.ts'
import { personActor } from '../../src/registry/context.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { makeLink } from '../../src/registry/subject-links.ts'
import { findEnrolled } from '../../src/registry/people.ts'
import { consentView, exportOf } from '../../src/registry/subject-view.ts'
import { cascadeShown, consentShown, term } from './consent-schemas.ts'
import { callerId, type App, type AppEnv, type ServerContext } from './context.ts'
import { pinnedOrigin } from './links.ts'
import { standing, who } from './middleware.ts'
import { acknowledged } from './routes-revocations.ts'
import { answers, body, framesAnswer, idParam, reason } from './schemas.ts'

const [, managed, imported] = consentProofSchema.options
const given = z.object({ consent: z.string(), entry: z.int().nonnegative() })

export function managerActor(id: string): Actor {
  return { kind: 'manager', id }
}

export function consentRoutes(app: App, ctx: ServerContext): void {
  giveRoutes(app, ctx)
  reviewRoutes(app, ctx)
  withdrawRoutes(app, ctx)
}

function giveRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/consents',
      summary: 'A consent that a manager signed, or that is taken over from another system',
      middleware: standing(ctx, 'person', 'manager'),
      request: {
        body: body(
          z.strictObject({
            record: consentRecordSchema,
            proof: z.discriminatedUnion('type', [imported, managed.pick({ type: true, sig: true })]),
          }),
        ),
      },
      responses: answers('Given', given),
    }),
    async (c) => {
      const { record, proof } = c.req.valid('json')
      if (proof.type === 'manager') {
        const manager = callerId(c, 'manager')
        return c.json(await giveConsent(registry, managerActor(manager), record, { ...proof, manager }), 200)
      }
      const person = callerId(c, 'person')
      return c.json(await giveConsent(registry, personActor(person), record, proof), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/consent-terms',
      summary: 'Purposes and categories that consents, notices, bases and grants may name',
      middleware: standing(ctx, 'person', 'manager'),
      responses: answers(
        'Terms of the Data Privacy Vocabulary',
        z.object({ version: z.string(), purposes: z.array(z.string()), categories: z.array(z.string()) }),
      ),
    }),
    (c) => c.json({ version: DPV_VERSION, purposes: purposeTerms(), categories: categoryTerms() }, 200),
  )
}

/** A manager sees and withdraws what it gave itself. @throws {RegistryError} `UNKNOWN_CONSENT` */
async function mine(ctx: ServerContext, c: Context<AppEnv>, id: string): Promise<Consent> {
  const caller = c.get('caller')
  const found = await ctx.registry.store.query((db) => findConsent(db, id))
  if (caller.kind === 'manager' && found.manager !== caller.id)
    throw new RegistryError('UNKNOWN_CONSENT', 'no such consent of yours')
  return found
}

function reviewRoutes(app: App, ctx: ServerContext): void {
  const { store } = ctx.registry
  const reader = standing(ctx, 'person', 'manager')

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/data-subjects/{id}/consents',
      summary: 'Consents of a data subject: for a manager those that it gave',
      middleware: reader,
      request: { params: idParam },
      responses: answers('Consents', z.object({ consents: z.array(consentShown) })),
    }),
    async (c) => {
      const caller = c.get('caller')
      const { id } = c.req.valid('param')
      const consents = await store.query(async (db) => {
        const all = (await consentsOf(db, id)).filter(
          ({ manager }) => caller.kind !== 'manager' || manager === caller.id,
        )
        return Promise.all(all.map((one) => consentView(db, one, ctx.clock.now())))
      })
      return c.json({ consents }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/consents/{id}/export',
      summary: 'A consent as ISO/IEC TS 27560 arranges its record',
      middleware: reader,
      request: { params: idParam },
      responses: answers('The record', consentExportSchema),
    }),
    async (c) => {
      const one = await mine(ctx, c, c.req.valid('param').id)
      const where = `${pinnedOrigin(ctx)}/subject`
      return c.json(await store.query((db) => exportOf(db, one, ctx.clock.now(), where)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/consents/{id}/cascades',
      summary: 'What each withdrawal of a consent reached, and when',
      middleware: reader,
      request: { params: idParam },
      responses: answers('Reports', z.object({ cascades: z.array(cascadeShown) })),
    }),
    async (c) => {
      const { id } = await mine(ctx, c, c.req.valid('param').id)
      await ctx.hub.acks.write()
      const cascades = await store.query((db) => cascadesOf(ctx.registry, db, { consent: id }))
      return c.json({ cascades }, 200)
    },
  )
}

function withdrawRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/consents/{id}/withdraw',
      summary: 'Withdraw a consent, or some of its purposes; idempotent. Points deny within the bound',
      middleware: who(ctx, 'person', 'manager'),
      request: {
        params: idParam,
        body: body(z.strictObject({ purposes: z.array(term).min(1).max(16).nullable(), reason })),
      },
      responses: answers('Committed', framesAnswer),
    }),
    async (c) => {
      const { id } = await mine(ctx, c, c.req.valid('param').id)
      const caller = c.get('caller')
      // A manager that was removed may still withdraw what it gave (CNS-13).
      if (caller.kind === 'person') await registry.store.query((db) => findEnrolled(db, caller.id))
      const by = caller.kind === 'manager' ? ('manager' as const) : ('person' as const)
      const actor = by === 'manager' ? managerActor(caller.id) : personActor(callerId(c, 'person'))
      const frames = await withdrawConsent(registry, actor, { consent: id, by, ...c.req.valid('json') })
      return c.json(await acknowledged(ctx, frames), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/consents/{id}/links',
      summary:
        'A link to the page of the subject who gave a manager this consent, good once and for 15 minutes',
      middleware: standing(ctx, 'manager'),
      request: { params: idParam },
      responses: answers('The link', z.object({ url: z.string(), expires: z.int() })),
    }),
    async (c) => {
      const { record } = await mine(ctx, c, c.req.valid('param').id)
      const { secret, expires } = await makeLink(registry, record.subject, callerId(c, 'manager'))
      return c.json({ url: `${pinnedOrigin(ctx)}/subject#${secret}`, expires }, 200)
    },
  )
}
