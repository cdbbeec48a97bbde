/**
 * The two routes of whatever takes a gesture: one shows the caller the act that they sign, the other takes the gesture.
 * spec/api.md. What a second person approves brings the terms of its register (src/registry/gestures.ts).
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import type { GestureParts } from '../../src/registry/context.ts'
import {
  approvalOf,
  approve,
  type ApprovalAct,
  type ApprovalKey,
  type ApprovalTerms,
  type ApprovalType,
  type Asked,
} from '../../src/registry/gestures.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts } from './schemas.ts'

/** What is sent, where its members are known to the caller alone. */
type Json = Record<string, unknown>
/** An object, by a schema that has exactly its members. */
type Schema<T> = z.ZodObject & z.ZodType<T>

interface Said<K, A> {
  /** Of what is signed for: `/v1/labels/proposals/{id}`. */
  readonly path: string
  readonly params: Schema<K>
  readonly act: Schema<A>
  /** What each route does, in a line. */
  readonly show: string
  readonly take: string
}

/** Where the two lie below the path. */
interface Ends {
  readonly show: string
  readonly take: string
}

interface Gestured<K, A, R> extends Said<K, A> {
  readonly ends: Ends
  readonly answer: { readonly description: string; readonly schema: Schema<R> }
  readonly shown: (person: string, key: K) => Promise<Asked<A>>
  readonly taken: (person: string, key: K, parts: GestureParts) => Promise<R>
}

export function gestureRoutes<K extends object, A extends object, R extends object>(
  app: App,
  ctx: ServerContext,
  said: Gestured<K, A, R>,
): void {
  const operator = who(ctx, 'person')
  const params: z.ZodObject = said.params
  const act: z.ZodObject = said.act
  const answer: z.ZodObject = said.answer.schema

  app.openapi(
    createRoute({
      method: 'get',
      path: `${said.path}/${said.ends.show}`,
      summary: said.show,
      middleware: operator,
      request: { params },
      responses: answers('The act and its challenge', z.object({ act, challenge: z.string() })),
    }),
    async (c) => {
      const key = c.req.valid('param') as K
      const asked = await said.shown(callerId(c, 'person'), key)
      return c.json({ act: asked.act as Json, challenge: asked.challenge }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${said.path}/${said.ends.take}`,
      summary: said.take,
      middleware: operator,
      request: { params, body: body(gestureParts) },
      responses: answers(said.answer.description, answer),
    }),
    async (c) => {
      const key = c.req.valid('param') as K
      const taken = await said.taken(callerId(c, 'person'), key, c.req.valid('json'))
      return c.json(taken as Json, 200)
    },
  )
}

/** `…/approval` and `…/approve` of what one person proposes and another approves. */
export function secondPersonRoutes<T extends ApprovalType, K extends ApprovalKey>(
  app: App,
  ctx: ServerContext,
  terms: ApprovalTerms<T, K>,
  {
    ends = { show: 'approval', take: 'approve' },
    done = 'Approved',
    ...said
  }: Said<K, ApprovalAct<T>> & { readonly ends?: Ends; readonly done?: string },
): void {
  gestureRoutes(app, ctx, {
    ...said,
    ends,
    answer: { description: done, schema: z.object({ acted_alone: z.boolean() }) },
    shown: (person, key) => approvalOf(ctx.registry, terms, person, key),
    async taken(person, key, parts) {
      const { acted_alone } = await approve(ctx.registry, terms, person, key, parts)
      return { acted_alone }
    },
  })
}
