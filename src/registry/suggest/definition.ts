/**
 * Tool definitions as they are listed: MCP's, and the shapes that model APIs take. Whatever does not fit is passed over:
 * a definition is written by whoever wrote the server, and says less the less of it is read.
 * @module
 */
import { z } from 'zod'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/** Parameters of one tool, with those inside others. */
const PARAMETERS_MAX = 256
/** Objects within objects. */
const DEPTH_MAX = 4
/** Characters of a parameter's name that are read: what it is called, not where it stands. */
const NAME_LENGTH_MAX = 128
/** Characters of a description that are read. */
const TEXT_MAX = 4096

const annotationsSchema = z.looseObject({
  title: z.string().optional().catch(undefined),
  readOnlyHint: z.boolean().optional().catch(undefined),
  destructiveHint: z.boolean().optional().catch(undefined),
  idempotentHint: z.boolean().optional().catch(undefined),
  openWorldHint: z.boolean().optional().catch(undefined),
})
export type Annotations = z.infer<typeof annotationsSchema>

/** One place in arguments or in a result. */
export interface Place {
  /** JSON Pointer; `*` for every item of a list. */
  readonly pointer: string
  readonly name: string
  readonly required: boolean
  readonly schema: JsonObject
}

export interface Definition {
  readonly name: string
  readonly description: string
  readonly parameters: readonly Place[]
  readonly output: readonly Place[]
  readonly annotations: Annotations
}

/** @returns null: it has no name */
export function readDefinition(listed: JsonObject): Definition | null {
  const tool = isJsonObject(listed.function) ? listed.function : listed
  if (typeof tool.name !== 'string' || tool.name === '') return null
  const input = tool.inputSchema ?? tool.input_schema ?? tool.parameters
  const annotations = annotationsSchema.safeParse(tool.annotations)
  return {
    name: tool.name,
    description: textOf(tool.description),
    parameters: isJsonObject(input) ? placesOf(input) : [],
    output: isJsonObject(tool.outputSchema) ? placesOf(tool.outputSchema) : [],
    annotations: annotations.data ?? {},
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX) : ''
}

/** Every member that has a name, those in objects and lists of objects too. */
function placesOf(schema: JsonObject): Place[] {
  const places: Place[] = []
  const into = (at: JsonObject, pointer: string, depth: number): void => {
    const properties = isJsonObject(at.properties) ? at.properties : {}
    const required = Array.isArray(at.required) ? at.required : []
    for (const [name, value] of Object.entries(properties)) {
      if (places.length >= PARAMETERS_MAX) return
      if (!isJsonObject(value)) continue
      const below = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      const inner = innerOf(value, schema)
      if (inner === null || depth >= DEPTH_MAX)
        places.push({
          pointer: below,
          name: name.slice(0, NAME_LENGTH_MAX),
          required: required.includes(name),
          schema: value,
        })
      else into(inner.schema, `${below}${inner.tokens}`, depth + 1)
    }
  }
  const root = innerOf(schema, schema)
  if (root !== null) into(root.schema, root.tokens, 0)
  return places
}

/** The object with members that a value is, or has in its lists; null for a plain value. */
function innerOf(value: JsonObject, root: JsonObject): { schema: JsonObject; tokens: string } | null {
  let [at, tokens] = [value, '']
  for (let step = 0; step < 2 * DEPTH_MAX; step++) {
    if (isJsonObject(at.properties)) return { schema: at, tokens }
    const next = referred(at, root) ?? chosen(at)
    if (next !== null) at = next
    else if (isJsonObject(at.items)) [at, tokens] = [at.items, `${tokens}/*`]
    else return null
  }
  return null
}

/** `#/$defs/Name`, as generators of schemas write it. */
function referred(schema: JsonObject, root: JsonObject): JsonObject | null {
  const [, group = '', name = ''] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(textOf(schema.$ref)) ?? []
  const defs = root[group]
  const found = isJsonObject(defs) ? defs[name] : undefined
  return isJsonObject(found) ? found : null
}

/** Of a choice the first that has members: an optional object is one with null. */
function chosen(schema: JsonObject): JsonObject | null {
  for (const list of [schema.anyOf, schema.oneOf, schema.allOf]) {
    if (!Array.isArray(list)) continue
    const found = list.filter(isJsonObject).find((each) => each.properties ?? each.items ?? each.$ref)
    if (found !== undefined) return found
  }
  return null
}

/** Its types, also those of a choice. */
export function typesOf(schema: JsonObject): string[] {
  const own = Array.isArray(schema.type) ? schema.type : [schema.type]
  const choices = [schema.anyOf, schema.oneOf].flatMap((list) =>
    Array.isArray(list) ? list.filter(isJsonObject).flatMap(typesOf) : [],
  )
  return [...own.filter((type) => typeof type === 'string'), ...choices]
}

/** Whether the server says which values there are: nobody else names one. */
export function isClosed(schema: JsonObject): boolean {
  return Array.isArray(schema.enum) || schema.const !== undefined
}
