/** What the frames of a step-up name: an agent and a number. spec/isolation.md (ISO-8). @module */

/** Of one agent. The last does not end. */
export const STEP_UPS_MAX = 64

export function stepUpName(agent: string, n: number): string {
  return `${agent}/${n}`
}

/** @returns null: a handle of something else */
export function stepUpOf(handle: string): { readonly agent: string; readonly n: number } | null {
  const at = handle.lastIndexOf('/')
  const n = Number(handle.slice(at + 1))
  return at > 0 && Number.isSafeInteger(n) && n > 0 ? { agent: handle.slice(0, at), n } : null
}
