/** What drift sees of a decision, and of a session of them. spec/drift.md (DRF-1 to DRF-6). @module */
import type { Effect, Level } from '../../core/label.ts'

export type Decided = 'allow' | 'deny' | 'step_up'

/** One value that a flow rule looked at (RCP-11), without the value. */
export interface Evidence {
  /** With `*` in place of each index of a list; null for a rule about the call as a whole. */
  readonly argument: string | null
  readonly provenance: 'instruction' | 'trusted' | 'field' | 'prose' | 'nowhere' | null
  readonly rule: 'sink' | 'destination' | 'influence'
  readonly objects: boolean
  /** `server/tool` of the result that it came from. */
  readonly source: string | null
}

/** One decision receipt, with the label that was in force. */
export interface Action {
  /** Of the receipt, milliseconds since 1970. */
  readonly time_ms: number
  /** Index of its entry. */
  readonly entry: number
  /** `server/tool` */
  readonly tool: string
  /** Null: nobody labelled it. */
  readonly effect: Effect | null
  readonly level: Level | null
  readonly decision: Decided
  /** By `measure/unit`: what it took of limits, the largest of those that count the same. */
  readonly amounts: Readonly<Record<string, number>>
  readonly evidence: readonly Evidence[]
}

/** What tells decisions apart for transitions (DRF-6). */
export function symbolOf({ tool, effect, level, decision }: Action): string {
  return `${tool} ${effect ?? '?'} ${level ?? '?'} ${decision}`
}

/** The part of a symbol that tools share: kinds of action of which every agent has seen some. */
export function kindOf({ effect, decision }: Action): string {
  return `${effect ?? '?'} ${decision}`
}

/** What is shared of evidence, whatever tool it is about. */
export function evidenceKind({ provenance, rule, objects }: Evidence): string {
  return `${provenance ?? 'whole'} ${rule} ${objects ? 'objects' : 'passes'}`
}

export function evidenceName(tool: string, one: Evidence): string {
  return `${tool} ${one.argument ?? ''} ${evidenceKind(one)} ${one.source ?? ''}`
}
