/** What a revocation can name of a delegation. spec/revocation.md (REV-2, REV-3). @module */
import type { RootPayload } from './payload.ts'

export interface Handle {
  readonly kind: 'delegation' | 'person' | 'consent' | 'agent' | 'key' | 'issuer'
  readonly handle: string
}

/** Who stands behind a root: its people, and the data subject whose consent it names. */
export function behind({ gestures, consent }: Pick<RootPayload, 'gestures' | 'consent'>): Handle[] {
  const people = gestures.map(({ rev }): Handle => ({ kind: 'person', handle: rev }))
  return consent === undefined ? people : [...people, { kind: 'consent', handle: consent }]
}

/** Of a root or a hop itself. */
export function ownHandles(of: {
  readonly jti: string
  readonly agent: { readonly id: string }
  readonly jkt: string
}): Handle[] {
  return [
    { kind: 'delegation', handle: of.jti },
    { kind: 'agent', handle: of.agent.id },
    { kind: 'key', handle: of.jkt },
  ]
}
