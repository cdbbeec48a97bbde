/** Telemetry to and from outside: sources and their tokens, spans in, metrics out. spec/telemetry.md (TEL-15 to TEL-18). @module */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { totalsOf } from '../../src/observe/otlp/metrics.ts'
import { spansOfProtobuf } from '../../src/observe/otlp/protobuf.ts'
import { OTLP_BYTES_MAX, OtlpError, spansOfJson, toolCallOf } from '../../src/observe/otlp/seen.ts'
import { addSource, listSources, removeSource, sourceOf, type Source } from '../../src/registry/sources.ts'
import { takeSpans } from '../../src/registry/spans.ts'
import { callerId, type App, type AppEnv, type ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { fleetOf } from './fleet-view.ts'
import { OTLP_PATH, viewer, who } from './middleware.ts'
import { EXPOSITION, exposition } from './prometheus.ts'
import { answers, body, idParam, ok } from './schemas.ts'

const TOKEN = /^Bearer ([A-Za-z0-9_-]{16,128})$/i
const PROTOBUF = 'application/x-protobuf'
const kind = z.enum(['otlp', 'metrics'])

export function telemetryRoutes(app: App, ctx: ServerContext): void {
  sourceRoutes(app, ctx)

  app.post(OTLP_PATH, async (c) => {
    const source = await sourceOfRequest(ctx, c, 'otlp')
    if (source === null) return unauthorized(c)
    const isProtobuf = c.req.header('content-type')?.split(';')[0] === PROTOBUF
    const bytes = await unpacked(c)
    const seen = isProtobuf ? spansOfProtobuf(bytes) : spansOfJson(bytes)
    const calls = seen.flatMap((span) => toolCallOf(span) ?? [])
    const { refused } = await takeSpans(ctx.registry, source, calls)
    if (refused > 0) return c.text('too many spans wait', 429, { 'retry-after': '60' })
    // What is no tool call is accepted and not kept.
    if (isProtobuf) return c.body(null, 200, { 'content-type': PROTOBUF })
    return c.json({}, 200)
  })

  const reader = viewer(ctx)
  app.get('/metrics', async (c) => {
    const source = await sourceOfRequest(ctx, c, 'metrics')
    // Anybody who may read the log otherwise.
    if (source === null) await reader(c, () => Promise.resolve())
    const { store, iss } = ctx.registry
    const now_ms = await store.now()
    const text = await store.query(async (db) =>
      exposition(
        await totalsOf(db, 'agent'),
        await totalsOf(db, 'tool'),
        await fleetOf(db, iss, now_ms),
        await ctx.behind(),
      ),
    )
    return c.body(text, 200, { 'content-type': EXPOSITION, 'cache-control': 'no-store' })
  })
}

function unauthorized(c: Context<AppEnv>): Response {
  return c.text('a token of a telemetry source is needed', 401, { 'www-authenticate': 'Bearer' })
}

async function sourceOfRequest(
  ctx: ServerContext,
  c: Context<AppEnv>,
  of: Source['kind'],
): Promise<Source | null> {
  const [, token] = TOKEN.exec(c.req.header('authorization') ?? '') ?? []
  return token === undefined ? null : sourceOf(ctx.registry, of, token)
}

/** @throws {OtlpError} `OTLP_INVALID`: more than it may be, or not what it says */
async function unpacked(c: Context<AppEnv>): Promise<Uint8Array> {
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  const encoding = c.req.header('content-encoding') ?? 'identity'
  if (encoding === 'identity') return bytes
  if (encoding !== 'gzip') throw new OtlpError('OTLP_INVALID', 'a request is plain or gzip')
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: OTLP_BYTES_MAX })
  } catch (cause) {
    throw new OtlpError('OTLP_INVALID', 'the request is no gzip of a size that is taken', { cause })
  }
}

function sourceRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/telemetry/sources',
      summary: 'Let somebody hand in spans, or read metrics; the token is shown this once',
      middleware: operator,
      request: { body: body(z.strictObject({ kind, agent: z.string().max(64).nullable() })) },
      responses: answers('Added', z.object({ source: z.string(), token: z.string() })),
    }),
    async (c) => {
      const input = c.req.valid('json')
      if (input.kind === 'metrics' && input.agent !== null)
        throw new ApiError('REQUEST_INVALID', 'metrics are of the whole fleet')
      return c.json(await addSource(ctx.registry, callerId(c, 'person'), input), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/telemetry/sources',
      summary: 'Who hands in spans or reads metrics',
      middleware: operator,
      responses: answers(
        'Sources',
        z.object({ sources: z.array(z.object({ id: z.string(), kind, agent: z.string().nullable() })) }),
      ),
    }),
    async (c) => {
      const rows = await ctx.registry.store.query(listSources)
      return c.json({ sources: rows.map(({ id, kind: of, agent }) => ({ id, kind: of, agent })) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/telemetry/sources/{id}/remove',
      summary: 'Its token is good for nothing any more',
      middleware: operator,
      request: { params: idParam, body: { ...body(z.strictObject({})), required: false } },
      responses: answers('Removed', ok),
    }),
    async (c) => {
      await removeSource(ctx.registry, callerId(c, 'person'), c.req.valid('param').id)
      return c.json({ ok: true as const }, 200)
    },
  )
}
