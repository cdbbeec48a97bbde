/**
 * What the flow rules are asked and what they answer. spec/flow.md. One decision code for production and for replay.
 * @module
 */
import type { DataLabel, Integrity, ToolLabel } from '../../core/label.ts'
import type { JsonObject } from '../../core/json.ts'

/** FLW-4. Where a destination comes from, the most trustworthy first. */
export type Provenance =
  /** The instruction that a human signed, as far as it was disclosed. */
  | 'instruction'
  /** A result, or a field of one, that is labelled trusted. */
  | 'trusted'
  /** A whole field of an untrusted result, and nowhere in the prose of one. */
  | 'field'
  /** The prose of an untrusted result. */
  | 'prose'
  | 'nowhere'

/** Which rule spoke. */
export type FlowRule =
  /** Data above what the tool accepts was read. */
  | 'sink'
  /** A destination that neither the instruction nor anything trusted names. */
  | 'destination'
  /** An effect without a destination, after something untrusted was read. */
  | 'influence'

/** One value that a rule looked at, for people and machines alike (FLW-12). */
export interface Basis {
  readonly rule: FlowRule
  /**
   * JSON Pointer of the argument; null for a rule about the call as a whole. Of what goes beside the arguments (FLW-23), the
   * member that it stands in, with nothing in front: no pointer begins so.
   */
  readonly argument: string | null
  readonly provenance: Provenance | null
  /** The call whose result it came from. */
  readonly source: {
    readonly action: string
    readonly server: string
    readonly tool: string
    readonly path: string
  } | null
  /** Whether it speaks against the call, and what took the objection back: an approval or a named policy. */
  readonly verdict: 'passes' | 'objects' | { readonly endorsed_by: string }
}

/** Whether a basis is about what went beside the arguments: nobody is shown that, so nobody can endorse it (FLW-23). */
export function isBeside({ argument }: Basis): boolean {
  return argument !== null && argument !== '' && !argument.startsWith('/')
}

/** Where a value stands in what was read: the worst of all places (FLW-4). */
export interface Found {
  readonly provenance: 'trusted' | 'field' | 'prose'
  readonly source: Basis['source']
  /** Whether a trusted result holds it as well. */
  readonly trusted: boolean
  /** Whether it is a whole field of an untrusted result as well. */
  readonly field: boolean
  /** Whether the agent said it before an untrusted result held it (FLW-3). */
  readonly composed: boolean
}

/** What was read in a memory domain, as the rules see it (FLW-2). */
export interface MemoryView {
  /** The join of everything that was read. */
  readonly taint: DataLabel
  /** @returns null: it stands nowhere */
  find(value: string): Found | null
}

/** A recipient, account or address that needs no endorsement, by a policy that two people agreed on (FLW-9). */
export interface NamedPolicy {
  readonly name: string
  readonly server: string
  readonly tool: string
  readonly argument: string
  /** Globs, as in constraints of grants (GRT-3). */
  readonly values: readonly string[]
}

export interface FlowInput {
  readonly server: string
  readonly tool: string
  readonly args: JsonObject
  /** What goes to the tool beside them (FLW-23). */
  readonly beside?: JsonObject
  /** Null: nobody labelled it. */
  readonly label: ToolLabel | null
  readonly memory: MemoryView
  /** The instruction of the root; null when it was not disclosed. */
  readonly instruction: string | null
  readonly policies: readonly NamedPolicy[]
}

export interface FlowVerdict {
  /** Empty: nothing speaks against the call. */
  readonly reasons: readonly ('FLOW_SINK' | 'FLOW_DESTINATION' | 'FLOW_INFLUENCE')[]
  readonly basis: readonly Basis[]
}

/** One result that an agent gets to see. */
export interface ReadResult {
  readonly action: string
  readonly server: string
  readonly tool: string
  /** Of the tool; null: nobody labelled it. */
  readonly label: ToolLabel | null
  /** Of the call: what its answer only repeats is not trusted by it (FLW-3). */
  readonly args?: JsonObject
  /** Text parts as they are, structured content as JSON. */
  readonly content: readonly (string | JsonObject)[]
  /** Raised by what detectors found (LBL-9). */
  readonly raised?: DataLabel
  /** `untrusted` for what the tool's label does not vouch for, such as an error. */
  readonly integrity?: Integrity
}
