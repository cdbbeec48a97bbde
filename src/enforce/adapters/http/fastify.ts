/**
 * Fastify hooks: `protectFastify(app, served, { origin })`. spec/sdk.md (SDK-11). Types only: the library is yours.
 * @module
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Begun } from '../../guard.ts'
import type { Served } from '../../served.ts'
import { hasBody } from './body.ts'
import { HttpDoor, type Asked, type DoorOptions } from './door.ts'

/** Decides every request of `app` by its route, as the client sent it: before a schema coerces or fills in. */
export function protectFastify(app: FastifyInstance, served: Served, options: DoorOptions): void {
  const door = new HttpDoor(served, options)
  const underWay = new WeakMap<FastifyRequest, Begun>()
  app.addHook('preValidation', async (request, reply) => {
    const answer = await door.ask(askedOf(request))
    reply.headers({ ...answer.headers })
    if (answer.decision === 'deny') return reply.code(answer.status).send(answer.body)
    underWay.set(request, answer)
    return undefined
  })
  app.addHook('onResponse', async (request, reply) => {
    underWay.get(request)?.end(reply.statusCode >= 400 ? 'failed' : 'finished')
  })
  app.addHook('onRequestAbort', async (request) => {
    underWay.get(request)?.end('unknown') // how far the handler came is not known
  })
}

function askedOf(request: FastifyRequest): Asked {
  const { searchParams, pathname } = new URL(request.originalUrl, 'http://localhost')
  const header = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  return {
    method: request.method,
    route: request.is404 ? null : (request.routeOptions.url ?? null),
    path: pathname,
    params: request.params as Record<string, string>,
    query: searchParams,
    header,
    body: hasBody(header) ? request.body : undefined,
  }
}
