/** What one person did alone, where it takes two: the entry says so itself. spec/alone.md (ALO-1). @module */
import type { AnyEntry } from './entries.ts'

/** Business days within which another reviews it (ALO-3). */
export const LONE_DAYS_MAX = 5

export function isLone({ body }: Pick<AnyEntry, 'body'>): boolean {
  return 'acted_alone' in body && body.acted_alone
}
