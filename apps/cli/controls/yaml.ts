/** YAML that a company writes, read strictly: no aliases, no key twice. spec/controls.md (CTL-1). @module */
import { LineCounter, parseDocument } from 'yaml'
import { PackError, type PackErrorCode } from '../../../src/evidence/errors.ts'

/** An alias may stand for much: a file of a person's needs none. */
const ALIASES_MAX = 0
/** Places that a fault names. */
const PLACES_MAX = 8

/** @param name to tell the reader @throws {PackError} `code`: with the line */
export function parseYaml(text: string, name: string, code: PackErrorCode): unknown {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined)
    throw new PackError(code, `${name}:${lines.linePos(error.pos[0]).line}: ${error.message}`)
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (cause) {
    throw new PackError(code, `${name}: aliases are not read`, { cause })
  }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** What of a file does not fit, and where, on one line. */
export function misfits({ issues }: { readonly issues: readonly Issue[] }): string {
  return issues
    .slice(0, PLACES_MAX)
    .map(({ path, message }) => `${path.map(String).join('.') || 'the whole'}: ${message}`)
    .join('; ')
}
