/** Where somebody joins, with the secret in the fragment, which no server is sent. @module */

/** Where passkeys work, which may be another address than the one that this page was opened at. */
export function joinLink({ origins }: { readonly origins: readonly string[] }, secret: string): string {
  const origin = origins.includes(location.origin) ? location.origin : (origins[0] ?? location.origin)
  return `${origin}/console/join#${secret}`
}
