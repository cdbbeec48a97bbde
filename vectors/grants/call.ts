/** A call, as a vector of grants describes it. @module */

/** What a call is, as far as a grant can ask. */
export interface VectorCall {
  readonly server: string
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  /** Null when the tool's registration names none. */
  readonly resources: readonly string[] | null
  /** Null when the tool has none. */
  readonly label: { readonly level: string; readonly categories: readonly string[] } | null
  /** By measure, as the tool's registration weighs the call. */
  readonly amounts: Readonly<Record<string, { readonly unit: string; readonly amount: number }>>
}
