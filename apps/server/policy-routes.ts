/** The routes of every kind of policy: propose, list, and what a second person signs. spec/api.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import type { Schema } from '../../src/ports/schema.ts'
import type { ApprovalTerms, ApprovalType } from '../../src/registry/gestures.ts'
import type { PolicyView } from '../../src/registry/policies.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

interface Register<P> {
  readonly approval: ApprovalTerms<ApprovalType>
  propose(ctx: RegistryContext, proposer: string, policy: P): Promise<{ policy: string; proposal: number }>
  list(db: Kysely<Schema>): Promise<PolicyView<P>[]>
}

interface PolicyRoutes<P> {
  /** `/v1/flow-policies` */
  readonly path: string
  /** `flow policy` */
  readonly words: string
  readonly act: string
  readonly schema: z.ZodType<P>
  /** Points read the list too. */
  readonly isForPoints?: boolean
  /** What the list says besides: the one in force. */
  readonly inForce?: {
    readonly schema: z.ZodType
    readonly read: (db: Kysely<Schema>) => Promise<unknown>
  }
}

export function policyRoutes<P>(
  app: App,
  ctx: ServerContext,
  register: Register<P>,
  { path, words, act, schema, inForce, isForPoints = false }: PolicyRoutes<P>,
): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const a = /^[aeiou]/.test(words) ? 'an' : 'a'

  app.openapi(
    createRoute({
      method: 'post',
      path,
      summary: `Propose ${a} ${words}, which another person approves`,
      middleware: operator,
      request: { body: body(schema) },
      responses: answers('Proposed', z.object({ policy: z.string(), proposal: z.int() })),
    }),
    async (c) => {
      const policy = c.req.valid('json' as never) as P
      return c.json(await register.propose(registry, callerId(c, 'person'), policy), 200)
    },
  )

  const view = z.object({
    id: z.string(),
    status: z.enum(['waiting', 'active', 'replaced']),
    proposer: z.string(),
    proposal: z.int(),
    approval: z.int().nullable(),
    policy: schema,
  })
  const listed: z.ZodObject = z.object({
    policies: z.array(view),
    ...(inForce === undefined ? {} : { in_force: inForce.schema }),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path,
      summary: `Each ${words}, newest first, with its status`,
      middleware: isForPoints ? who(ctx, 'person', 'point') : operator,
      responses: answers('Policies', listed),
    }),
    async (c) => {
      const found = await registry.store.query(async (db) => ({
        policies: await register.list(db),
        ...(inForce === undefined ? {} : { in_force: await inForce.read(db) }),
      }))
      return c.json(listed.parse(found), 200)
    },
  )

  secondPersonRoutes(app, ctx, register.approval, {
    path: `${path}/{id}`,
    params: idParam,
    act: z.object({
      act: z.literal(act),
      policy: z.string(),
      proposal: z.int(),
      approver: z.string(),
    }) as never,
    show: 'What the caller signs to approve the policy',
    take: `Approve ${a} ${words} with a gesture: it is in force from then on, in place of any before`,
  })
}
