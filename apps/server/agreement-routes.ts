/** The two resources by which a person approves what another proposed: what is signed, and the gesture over it. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import type { Schema } from '../../src/ports/schema.ts'
import type { GestureParts, RegistryContext } from '../../src/registry/context.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts, idParam } from './schemas.ts'

type Noun = 'notice' | 'basis' | 'manager'

export interface Agreement {
  readonly path: string
  readonly noun: Noun
  readonly approvalOf: (
    ctx: RegistryContext,
    db: Kysely<Schema>,
    id: string,
    approver: string,
  ) => Promise<{ readonly act: Readonly<Record<string, string | number>>; readonly challenge: string }>
  readonly approve: (
    ctx: RegistryContext,
    approver: string,
    id: string,
    parts: GestureParts,
  ) => Promise<{ acted_alone: boolean }>
}

export function agreementRoutes(app: App, ctx: ServerContext, agreement: Agreement): void {
  const { path, noun, approvalOf, approve } = agreement
  const { store } = ctx.registry
  const act = z.object({
    act: z.literal(`${noun}.approve`),
    [noun]: z.string(),
    proposal: z.int(),
    approver: z.string(),
  })

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{id}/approval`,
      summary: `What the caller signs to approve the ${noun}`,
      middleware: who(ctx, 'person'),
      request: { params: idParam },
      responses: answers('The act and its challenge', z.object({ act, challenge: z.string() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const approver = callerId(c, 'person')
      const { act: shown, challenge } = await store.query((db) => approvalOf(ctx.registry, db, id, approver))
      return c.json({ act: shown as z.infer<typeof act>, challenge }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/{id}/approve`,
      summary: `Approve the ${noun} with a gesture: it is in force from then on`,
      middleware: who(ctx, 'person'),
      request: { params: idParam, body: body(gestureParts) },
      responses: answers('Approved', z.object({ acted_alone: z.boolean() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await approve(ctx.registry, callerId(c, 'person'), id, c.req.valid('json')), 200)
    },
  )
}
