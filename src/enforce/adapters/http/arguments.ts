/**
 * A request of HTTP as a call of a tool: its method and route are the tool's name, and what the route, the query and the
 * body say are the arguments. spec/sdk.md (SDK-9, SDK-10). Both sides make them here, so that they make the same.
 * @module
 */
import { parseJson, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { SdkError } from '../../sdk-errors.ts'

/** Bytes of a body that is read to decide on it. */
export const BODY_BYTES_MAX = 1024 * 1024
const BODY_LIMITS = { bytes_max: BODY_BYTES_MAX, depth_max: 60 }
/** Of one pattern, and of one path. */
const SEGMENTS_MAX = 64

/** `GET /notes/:id`, as grants name it. */
export function toolOf(method: string, route: string): string {
  return `${method.toUpperCase()} ${route}`
}

export interface RouteCall {
  readonly method: string
  readonly route: string
}

/** @throws {SdkError} `ROUTE_INVALID` */
export function parseTool(tool: string): RouteCall {
  const [, method, route] = /^([A-Z]+) (\/\S*)$/.exec(tool) ?? []
  if (method === undefined || route === undefined || route.split('/').length > SEGMENTS_MAX)
    throw new SdkError('ROUTE_INVALID', 'a route is written "METHOD /path/:parameter"')
  return { method, route }
}

export interface Requested {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Parsed JSON; undefined when there is no body, or none that could be read. */
  readonly body: unknown
}

/**
 * One object: parameters of the route, then of the query (a list where a name comes again), then the members of a body
 * that is an object; any other body is the argument `body`.
 * @returns null when two of them have the same name: which one the handler reads is not known
 */
export function argumentsOf({ params, query, body }: Requested): JsonObject | null {
  const found: [string, JsonValue][] = Object.entries(params)
  for (const name of new Set(query.keys())) {
    const [first = '', ...more] = query.getAll(name)
    found.push([name, more.length === 0 ? first : [first, ...more]])
  }
  found.push(...bodyArguments(body))
  const args = Object.fromEntries(found)
  return Object.keys(args).length === found.length ? args : null
}

function bodyArguments(body: unknown): [string, JsonValue][] {
  if (body === undefined) return []
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  return isObject ? Object.entries(body as JsonObject) : [['body', body as JsonValue]]
}

/** @throws {CoreError} when it is no JSON that every reader reads alike */
export function parseBody(text: string | Uint8Array): JsonValue {
  return parseJson(text, BODY_LIMITS)
}

/** @returns the parameters, or null when the path is not of the route. `*` at the end takes the rest, as `*`. */
function matchRoute(route: string, path: string): Record<string, string> | null {
  const wanted = route.split('/')
  const given = path.split('/')
  const rest = wanted.at(-1) === '*'
  if (given.length > SEGMENTS_MAX || (rest ? given.length < wanted.length : given.length !== wanted.length))
    return null
  const params: [string, string][] = []
  for (const [i, segment] of wanted.entries()) {
    const value = decoded(rest && i === wanted.length - 1 ? given.slice(i).join('/') : (given[i] ?? ''))
    if (value === null) return null
    if (rest && i === wanted.length - 1) params.push(['*', value])
    else if (segment.startsWith(':')) {
      if (value === '') return null
      params.push([segment.slice(1), value])
    } else if (segment !== value) return null
  }
  return Object.fromEntries(params)
}

export interface RouteFound {
  readonly route: string
  readonly params: Readonly<Record<string, string>>
}

/** The first that takes the request. */
export function routeIn(routes: readonly RouteCall[], method: string, path: string): RouteFound | null {
  for (const each of routes) {
    const params = each.method === method ? matchRoute(each.route, path) : null
    if (params !== null) return { route: each.route, params }
  }
  return null
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

/** What a client sends: the arguments that the route names in the path, the others as query or body. */
export function requestFor(
  { method, route }: RouteCall,
  args: JsonObject,
): { path: string; body: string | null } {
  const left = new Map(Object.entries(args))
  const path = route
    .split('/')
    .map((segment) => {
      const name = segment === '*' ? segment : segment.startsWith(':') ? segment.slice(1) : null
      if (name === null) return segment
      const value = left.get(name)
      left.delete(name)
      if (typeof value !== 'string' || value === '')
        throw new SdkError('ARGUMENTS_INVALID', `the route needs ${name}, a text`)
      const segments = segment === '*' ? value.split('/') : [value]
      if (segments.some((each) => each === '.' || each === '..'))
        throw new SdkError('ARGUMENTS_INVALID', `${name} goes into the path, where dots alone say another`)
      return segments.map(encodeURIComponent).join('/')
    })
    .join('/')
  if (method !== 'GET' && method !== 'HEAD' && method !== 'DELETE')
    return { path, body: left.size === 0 ? null : JSON.stringify(Object.fromEntries(left)) }
  const query = new URLSearchParams()
  for (const [name, value] of left) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each !== 'string')
        throw new SdkError('ARGUMENTS_INVALID', `${name} goes into the query, where there is text alone`)
      query.append(name, each)
    }
  }
  return { path: query.size === 0 ? path : `${path}?${query.toString()}`, body: null }
}
