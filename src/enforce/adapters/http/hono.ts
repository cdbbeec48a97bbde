/**
 * Hono middleware: `app.use(protectHono(served, { origin }))`. spec/sdk.md (SDK-11). Types only: the library is yours.
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { JsonValue } from '../../../core/json.ts'
import { parseBody } from './arguments.ts'
import { HttpDoor, type Asked, type DoorOptions, type Refused } from './door.ts'
import { hasBody, isJson } from './body.ts'
import type { Served } from '../../served.ts'

/** Decides every request by the route that takes it, in whatever order they were declared. */
export function protectHono(served: Served, options: DoorOptions): MiddlewareHandler {
  const door = new HttpDoor(served, options)
  return async (c, next) => {
    const answer = await door.ask(await askedOf(c))
    if (answer.decision === 'deny') return refuse(c, answer)
    for (const [name, value] of Object.entries(answer.headers)) c.header(name, value)
    try {
      await next()
      answer.end(c.res.status >= 400 ? 'failed' : 'finished')
    } catch (error) {
      answer.end('failed')
      throw error
    }
  }
}

function refuse(c: Context, { status, headers, body }: Refused): Response {
  return c.json(body, status, { ...headers })
}

async function askedOf(c: Context): Promise<Asked> {
  const { req } = c
  const header = (name: string): string | undefined => req.header(name)
  const body = hasBody(header) && isJson(header) ? jsonIn(await req.text()) : undefined
  const url = new URL(req.url)
  return { method: req.method, path: url.pathname, query: url.searchParams, header, body, ...routeOf(c) }
}

/** Hono asks routes in the order of their declaration. What `use` and `all` declare takes no request of one method. */
function routeOf(c: Context): Pick<Asked, 'params' | 'route'> {
  const matched = matchedRoutes(c)
  const index = matched.findIndex(({ method }) => method !== 'ALL')
  const route = matched[index]?.path
  if (route === undefined) return { route: null, params: {} }
  const { routeIndex } = c.req
  c.req.routeIndex = index // Hono's own reading of the path, as the handler gets it
  try {
    return { route, params: c.req.param() }
  } finally {
    c.req.routeIndex = routeIndex
  }
}

function jsonIn(text: string): JsonValue | undefined {
  try {
    return parseBody(text)
  } catch {
    return undefined
  }
}
