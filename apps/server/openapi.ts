/**
 * `/openapi.json`: every resource, as the routes themselves describe it. spec/api.md.
 * @module
 */
import { z } from '@hono/zod-openapi'
import type { App } from './context.ts'

export function describe(app: App): void {
  for (const definition of app.openAPIRegistry.definitions)
    if (definition.type === 'route') {
      const { body, params, query } = definition.route.request ?? {}
      for (const schema of [params, query]) markOptional(schema)
      for (const content of contentsOf(body)) markOptional(content)
      for (const answer of Object.values(definition.route.responses))
        for (const content of contentsOf(answer)) markOptional(content)
    }
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Countersign control plane',
      version: '1',
      description:
        'Requests are signed with DPoP proofs that also cover the body, or come from a browser with a session; a POST with ' +
        'an Idempotency-Key may be repeated: spec/api.md.',
    },
  })
}

/** Operations whose body has to hold a gesture, `METHOD /path`. */
export function gestureOperations(app: App): ReadonlySet<string> {
  const found = app.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== 'route') return []
    const { method, path, request } = definition.route
    const takes = contentsOf(request?.body).some(
      (schema) => schema instanceof z.ZodObject && schema.shape['client_data'] instanceof z.ZodString,
    )
    return takes ? [`${method.toUpperCase()} ${path}`] : []
  })
  return new Set(found)
}

function contentsOf(of: unknown): unknown[] {
  if (typeof of !== 'object' || of === null || !('content' in of)) return []
  return Object.values(of.content as Record<string, { schema?: unknown }>).map(({ schema }) => schema)
}

/**
 * The generator asks each member whether it takes `undefined`. One that may be absent but not undefined (`exactOptional`)
 * says no, and would be described as required: it answers the generator otherwise. Parsing does not ask this way.
 */
function markOptional(schema: unknown): void {
  if (schema instanceof z.ZodObject)
    for (const member of Object.values(schema.shape)) {
      if (member instanceof z.ZodExactOptional) {
        const parse = member.safeParse.bind(member)
        member.safeParse = (value, ...rest) =>
          value === undefined ? { success: true, data: undefined } : parse(value, ...rest)
      }
      markOptional(member)
    }
  else if (schema instanceof z.ZodUnion) schema.options.forEach(markOptional)
  else if (schema instanceof z.ZodArray) markOptional(schema.element)
  else if (schema instanceof z.ZodRecord) markOptional(schema.valueType)
  else if (schema instanceof z.ZodIntersection)
    [schema._zod.def.left, schema._zod.def.right].forEach(markOptional)
  else if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly
  )
    markOptional(schema.unwrap())
}
