/** The headers of our tokens: a type each, and no members but its own. spec/delegation.md (DLG-1). @module */
import type { ParsedJws } from '../core/sign.ts'

/** Whether the header has this type, and besides `alg` and `typ` no member but these. */
export function hasHeader(jws: ParsedJws, typ: string, members: readonly ('kid' | 'jwk')[] = []): boolean {
  return jws.header.typ === typ && hasOnly(jws, members)
}

/** Whether the header has no member but `alg`, `typ` and these: one that is ignored could be a restriction (C-8). */
export function hasOnly(jws: ParsedJws, members: readonly ('kid' | 'jwk')[]): boolean {
  for (const name of Object.keys(jws.header))
    if (name !== 'alg' && name !== 'typ' && !(members as readonly string[]).includes(name)) return false
  return true
}
