/** Mutants that no history can tell from the original, each with why. @module */

/** By `file: change`. */
export const SAME: Readonly<Record<string, string>> = {}
