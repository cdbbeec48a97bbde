/** Whether a request has a body, and one that can be decided on. spec/sdk.md (SDK-10). @module */
import type { Refused } from './door.ts'

type Header = (name: string) => string | undefined

export function hasBody(header: Header): boolean {
  return header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) > 0
}

export function isJson(header: Header): boolean {
  const type = header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  return type === 'application/json' || type.endsWith('+json')
}

/** What is not read cannot be decided on. */
export const NOT_JSON: Refused = {
  decision: 'deny',
  status: 400,
  headers: { 'countersign-decision': 'deny' },
  body: {
    error: { code: 'ARGUMENTS_INVALID', message: 'the body is not JSON that every reader reads alike' },
  },
}
