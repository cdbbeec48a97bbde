/**
 * Express middleware: `app.use(express.json(), protectExpress(served, { origin, routes }))`, or before the handler of one
 * route. spec/sdk.md (SDK-11). Types only: the library is yours.
 * @module
 */
import type { Request, RequestHandler } from 'express'
import type { Served } from '../../served.ts'
import { parseTool, routeIn, type RouteCall, type RouteFound } from './arguments.ts'
import { hasBody } from './body.ts'
import { HttpDoor, type Asked, type DoorOptions } from './door.ts'

export interface ExpressOptions extends DoorOptions {
  /**
   * For `app.use`, where Express does not say yet which route will take the request: every route of the service, in the
   * order in which they are declared, as `GET /notes/:id`. Not needed before the handler of one route.
   */
  readonly routes?: readonly string[]
}

/** @throws {SdkError} `ROUTE_INVALID` */
export function protectExpress(served: Served, options: ExpressOptions): RequestHandler {
  const door = new HttpDoor(served, options)
  const routes = options.routes?.map(parseTool)
  return async (request, response, next) => {
    const answer = await door.ask(askedOf(request, routes))
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
    if (answer.decision === 'deny') {
      response.status(answer.status).json(answer.body)
      return
    }
    response.on('finish', () => answer.end(response.statusCode >= 400 ? 'failed' : 'finished'))
    // The client is gone: how far the handler came is not known.
    response.on('close', () => answer.end('unknown'))
    next()
  }
}

function askedOf(request: Request, routes: readonly RouteCall[] | undefined): Asked {
  const header = (name: string): string | undefined => request.get(name)
  const { pathname, searchParams } = new URL(request.originalUrl, 'http://localhost')
  const found = routes === undefined ? ofItself(request) : routeIn(routes, request.method, pathname)
  return {
    method: request.method,
    path: pathname,
    query: searchParams,
    header,
    // express.json() comes first: a body that nobody has read cannot be decided on.
    body: hasBody(header) ? (request.body as unknown) : undefined,
    ...(found ?? { route: null, params: {} }),
  }
}

function ofItself(request: Request): RouteFound | null {
  const { route, baseUrl, params } = request as Request & { route?: { path: unknown } }
  if (typeof route?.path !== 'string') return null
  const given = Object.entries(params).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return { route: `${baseUrl}${route.path}`, params: Object.fromEntries(given) }
}
