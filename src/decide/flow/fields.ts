/**
 * Labels of parts of a result, by the pointers of its tool's label. spec/labels.md (LBL-4). Pure.
 * @module
 */
import { isJsonObject, type JsonValue } from '../../core/json.ts'
import { join, type DataLabel, type ToolLabel } from '../../core/label.ts'

/** A pointer of a label, taken apart, with what stands there. */
export interface Field {
  readonly tokens: readonly string[]
  readonly label: DataLabel
}

/** The whole comes first, as the pointer that every path goes through. */
export function fieldsOf({ result }: ToolLabel): readonly Field[] {
  const { level, integrity, categories, fields = {} } = result
  const whole = { level, integrity, categories }
  const parts = Object.entries(fields).map(([pointer, partial]) => ({
    tokens: tokensOf(pointer),
    label: { ...whole, ...partial },
  }))
  return [{ tokens: [], label: whole }, ...parts.sort((a, b) => a.tokens.length - b.tokens.length)]
}

/** RFC 6901. */
export function tokensOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/**
 * LBL-15. How pointers into a list, or into what frameworks wrap (`{"result": …}`), may be meant where a value is by itself:
 * the first reading is how it stands.
 */
export interface Readings {
  /** The one member of the value is `result`, of which no pointer speaks: pointers lead into it. */
  readonly unwraps: boolean
  /** What may stand in front of a path: the wrapper that is not there, the list that it is an item of. */
  readonly fronts: readonly (readonly string[])[]
}

const WRAPPER = 'result'
const ITEM = '0'

export function readingsOf(pointers: readonly (readonly string[])[], value: JsonValue): Readings {
  const isObject = isJsonObject(value)
  const named = pointers.some(([first]) => first === WRAPPER)
  const has = isObject && Object.hasOwn(value, WRAPPER)
  const fronts: string[][] = []
  const isItem = (token: string | undefined): boolean => token === '*' || (token ?? '') === ITEM
  if (named && !has) {
    fronts.push([WRAPPER])
    if (isObject && pointers.some(([first, next]) => first === WRAPPER && isItem(next)))
      fronts.push([WRAPPER, ITEM])
  }
  if (isObject && pointers.some(([first]) => isItem(first))) fronts.push([ITEM])
  return { unwraps: !named && has && Object.keys(value).length === 1, fronts }
}

/** The paths that a place has by each reading, as it stands first. */
export function pathsOf(
  { unwraps, fronts }: Readings,
  path: readonly string[],
): readonly (readonly string[])[] {
  const own = unwraps && path[0] === WRAPPER ? path.slice(1) : path
  return [own, ...fronts.map((front) => [...front, ...own])]
}

/** The label by how it stands, joined with what further readings find: they only make it stricter. */
export function labelRead(fields: readonly Field[], readings: Readings, path: readonly string[]): DataLabel {
  const [own = path, ...others] = pathsOf(readings, path)
  const whole = labelAt(fields, [])
  return others
    .map((other) => labelAt(fields, other))
    .filter((label) => label !== whole)
    .reduce(join, labelAt(fields, own))
}

/** The longest pointer that the path goes through. @param fields of {@link fieldsOf} */
export function labelAt(fields: readonly Field[], path: readonly string[]): DataLabel {
  let found = fields[0]?.label
  for (const { tokens, label } of fields)
    if (tokens.length <= path.length && isAlong(tokens, path, tokens.length)) found = label
  if (found === undefined) throw new Error('a label without a whole: our bug')
  return found
}

/** Whether some pointer leads further into what stands at the path. */
export function hasBelow(fields: readonly Field[], path: readonly string[]): boolean {
  return fields.some(({ tokens }) => tokens.length > path.length && isAlong(tokens, path, path.length))
}

function isAlong(tokens: readonly string[], path: readonly string[], n: number): boolean {
  for (let i = 0; i < n; i++) if (tokens[i] !== '*' && tokens[i] !== path[i]) return false
  return true
}

/** The join of the whole and every field. */
export function strictestOf(label: ToolLabel): DataLabel {
  return fieldsOf(label)
    .map((field) => field.label)
    .reduce(join)
}
