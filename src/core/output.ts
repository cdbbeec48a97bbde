/**
 * Outputs that leave: in which forms they are digested, in which roles a human stands behind one, and what an
 * organisation asks for each kind. spec/attestation.md (ATT-3, ATT-9, ATT-18).
 * @module
 */

/** Highest first. */
export const ROLES = ['authored', 'supervised', 'directed'] as const
export type Role = (typeof ROLES)[number]

export const FORMS = ['file', 'stream', 'text', 'json', 'git', 'mail'] as const
export type Form = (typeof FORMS)[number]

/** Whether `role` is at least `minimum`. */
export function isAtLeast(role: Role, minimum: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(minimum)
}
