/**
 * One service of notes in three frameworks, each with the one line that guards it. TEST FIXTURE.
 * @module
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { protectExpress } from 'countersign/express'
import { protectFastify } from 'countersign/fastify'
import { protectHono } from 'countersign/hono'
import type { Served } from '../../src/enforce/served.ts'

/** As clients call the service; a test sends it to loopback. */
export const ORIGIN = 'https://notes.example'

export interface Service {
  /** Where it listens. */
  readonly url: string
  /** What handlers were given, in order. */
  readonly handled: unknown[]
  close(): Promise<void>
}

type Listener = Parameters<typeof createServer>[1]
type Serve = (served: Served, handled: unknown[]) => Promise<Listener>

const serveHono: Serve = async (served, handled) => {
  const app = new Hono()
  app.use(protectHono(served, { origin: ORIGIN }))
  app.get('/notes/:id', (c) => {
    handled.push({ id: c.req.param('id'), tag: c.req.query('tag') })
    return c.json({ text: 'hello' })
  })
  app.post('/notes/:id', async (c) => {
    handled.push({ id: c.req.param('id'), ...(await c.req.json<object>()) })
    return c.json({ saved: true }, 201)
  })
  app.get('/broken', (c) => c.text('no', 500))
  app.get('/secret', (c) => c.text('never'))
  const listener = getRequestListener(app.fetch)
  return (request, response) => void listener(request, response)
}

const serveExpress: Serve = async (served, handled) => {
  const app = express()
  const routes = ['GET /notes/:id', 'POST /notes/:id', 'GET /broken', 'GET /secret']
  app.use(express.json(), protectExpress(served, { origin: ORIGIN, routes }))
  app.get('/notes/:id', (request, response) => {
    handled.push({ id: request.params.id, tag: request.query.tag })
    response.json({ text: 'hello' })
  })
  app.post('/notes/:id', (request, response) => {
    handled.push({ id: request.params.id, ...(request.body as object) })
    response.status(201).json({ saved: true })
  })
  app.get('/broken', (_, response) => void response.status(500).send('no'))
  app.get('/secret', (_, response) => void response.send('never'))
  return app as Listener
}

const serveExpressRoutes: Serve = async (served, handled) => {
  const app = express()
  const guard = protectExpress(served, { origin: ORIGIN })
  app.use(express.json())
  app.get('/notes/:id', guard, (request, response) => {
    handled.push({ id: request.params.id, tag: request.query.tag })
    response.json({ text: 'hello' })
  })
  app.post('/notes/:id', guard, (request, response) => {
    handled.push({ id: request.params.id, ...(request.body as object) })
    response.status(201).json({ saved: true })
  })
  app.get('/broken', guard, (_, response) => void response.status(500).send('no'))
  app.get('/secret', guard, (_, response) => void response.send('never'))
  app.use(guard)
  return app as Listener
}

const serveFastify: Serve = async (served, handled) => {
  const app = fastify()
  protectFastify(app, served, { origin: ORIGIN })
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Fastify awaits it
  app.get<{ Params: { id: string }; Querystring: { tag?: string } }>('/notes/:id', async (request) => {
    handled.push({ id: request.params.id, tag: request.query.tag })
    return { text: 'hello' }
  })
  app.post<{ Params: { id: string }; Body: object }>('/notes/:id', async (request, reply) => {
    handled.push({ id: request.params.id, ...(request.body as object) })
    return reply.code(201).send({ saved: true })
  })
  app.get('/broken', (_, reply) => reply.code(500).send('no'))
  app.get('/secret', () => 'never')
  await app.ready()
  return (request, response) => app.routing(request, response)
}

const FRAMEWORKS = {
  Hono: serveHono,
  Express: serveExpress,
  'Express, route by route': serveExpressRoutes,
  Fastify: serveFastify,
} satisfies Record<string, Serve>

export type Framework = keyof typeof FRAMEWORKS
export const NAMES = Object.keys(FRAMEWORKS) as Framework[]

export async function startService(framework: Framework, served: Served): Promise<Service> {
  const handled: unknown[] = []
  const server = createServer(await FRAMEWORKS[framework](served, handled))
  const url = await listening(server)
  return { url, handled, close: () => stopped(server) }
}

export async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function stopped(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
