/** A call, as a vector of grants describes it. @module */

/** What a call is, as far as a grant can ask. */
export interface VectorCall {
  readonly server: string
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  /** Null when the tool's registration names none. */
  readonly resources: readonly string[] | null
  /** In place of `resources`: the JSON Pointers that the registration names. */
  readonly pointers?: readonly string[]
  /** Null when the tool has none. */
  readonly label: { readonly level: string; readonly categories: readonly string[] } | null
  /** By measure, as the tool's registration weighs the call. */
  readonly amounts: Readonly<Record<string, { readonly unit: string; readonly amount: number }>>
  /** In place of `amounts`: what the registration reads from the arguments. */
  readonly measures?: Readonly<
    Record<
      string,
      { readonly path: string; readonly of: 'number' | 'bytes' | 'items'; readonly unit: string }
    >
  >
}
