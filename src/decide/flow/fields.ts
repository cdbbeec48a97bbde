/**
 * Labels of parts of a result, by the pointers of its tool's label. spec/labels.md (LBL-4). Pure.
 * @module
 */
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
