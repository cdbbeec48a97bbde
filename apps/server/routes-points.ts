/** Enforcement points: enrolment by operators, and what a point does with its own key. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { JsonValue } from '../../src/core/json.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { toolLabelSchema } from '../../src/core/label.ts'
import { SERVERS_MAX } from '../../src/log/entry-bodies.ts'
import { receiptSchema, signedHeadSchema } from '../../src/log/receipt.ts'
import { personActor } from '../../src/registry/context.ts'
import { trustList } from '../../src/registry/issuers.ts'
import { enrolPoint, findPoint, listPoints, openEpoch, serversOf } from '../../src/registry/points.ts'
import { RECEIPTS_MAX, takeReceipts } from '../../src/registry/receipts.ts'
import { labelsInForce } from '../../src/registry/label-rows.ts'
import { listTools } from '../../src/registry/tools.ts'
import type { Tool } from '../../src/registry/tool-rows.ts'
import { signedTrustListSchema } from '../../src/revoke/trust-list.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { RECEIPTS_PATH, who } from './middleware.ts'
import { toolAnswer } from './routes-people.ts'
import { answers, body, digest, jwk, name } from './schemas.ts'

/** Segments in one batch: a root and 8 hops for a good number of chains. */
const SEGMENTS_MAX = 256

const placement = z.enum(['in_process', 'gateway', 'tool_side'])
/** Absent: nobody labelled it (LBL-5). */
const guardedTool = toolAnswer.extend({ label: toolLabelSchema.exactOptional() })
const pointAnswer = z.object({
  id: z.string(),
  name: z.string(),
  jkt: z.string(),
  jwk,
  placement,
  servers: z.array(z.string()),
  epoch: z.int(),
  seq: z.int(),
})

export function pointRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points',
      summary: 'Enrol an enforcement point; with `id`, a guest that another control plane named (KEY-9)',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            id: z.string().max(64).exactOptional(),
            name,
            jwk,
            placement,
            servers: z.array(name).min(1).max(SERVERS_MAX),
          }),
        ),
      },
      responses: answers('Enrolled', z.object({ point: z.string() })),
    }),
    async (c) => {
      const input = c.req.valid('json')
      const actor = personActor(callerId(c, 'person'))
      return c.json(await enrolPoint(ctx.registry, actor, { ...input, jwk: publicJwk(input.jwk) }), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points',
      summary: 'Enforcement points',
      middleware: operator,
      responses: answers('Points', z.object({ points: z.array(pointAnswer) })),
    }),
    async (c) => c.json({ points: await ctx.registry.store.query(listPoints) }, 200),
  )
  selfRoutes(app, ctx)
  receiptRoute(app, ctx)
}

function selfRoutes(app: App, ctx: ServerContext): void {
  const point = who(ctx, 'point')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/epochs',
      summary: 'Open a new epoch of receipts',
      middleware: point,
      request: {
        body: body(z.strictObject({ reason: z.enum(['first', 'empty', 'unreadable', 'refused']) })),
      },
      responses: answers('Opened', z.object({ epoch: z.int() })),
    }),
    async (c) => c.json(await openEpoch(ctx.registry, callerId(c, 'point'), c.req.valid('json').reason), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/trust',
      summary: 'The signed list of whom the point trusts (KEY-6)',
      middleware: point,
      responses: answers('The list', signedTrustListSchema),
    }),
    async (c) => c.json(await trustList(ctx.registry, ctx.clock.now()), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/tools',
      summary: 'The tools of the servers that the point guards',
      middleware: point,
      responses: answers(
        'Tools',
        z.object({ point: z.string(), servers: z.array(z.string()), tools: z.array(guardedTool) }),
      ),
    }),
    async (c) => {
      const answer = await ctx.registry.store.query(async (db) => {
        const row = await findPoint(db, callerId(c, 'point'))
        const servers = serversOf(row)
        // Points hash what is listed to them: the texts are for people.
        const labels = await labelsInForce(db, servers)
        const tools = (await listTools(db, servers)).map((tool) => {
          const label = labels.get(tool.id)?.label
          return label === undefined ? withoutText(tool) : { ...withoutText(tool), label }
        })
        return { point: row.id, servers, tools }
      })
      return c.json(answer, 200)
    },
  )
}

const openingInput = z.strictObject({
  args_commit: digest,
  action: z.string().max(64),
  salt: digest,
  /** The arguments, or null when the point keeps none. */
  args: z.unknown(),
})

function receiptRoute(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: RECEIPTS_PATH,
      summary: 'Ship receipts with their signed head; idempotent',
      middleware: who(ctx, 'point'),
      request: {
        body: body(
          z.strictObject({
            receipts: z.array(receiptSchema).max(RECEIPTS_MAX),
            head: signedHeadSchema,
            segments: z
              .array(
                z.strictObject({ id: digest, parent: digest.nullable(), segment: z.string().max(41_000) }),
              )
              .max(SEGMENTS_MAX),
            openings: z.array(openingInput).max(RECEIPTS_MAX),
          }),
        ),
      },
      responses: answers(
        'Durable up to here',
        z.object({
          acknowledged: z.object({ epoch: z.int(), seq: z.int() }),
          recalled: z.array(z.string()),
          now_ms: z.int(),
        }),
      ),
    }),
    async (c) => {
      const { openings, ...rest } = c.req.valid('json')
      const opened = openings.map((one) => ({ ...one, args: (one.args ?? null) as JsonValue }))
      const batch = { ...rest, openings: opened }
      const { recalled, now_ms, ...acknowledged } = await takeReceipts(
        ctx.registry,
        callerId(c, 'point'),
        batch,
      )
      return c.json({ acknowledged, recalled: [...recalled], now_ms }, 200)
    },
  )
}

function withoutText({ id, system, server, tool, definition_hash, measures, resources }: Tool): Tool {
  const own = { id, system, server, tool, definition_hash, measures }
  return resources === undefined ? own : { ...own, resources }
}
