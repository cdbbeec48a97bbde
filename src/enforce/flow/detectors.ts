/**
 * A second net: secrets and personal data in results, whatever their tool's label says. spec/labels.md (LBL-9).
 * Invariant: what is found only ever raises a label, and a detector that fails raises it to the top.
 * @module
 */
import { BOTTOM, join, TOP, type DataLabel } from '../../core/label.ts'
import { PATTERNS, type DetectorName, type Pattern } from './patterns.ts'

export interface Detectors {
  /** What the text is at least; {@link BOTTOM} when nothing was found. Never throws. */
  look(text: string): DataLabel
}

/** @param only names of detectors; all of them by default. @param patterns for tests */
export function detectors(
  only?: readonly DetectorName[],
  patterns: readonly Pattern[] = PATTERNS,
): Detectors {
  const active = only === undefined ? patterns : patterns.filter(({ detector }) => only.includes(detector))
  return {
    look: (text) => {
      try {
        let found = BOTTOM
        for (const pattern of active) if (isIn(pattern, text)) found = join(found, raisedBy(pattern))
        return found
      } catch {
        return TOP
      }
    },
  }
}

/** Looks at nothing. */
export const BLIND: Detectors = { look: () => BOTTOM }

/** Names of the patterns that hold somewhere in the text: for measuring them. */
export function namesFound(text: string): string[] {
  return PATTERNS.filter((pattern) => isIn(pattern, text)).map(({ name }) => name)
}

function isIn({ hint, find, holds }: Pattern, text: string): boolean {
  if (!hint.test(text)) return false
  for (const [found] of text.matchAll(find)) if (holds === undefined || holds(found)) return true
  return false
}

function raisedBy({ level, category }: Pattern): DataLabel {
  return { level, integrity: 'trusted', categories: [category] }
}
