/** What a screen takes from its address: filters are in the URL, so that a view can be linked to. @module */

/** Those of the names that are there as text. What is something else is undefined: left out, the router would pass it on. */
export function textsIn<N extends string>(
  search: Record<string, unknown>,
  ...names: readonly N[]
): { [K in N]?: string | undefined } {
  const found: { [K in N]?: string | undefined } = {}
  for (const name of names) {
    const value = search[name]
    found[name] = typeof value === 'string' && value !== '' ? value : undefined
  }
  return found
}
