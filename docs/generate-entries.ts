/**
 * Writes spec/schemas/entries/*.json and the table of spec/entries.md from the schemas that the log parses with:
 * `npm run docs`.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { envelope, type EntryType } from '../src/log/entries.ts'
import { bodies } from '../src/log/entry-bodies.ts'
import { MEANINGS } from './entry-meanings.ts'

export const ENTRIES_PAGE = join(import.meta.dirname, '../spec/entries.md')
const [BEGIN, END] = ['<!-- types: generated -->', '<!-- end of types -->']
const TYPES = (Object.keys(bodies) as EntryType[]).sort()

/** By name under spec/schemas. */
export function entrySchemas(): Map<string, object> {
  return new Map(TYPES.map((type) => [`entries/${type}.json`, schemaOf(type)]))
}

/** The page as it is, with the table as it should be. */
export function entriesPage(page: string): string {
  const [before, after] = [page.split(BEGIN)[0] ?? '', page.split(END)[1] ?? '']
  const rows = TYPES.map((type) => [
    `\`${type}\``,
    MEANINGS[type],
    bodyOf(type),
    `[1](schemas/entries/${type}.json)`,
  ])
  return `${before}${BEGIN}\n\n${table([['type', 'it says', 'body', 'v'], ...rows])}\n\n${END}${after}`
}

function schemaOf(type: EntryType): object {
  const schema = envelope.extend({ type: z.literal(type), body: bodies[type] })
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return { $schema, $id: `urn:countersign:schema:entry:${type}:1`, title: `Entry ${type}`, ...rest }
}

interface Shape {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Shape[]
  readonly oneOf?: readonly Shape[]
}

function bodyOf(type: EntryType): string {
  const shape = z.toJSONSchema(bodies[type], { io: 'input' }) as Shape
  return [shape, ...(shape.anyOf ?? shape.oneOf ?? [])]
    .filter(({ properties }) => properties !== undefined)
    .map(({ properties = {}, required = [] }) => {
      const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`))
      return `\`{${names.join(', ')}}\``
    })
    .join(' or ')
}

/** As prettier lays it out. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2, 3].map((at) => Math.max(3, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0, fill)).join(' | ')} |`
  const [head = [], ...rest] = rows
  return [line(head), line(['', '', '', ''], '-'), ...rest.map((row) => line(row))].join('\n')
}

if (import.meta.main) writeFileSync(ENTRIES_PAGE, entriesPage(readFileSync(ENTRIES_PAGE, 'utf8')))
