/** What a report says of cosignatures, as plain data that any page can show. spec/pack.md (PCK-11). @module */

/** A cosignature that holds. */
export interface Cosigned {
  /** The checkpoint. */
  readonly file: string
  /** Name of the witness. */
  readonly witness: string
  /** RFC 3339 UTC, as the witness says. */
  readonly at: string
}

/** In words, a line each. */
export function cosignedLines(cosigned: readonly Cosigned[]): string[] {
  return cosigned.map(({ file, witness, at }) => `${file} is cosigned by ${witness}, ${at} by its clock`)
}
