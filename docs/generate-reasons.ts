/**
 * Writes docs/reasons.md from src/decide/reasons.ts: `npm run docs`. test/house/reasons.test.ts fails when the page
 * lags behind.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { REASONS } from '../src/decide/reasons.ts'

export const PAGE = new URL('reasons.md', import.meta.url)

/** The page as it should be, laid out as every page here. */
export async function reasonsPage(): Promise<string> {
  const rows = Object.entries(REASONS).map(([code, [what, todo]]) => `| \`${code}\` | ${what} | ${todo} |`)
  const text = [
    '# Reason codes',
    '',
    'Why a call is denied, and what to do. The list is closed: an enforcement point gives no other code. This page is',
    'written by `npm run docs` from `src/decide/reasons.ts`; [the specification](../spec/enforcement.md) says when',
    'each applies.',
    '',
    'A denial is recorded before it is answered. Over MCP it arrives as a tool error whose text starts with the code.',
    '',
    '| code | what happened | what to do |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
  return format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' })
}

if (import.meta.main) writeFileSync(PAGE, await reasonsPage())
