/** Both sides make the same arguments of the same request. spec/sdk.md (SDK-10, SDK-12). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import { argumentsOf, parseBody, parseTool, requestFor, routeIn } from './arguments.ts'

/** What the door makes of what the client sends. */
function roundTrip(tool: string, args: JsonObject): JsonObject | null {
  const call = parseTool(tool)
  const { path, body } = requestFor(call, args)
  const [pathname = '', query = ''] = path.split('?')
  const found = routeIn([call], call.method, pathname)
  if (found === null) return null
  const { params } = found
  const parsed = body === null ? undefined : parseBody(body)
  return argumentsOf({ params, query: new URLSearchParams(query), body: parsed })
}

const name = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => text !== 'id')
const segment = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .filter((text) => text.isWellFormed() && text !== '.' && text !== '..')

describe('the arguments of a request', () => {
  test('come back as they went, in path and query', () => {
    const values = fc.dictionary(name, fc.oneof(segment, fc.array(segment, { minLength: 2 })))
    fc.assert(
      fc.property(segment, values, (id, rest) => {
        expect(roundTrip('GET /notes/:id', { ...rest, id })).toEqual({ ...rest, id })
      }),
    )
  })

  test('come back as they went, in path and body', () => {
    const values = fc.dictionary(name, fc.oneof(segment, fc.integer(), fc.boolean(), fc.constant(null)))
    fc.assert(
      fc.property(segment, values, (id, rest) => {
        expect(roundTrip('POST /notes/:id', { ...rest, id })).toEqual({ ...rest, id })
      }),
    )
  })

  test.each(['.', '..', ''])('are not sent where the path would be another: %j', (id) => {
    expect(() => roundTrip('GET /notes/:id', { id })).toThrowWithCode('ARGUMENTS_INVALID')
  })

  test('are none when two have one name', () => {
    const query = new URLSearchParams('id=2')
    expect(argumentsOf({ params: { id: '1' }, query, body: undefined })).toBeNull()
    expect(argumentsOf({ params: {}, query, body: { id: '2' } })).toBeNull()
  })

  test('are the argument `body` for a body that is no object', () => {
    const query = new URLSearchParams()
    expect(argumentsOf({ params: {}, query, body: [1] })).toEqual({ body: [1] })
    expect(argumentsOf({ params: { body: 'x' }, query, body: [1] })).toBeNull()
  })
})

describe('routes', () => {
  const routes = ['GET /notes/new', 'GET /notes/:id', 'GET /files/*'].map(parseTool)

  test('are taken in their order, with parameters decoded', () => {
    expect(routeIn(routes, 'GET', '/notes/new')).toEqual({ route: '/notes/new', params: {} })
    expect(routeIn(routes, 'GET', '/notes/a%2Fb')).toEqual({ route: '/notes/:id', params: { id: 'a/b' } })
    expect(routeIn(routes, 'GET', '/files/a/b')).toEqual({ route: '/files/*', params: { '*': 'a/b' } })
  })

  test.each([
    '/notes/',
    '/notes',
    '/Notes/a',
    '/notes/a/',
    '/notes/%',
    '/notes/a/b',
    `/files${'/x'.repeat(99)}`,
  ])('take no %s', (path) => {
    expect(routeIn(routes, 'GET', path)).toBeNull()
  })

  test('are of one method', () => {
    expect(routeIn(routes, 'POST', '/notes/new')).toBeNull()
    expect(() => parseTool('get notes')).toThrowWithCode('ROUTE_INVALID')
  })
})
