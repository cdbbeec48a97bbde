/** Where a browser goes after it signed in: into the console, and nowhere else. spec/identity.md (IDN-2). @module */
import { ApiError } from '../errors.ts'

export const CONSOLE_PATH = '/console'
const PATH_CHARS_MAX = 1_024
/** Nothing is as no browser reads it: they take a backslash for a slash and drop tabs and line ends. */
const PLAIN = /^\/[\x21-\x5b\x5d-\x7e]*$/

/**
 * @param asked a path with its query and fragment; undefined: the console
 * @returns the path as a browser would read it
 * @throws {ApiError} `REQUEST_INVALID`
 */
export function returnPath(asked: string | undefined): string {
  if (asked === undefined) return `${CONSOLE_PATH}/`
  const base = 'http://own.invalid'
  const url = PLAIN.test(asked) && asked.length <= PATH_CHARS_MAX ? URL.parse(asked, base) : null
  const isOwn =
    url !== null &&
    url.origin === base &&
    (url.pathname === CONSOLE_PATH || url.pathname.startsWith(`${CONSOLE_PATH}/`)) &&
    !/%(2f|5c|2e)/i.test(url.pathname)
  if (!isOwn) throw new ApiError('REQUEST_INVALID', 'return is a path of the console')
  return url.pathname + url.search + url.hash
}
