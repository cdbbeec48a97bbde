/** Whether a request has a body, and one that can be decided on. spec/sdk.md (SDK-10). @module */

/** A header by its name in small letters. */
export type Header = (name: string) => string | undefined

export function hasBody(header: Header): boolean {
  return header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) > 0
}

export function isJson(header: Header): boolean {
  const type = header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  return type === 'application/json' || type.endsWith('+json')
}
